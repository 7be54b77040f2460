#include "consensus/log_spares.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "consensus/log_segment.h"

namespace mydis {
namespace {
constexpr std::string_view kTemporarySuffix = ".tmp";
}  // namespace

Status LogSpares::Open(const std::vector<std::string>& names) {
  MutexLock lock(mutex_);
  for (const std::string& name : names) {
    const std::string path = directory_ + "/" + name;
    if (name.starts_with("spare-") && name.ends_with(kTemporarySuffix)) {
      if (Status s = disk_.Remove(path); !s.ok()) return s;
      continue;
    }
    const auto number = ParseSpareName(name);
    if (!number) continue;
    next_number_ = std::max(next_number_, *number + 1);
    auto file = disk_.Open(path, OpenMode::kWrite);
    if (!file) return file.error();
    auto size = (*file)->Size();
    if (!size) return size.error();
    if (*size == segment_size_ && spares_.size() < max_spares_) {
      spares_.push_back({path, segment_size_, std::move(*file)});
    } else if (Status s = disk_.Remove(path); !s.ok()) {
      return s;
    }
  }
  return Status::Ok();
}

size_t LogSpares::count() const {
  MutexLock lock(mutex_);
  return spares_.size();
}

std::string LogSpares::NewPath() {
  MutexLock lock(mutex_);
  return directory_ + "/" + SpareName(next_number_++);
}

Result<LogSpares::Spare> LogSpares::Make(uint64_t size) {
  Spare spare{NewPath(), size, nullptr};
  const std::string temporary = spare.path + std::string(kTemporarySuffix);
  auto file = disk_.Open(temporary, OpenMode::kReplace);
  if (!file) return Fail(file.error());
  Status s = (*file)->Allocate(size);
  if (s.ok()) s = disk_.Rename(temporary, spare.path);
  if (!s.ok()) {
    // Gives the room back. If even that fails, the next start removes the file.
    if (Status removed = disk_.Remove(temporary); !removed.ok())
      LogWarning("cannot remove a half-made log segment: {}", removed.message());
    return Fail(s);
  }
  spare.file = std::move(*file);
  return spare;
}

Status LogSpares::Prepare() {
  MutexLock making(making_);
  if (count() >= max_spares_) return Status::Ok();
  auto spare = Make(segment_size_);
  if (!spare) return spare.error();
  Return(std::move(*spare));
  return Status::Ok();
}

Result<LogSpares::Spare> LogSpares::Take(uint64_t size) {
  if (size > segment_size_) return Make(size);
  auto take = [this]() -> std::optional<Spare> {
    MutexLock lock(mutex_);
    if (spares_.empty()) return std::nullopt;
    Spare spare = std::move(spares_.back());
    spares_.pop_back();
    return spare;
  };
  if (auto spare = take()) return std::move(*spare);
  MutexLock making(making_);
  if (auto spare = take()) return std::move(*spare);
  return Make(segment_size_);
}

void LogSpares::Return(Spare spare) {
  if (spare.size != segment_size_) {
    if (Status s = disk_.Remove(spare.path); !s.ok())
      LogWarning("cannot remove an unused log segment: {}", s.message());
    return;
  }
  MutexLock lock(mutex_);
  spares_.push_back(std::move(spare));
}

Status LogSpares::Retire(const std::string& path, uint64_t size, bool recyclable) {
  if (!recyclable || size != segment_size_ || count() >= max_spares_) return disk_.Remove(path);
  Spare spare{NewPath(), size, nullptr};
  if (Status s = disk_.Rename(path, spare.path); !s.ok()) return s;
  auto file = disk_.Open(spare.path, OpenMode::kWrite);
  if (!file) return file.error();
  spare.file = std::move(*file);
  Return(std::move(spare));
  return Status::Ok();
}

}  // namespace mydis
