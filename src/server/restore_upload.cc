#include "server/restore_upload.h"

#include <fmt/format.h>

#include "base/codec.h"
#include "consensus/storage_error.h"
#include "server/password.h"

namespace mydis {
namespace {

// So much is looked at in one step, and goes into one part unless a partition has more.
constexpr size_t kStepBytes = 1 << 20;

// Not what to do about an instance's own files.
Status Broken(const Status& why) {
  if (why.code() == ErrorCode::kIo) return why;
  return {ErrorCode::kInvalid,
          fmt::format("not a whole backup: {}", WithoutCorruptHint(why.message()))};
}

}  // namespace

Result<std::shared_ptr<RestoreUpload>> RestoreUpload::Create(const CommandRunner& runner,
                                                             const std::string& directory) {
  const std::string id = RandomHexDigits(16);
  std::shared_ptr<RestoreUpload> upload(
      new RestoreUpload(runner, fmt::format("{}/restore-{}", directory, id), id));
  auto file = upload->disk_.Open(upload->path_, OpenMode::kCreate);
  if (!file) return Fail(file.error());
  upload->file_ = *std::move(file);
  // It stays usable.
  if (Status removed = upload->disk_.Remove(upload->path_); !removed.ok()) return Fail(removed);
  return upload;
}

RestoreUpload::~RestoreUpload() = default;

Status RestoreUpload::Add(std::string_view bytes) {
  if (items_ != nullptr)
    return {ErrorCode::kInvalid, "the backup has ended: it is being looked at already"};
  if (Status status = WriteAt(*file_, size_, bytes, Durability::kBuffered); !status.ok())
    return status;
  size_ += bytes.size();
  return Status::Ok();
}

Status RestoreUpload::Rewind() {
  auto items = BackupItems::Open(*file_, "the backup");
  if (!items) return Broken(items.error());
  items_ = *std::move(items);
  return Status::Ok();
}

Status RestoreUpload::CheckItem(const SnapshotItem& item) {
  if (item.partition) return scratch_->LoadPartition(*item.partition, item.contents);
  if (Status status = scratch_->LoadHead(item.contents); !status.ok()) return status;
  Encoder encoder(scripts_);
  scratch_->state().scripts.Save(encoder);
  return Status::Ok();
}

Result<bool> RestoreUpload::Check() {
  if (checked_) return false;
  if (items_ == nullptr) {
    scratch_ = std::make_unique<StateMachine>(runner_, 0);
    if (Status status = Rewind(); !status.ok()) return Fail(status);
  }
  for (size_t bytes = 0; bytes < kStepBytes;) {
    auto item = items_->Next();
    if (!item) return Fail(Broken(item.error()));
    if (!*item) {
      scratch_.reset();
      checked_ = true;
      if (Status status = Rewind(); !status.ok()) return Fail(status);
      return false;
    }
    if (Status status = CheckItem(**item); !status.ok()) return Fail(Broken(status));
    bytes += (*item)->contents.size() + 1;
  }
  // The whole may be more than there is memory for.
  scratch_->ForgetKeys();
  return true;
}

Result<std::optional<std::vector<std::string>>> RestoreUpload::NextPart() {
  if (!std::exchange(scripts_given_, true))
    return std::optional(std::vector<std::string>{"SCRIPTS", id_, scripts_});
  std::vector<std::string> words = {"KEYS", id_, std::to_string(parts_)};
  const size_t none = words.size();
  for (size_t bytes = 0; bytes < kStepBytes;) {
    auto item = items_->Next();
    if (!item) return Fail(Broken(item.error()));
    if (!*item) break;
    if (!(*item)->partition) continue;
    bytes += (*item)->contents.size();
    words.emplace_back((*item)->contents);
  }
  if (words.size() == none) return std::optional<std::vector<std::string>>();
  ++parts_;
  return std::optional(std::move(words));
}

}  // namespace mydis
