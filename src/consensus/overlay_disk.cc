#include "consensus/overlay_disk.h"

#include <algorithm>
#include <cstring>

namespace mydis {

// A file: what is below, and blocks that were written since.
class OverlayDisk::Contents {
 public:
  explicit Contents(std::unique_ptr<DiskFile> below, uint64_t size)
      : below_(std::move(below)), size_(size) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) {
    MutexLock lock(mutex_);
    if (offset >= size_) return size_t{0};
    out = out.first(static_cast<size_t>(std::min<uint64_t>(out.size(), size_ - offset)));
    for (size_t done = 0; done < out.size();) {
      const uint64_t at = offset + done;
      const size_t inside = at % kDiskBlock;
      const std::span<char> piece =
          out.subspan(done, std::min(out.size() - done, kDiskBlock - inside));
      if (const auto found = blocks_.find(at / kDiskBlock); found != blocks_.end()) {
        std::memcpy(piece.data(), found->second.data() + inside, piece.size());
      } else if (Status status = ReadBelow(at, piece); !status.ok()) {
        return Fail(status);
      }
      done += piece.size();
    }
    return out.size();
  }

  Status Write(uint64_t offset, std::string_view bytes) {
    MutexLock lock(mutex_);
    size_ = std::max(size_, offset + bytes.size());
    while (!bytes.empty()) {
      const size_t inside = offset % kDiskBlock;
      const size_t size = std::min<size_t>(bytes.size(), kDiskBlock - inside);
      auto [block, fresh] = blocks_.try_emplace(offset / kDiskBlock);
      if (fresh) {
        block->second.assign(kDiskBlock, '\0');
        if (Status status = ReadBelow(offset - inside, block->second); !status.ok()) return status;
      }
      std::memcpy(block->second.data() + inside, bytes.data(), size);
      bytes.remove_prefix(size);
      offset += size;
    }
    return Status::Ok();
  }

  void Grow(uint64_t size) {
    MutexLock lock(mutex_);
    size_ = std::max(size_, size);
  }

  uint64_t size() {
    MutexLock lock(mutex_);
    return size_;
  }

 private:
  // Zeros where there is nothing.
  Status ReadBelow(uint64_t offset, std::span<char> out) {
    size_t read = 0;
    if (below_ != nullptr) {
      const auto n = below_->ReadAt(offset, out);
      if (!n) return n.error();
      read = *n;
    }
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(read), out.end(), '\0');
    return Status::Ok();
  }

  const std::unique_ptr<DiskFile> below_;  // Null: the file was made here.
  Mutex mutex_;
  uint64_t size_ MYDIS_GUARDED_BY(mutex_);
  std::map<uint64_t, std::string> blocks_ MYDIS_GUARDED_BY(mutex_);
};

class OverlayDisk::File final : public DiskFile {
 public:
  explicit File(std::shared_ptr<Contents> contents) : contents_(std::move(contents)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    return contents_->ReadAt(offset, out);
  }
  Status WriteAt(uint64_t offset, std::span<const std::string_view> pieces, Durability) override {
    for (const std::string_view piece : pieces) {
      if (Status status = contents_->Write(offset, piece); !status.ok()) return status;
      offset += piece.size();
    }
    return Status::Ok();
  }
  Status Sync() override { return Status::Ok(); }
  Status Allocate(uint64_t size) override {
    contents_->Grow(size);
    return Status::Ok();
  }
  Result<uint64_t> Size() override { return contents_->size(); }

 private:
  const std::shared_ptr<Contents> contents_;
};

Result<std::shared_ptr<OverlayDisk::Contents>> OverlayDisk::Find(const std::string& path) {
  if (const auto found = names_.find(path); found != names_.end()) return found->second;
  auto file = below_.Open(path, OpenMode::kRead);
  if (!file && file.error().code() == ErrorCode::kNotFound) return std::shared_ptr<Contents>();
  if (!file) return Fail(file.error());
  const auto size = (*file)->Size();
  if (!size) return Fail(size.error());
  return names_[path] = std::make_shared<Contents>(*std::move(file), *size);
}

Result<std::unique_ptr<DiskFile>> OverlayDisk::Open(const std::string& path, OpenMode mode) {
  MutexLock lock(mutex_);
  auto found = Find(path);
  if (!found) return Fail(found.error());
  const bool there = *found != nullptr;
  if (there && mode == OpenMode::kCreate) return Fail(ErrorCode::kExists, path + " is there");
  if (!there && (mode == OpenMode::kRead || mode == OpenMode::kWrite))
    return Fail(ErrorCode::kNotFound, path + " is not there");
  if (!there || mode == OpenMode::kReplace)
    found = names_[path] = std::make_shared<Contents>(nullptr, 0);
  return std::make_unique<File>(*found);
}

Status OverlayDisk::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  auto found = Find(from);
  if (!found) return found.error();
  if (*found == nullptr) return {ErrorCode::kNotFound, from + " is not there"};
  names_[to] = *found;
  names_[from] = nullptr;
  return Status::Ok();
}

Status OverlayDisk::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = Find(path);
  if (!found) return found.error();
  if (*found == nullptr) return {ErrorCode::kNotFound, path + " is not there"};
  names_[path] = nullptr;
  return Status::Ok();
}

Result<std::vector<std::string>> OverlayDisk::List(const std::string& directory) {
  auto names = below_.List(directory);
  if (!names && names.error().code() != ErrorCode::kNotFound) return names;
  if (!names) names = std::vector<std::string>();
  MutexLock lock(mutex_);
  const std::string prefix = directory + "/";
  for (const auto& [path, contents] : names_) {
    if (!path.starts_with(prefix) || path.find('/', prefix.size()) != std::string::npos) continue;
    const std::string name = path.substr(prefix.size());
    std::erase(*names, name);
    if (contents != nullptr) names->push_back(name);
  }
  std::ranges::sort(*names);
  return names;
}

}  // namespace mydis
