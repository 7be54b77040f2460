#include "consensus/sim_disk.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace mydis {
namespace {

// What a disk writes whole or not at all.
constexpr uint64_t kSector = 512;

std::string Parent(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

Status NotFound(const std::string& path) {
  return Status(ErrorCode::kNotFound, fmt::format("{}: No such file or directory", path));
}

void WriteInto(std::string& content, uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

}  // namespace

struct SimDisk::Inode {
  std::string current;
  std::string durable;
  // For each sector written since it was last durable: what each of those writes left in it.
  std::map<uint64_t, std::vector<std::string>> versions;

  std::string_view SectorOf(uint64_t sector) const {
    const uint64_t from = std::min<uint64_t>(sector * kSector, current.size());
    return std::string_view(current).substr(from, kSector);
  }
  // After a write of [offset, offset + length): the sectors it touched are durable now, or not yet.
  void Remember(uint64_t offset, uint64_t length, bool durably) {
    if (length == 0) return;
    const uint64_t first = offset / kSector, last = (offset + length - 1) / kSector;
    if (durably) {
      const std::string_view written(current);
      WriteInto(durable, first * kSector,
                written.substr(first * kSector, (last - first + 1) * kSector));
      versions.erase(versions.lower_bound(first), versions.upper_bound(last));
      return;
    }
    for (uint64_t s = first; s <= last; ++s) versions[s].emplace_back(SectorOf(s));
  }
  void Sync() {
    durable.resize(current.size());
    for (const auto& [sector, left] : versions)
      WriteInto(durable, sector * kSector, SectorOf(sector));
    versions.clear();
  }
  // Whatever has been done to the current content is on the disk.
  void SetDurable() {
    durable = current;
    versions.clear();
  }
  void Crash(Random& random) {
    // Which of them survive is often the same for all: a crash long after, or just before, the
    // flush.
    const uint64_t mode = random.Below(4);
    for (const auto& [sector, left] : versions) {
      const uint64_t pick = mode == 0 ? 0 : mode == 1 ? left.size() : random.Below(left.size() + 1);
      if (pick > 0) WriteInto(durable, sector * kSector, left[pick - 1]);
    }
    current = durable;
    versions.clear();
  }
};

// `to` empty: a removal. `from` empty: a creation.
struct SimDisk::NameChange {
  std::string from;
  std::string to;
  std::shared_ptr<Inode> inode;

  void ApplyTo(Names& names) const {
    if (!from.empty()) names.erase(from);
    if (!to.empty()) names[to] = inode;
  }
};

class SimFile final : public DiskFile {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<SimDisk::Inode> inode, std::string path)
      : disk_(disk),
        inode_(std::move(inode)),
        path_(std::move(path)),
        generation_(disk.generation_) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    MutexLock lock(disk_.mutex_);
    if (Status s = CheckAlive(); !s.ok()) return Fail(s);
    const std::string& content = inode_->current;
    if (offset >= content.size()) return size_t{0};
    const size_t n = std::min<uint64_t>(out.size(), content.size() - offset);
    std::memcpy(out.data(), content.data() + offset, n);
    return n;
  }

  Status WriteAt(uint64_t offset, std::span<const std::string_view> pieces,
                 Durability durability) override {
    MutexLock lock(disk_.mutex_);
    if (Status s = CheckAlive(); !s.ok()) return s;
    return disk_.WriteLocked(*inode_, path_, offset, pieces, durability);
  }

  Status Sync() override {
    MutexLock lock(disk_.mutex_);
    if (Status s = CheckAlive(); !s.ok()) return s;
    if (Status s = disk_.Begin(DiskOp::kSync, path_); !s.ok()) return s;
    inode_->Sync();
    return Status::Ok();
  }

  Status Allocate(uint64_t size) override {
    MutexLock lock(disk_.mutex_);
    if (Status s = CheckAlive(); !s.ok()) return s;
    if (Status s = disk_.CheckRoom(*inode_, path_, size); !s.ok()) return s;
    const Status s = disk_.Begin(DiskOp::kAllocate, path_);
    inode_->current.resize(s.ok() ? size : size / 2);
    if (s.ok()) inode_->SetDurable();
    return s;
  }

  Result<uint64_t> Size() override {
    MutexLock lock(disk_.mutex_);
    if (Status s = CheckAlive(); !s.ok()) return Fail(s);
    return inode_->current.size();
  }

 private:
  Status CheckAlive() const MYDIS_REQUIRES(disk_.mutex_) {
    if (disk_.stopped_ || generation_ != disk_.generation_)
      return Status(ErrorCode::kIo, fmt::format("{}: the simulated machine has crashed", path_));
    return Status::Ok();
  }

  SimDisk& disk_;
  const std::shared_ptr<SimDisk::Inode> inode_;
  const std::string path_;
  const uint64_t generation_;
};

class SimLock final : public DiskLock {
 public:
  SimLock(SimDisk& disk, std::string path)
      : disk_(disk), path_(std::move(path)), generation_(disk.generation_) {}
  ~SimLock() override {
    MutexLock lock(disk_.mutex_);
    if (generation_ == disk_.generation_) disk_.locks_.erase(path_);
  }

 private:
  SimDisk& disk_;
  const std::string path_;
  const uint64_t generation_;
};

SimDisk::SimDisk() = default;
SimDisk::~SimDisk() = default;

// Counts a changing operation and gives the fault that it meets, if any. After the one at which the
// power fails, the caller leaves its un-synced part behind before it returns.
Status SimDisk::Begin(DiskOp op, const std::string& path) {
  if (stopped_)
    return Status(ErrorCode::kIo, fmt::format("{}: the simulated machine has crashed", path));
  if (fault_) {
    if (Status s = fault_(op, path); !s.ok()) return s;
  }
  if (++operations_ == stop_at_) {
    stopped_ = true;
    return Status(ErrorCode::kIo, fmt::format("{}: the simulated power failed", path));
  }
  return Status::Ok();
}

Status SimDisk::CheckRoom(const Inode& inode, const std::string& path, uint64_t size) const {
  if (!capacity_ || size <= inode.current.size()) return Status::Ok();
  if (UsedBytesLocked() + (size - inode.current.size()) <= *capacity_) return Status::Ok();
  return Status(ErrorCode::kDiskFull, fmt::format("{}: No space left on device", path));
}

Status SimDisk::WriteLocked(Inode& inode, const std::string& path, uint64_t offset,
                            std::span<const std::string_view> pieces, Durability durability) {
  std::string bytes;
  for (std::string_view piece : pieces) bytes.append(piece);
  if (Status s = CheckRoom(inode, path, offset + bytes.size()); !s.ok()) return s;
  Status s = Begin(DiskOp::kWrite, path);
  if (!s.ok() && !stopped_) bytes.resize(bytes.size() / 2);
  WriteInto(inode.current, offset, bytes);
  inode.Remember(offset, bytes.size(), durability == Durability::kDurable && s.ok());
  return s;
}

Result<std::unique_ptr<DiskFile>> SimDisk::Open(const std::string& path, OpenMode mode) {
  MutexLock lock(mutex_);
  if (stopped_) return Fail(Begin(DiskOp::kOpen, path));
  const auto found = names_.find(path);
  const bool create = mode == OpenMode::kCreate || mode == OpenMode::kReplace;
  if (!create) {
    if (found == names_.end()) return Fail(NotFound(path));
    return std::make_unique<SimFile>(*this, found->second, path);
  }
  if (mode == OpenMode::kCreate && found != names_.end())
    return Fail(ErrorCode::kExists, fmt::format("{}: File exists", path));
  if (!directories_.contains(Parent(path))) return Fail(NotFound(path));
  Status s = Begin(DiskOp::kOpen, path);
  if (!s.ok() && !stopped_) return Fail(s);
  auto inode = std::make_shared<Inode>();
  changes_.push_back({"", path, inode});
  changes_.back().ApplyTo(names_);
  if (!s.ok()) return Fail(s);
  return std::make_unique<SimFile>(*this, inode, path);
}

Status SimDisk::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  if (stopped_) return Begin(DiskOp::kRename, from);
  const auto found = names_.find(from);
  if (found == names_.end()) return NotFound(from);
  Status s = Begin(DiskOp::kRename, from);
  if (!s.ok() && !stopped_) return s;
  changes_.push_back({from, to, found->second});
  changes_.back().ApplyTo(names_);
  return s;
}

Status SimDisk::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  if (stopped_) return Begin(DiskOp::kRemove, path);
  if (!names_.contains(path)) return NotFound(path);
  Status s = Begin(DiskOp::kRemove, path);
  if (!s.ok() && !stopped_) return s;
  changes_.push_back({path, "", nullptr});
  changes_.back().ApplyTo(names_);
  return s;
}

Result<std::vector<std::string>> SimDisk::List(const std::string& directory) {
  MutexLock lock(mutex_);
  if (stopped_) return Fail(Begin(DiskOp::kOpen, directory));
  if (!directories_.contains(directory)) return Fail(NotFound(directory));
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_)
    if (Parent(path) == directory) names.push_back(path.substr(directory.size() + 1));
  for (const std::string& path : directories_)
    if (path != directory && Parent(path) == directory)
      names.push_back(path.substr(directory.size() + 1));
  std::sort(names.begin(), names.end());
  return names;
}

Status SimDisk::CreateDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  if (stopped_) return Begin(DiskOp::kOpen, path);
  directories_.insert(path);
  return Status::Ok();
}

Status SimDisk::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  if (!directories_.contains(path)) return NotFound(path);
  if (Status s = Begin(DiskOp::kSyncDirectory, path); !s.ok()) return s;
  std::erase_if(changes_, [&](const NameChange& change) MYDIS_REQUIRES(mutex_) {
    if (Parent(change.from.empty() ? change.to : change.from) != path) return false;
    change.ApplyTo(durable_names_);
    return true;
  });
  return Status::Ok();
}

Result<std::unique_ptr<DiskLock>> SimDisk::Lock(const std::string& path) {
  MutexLock lock(mutex_);
  if (stopped_) return Fail(Begin(DiskOp::kOpen, path));
  if (!locks_.insert(path).second)
    return Fail(ErrorCode::kBusy, fmt::format("data directory {} is in use", Parent(path)));
  return std::make_unique<SimLock>(*this, path);
}

Result<uint64_t> SimDisk::FreeSpace(const std::string&) {
  MutexLock lock(mutex_);
  const uint64_t used = UsedBytesLocked();
  if (!capacity_) return uint64_t{1} << 40;
  return *capacity_ > used ? *capacity_ - used : 0;
}

void SimDisk::Crash(uint64_t seed) {
  MutexLock lock(mutex_);
  Random random(seed);
  // A journal keeps the order of changes, so a first part of them survives; where there is none,
  // any.
  const bool in_order = random.Chance(1, 2);
  const size_t kept = random.Below(changes_.size() + 1);
  for (size_t i = 0; i < changes_.size(); ++i)
    if (in_order ? i < kept : random.Chance(1, 2)) changes_[i].ApplyTo(durable_names_);
  changes_.clear();
  names_ = durable_names_;
  std::set<Inode*> crashed;
  for (const auto& [path, inode] : names_)
    if (crashed.insert(inode.get()).second) inode->Crash(random);
  RestartLocked();
}

void SimDisk::KillProcess() {
  MutexLock lock(mutex_);
  RestartLocked();
}

void SimDisk::RestartLocked() {
  locks_.clear();
  ++generation_;
  stopped_ = false;
  stop_at_ = 0;
}

void SimDisk::StopAfter(uint64_t n) {
  MutexLock lock(mutex_);
  stop_at_ = n == 0 ? 0 : operations_ + n;
}

bool SimDisk::stopped() const {
  MutexLock lock(mutex_);
  return stopped_;
}

uint64_t SimDisk::operations() const {
  MutexLock lock(mutex_);
  return operations_;
}

void SimDisk::SetCapacity(std::optional<uint64_t> bytes) {
  MutexLock lock(mutex_);
  capacity_ = bytes;
}

uint64_t SimDisk::UsedBytesLocked() const {
  uint64_t used = 0;
  for (const auto& [path, inode] : names_) used += inode->current.size();
  return used;
}

uint64_t SimDisk::UsedBytes() const {
  MutexLock lock(mutex_);
  return UsedBytesLocked();
}

void SimDisk::SetFault(Fault fault) {
  MutexLock lock(mutex_);
  fault_ = std::move(fault);
}

SimDisk::Inode& SimDisk::Find(const std::string& path) const {
  const auto found = names_.find(path);
  MYDIS_ASSERT(found != names_.end(), path.c_str());
  return *found->second;
}

void SimDisk::FlipBit(const std::string& path, uint64_t bit) {
  MutexLock lock(mutex_);
  Inode& inode = Find(path);
  MYDIS_ASSERT(bit / 8 < inode.current.size(), "the file is shorter");
  inode.current[bit / 8] = static_cast<char>(inode.current[bit / 8] ^ (1 << (bit % 8)));
  inode.SetDurable();
}

void SimDisk::ZeroRange(const std::string& path, uint64_t offset, uint64_t length) {
  MutexLock lock(mutex_);
  Inode& inode = Find(path);
  WriteInto(inode.current, offset, std::string(length, '\0'));
  inode.SetDurable();
}

void SimDisk::TruncateFile(const std::string& path, uint64_t size) {
  MutexLock lock(mutex_);
  Inode& inode = Find(path);
  inode.current.resize(size);
  inode.SetDurable();
}

void SimDisk::DeleteFile(const std::string& path) {
  MutexLock lock(mutex_);
  Find(path);
  names_.erase(path);
  durable_names_.erase(path);
}

std::string SimDisk::Contents(const std::string& path) const {
  MutexLock lock(mutex_);
  return Find(path).current;
}

std::unique_ptr<SimDisk> SimDisk::Clone() const {
  MutexLock lock(mutex_);
  auto copy = std::make_unique<SimDisk>();
  MutexLock copy_lock(copy->mutex_);
  for (const auto& [path, inode] : names_) {
    auto made = std::make_shared<Inode>();
    made->current = made->durable = inode->current;
    copy->names_[path] = copy->durable_names_[path] = made;
  }
  copy->directories_ = directories_;
  return copy;
}

}  // namespace mydis
