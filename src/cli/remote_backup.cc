#include "cli/remote_backup.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "cli/remote_call.h"

namespace mydis {
namespace {

constexpr uint64_t kPieceBytes = 1 << 20;

// The integer behind a name in a flat list of names and values.
uint64_t Field(const RespValue& reply, std::string_view name) {
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2)
    if (reply.elements[i].text == name) return static_cast<uint64_t>(reply.elements[i + 1].integer);
  return 0;
}

Status ReadOnly() { return {ErrorCode::kInternal, "a backup is not written to"}; }

}  // namespace

Result<std::unique_ptr<RemoteBackup>> RemoteBackup::Start(
    RemoteConnection& connection, const std::function<void(const std::string&)>& notice) {
  // Once this is answered, the instance has everything that was committed before.
  const auto read = connection.Command(std::vector<std::string>{"STRONG", "EXISTS", "k"});
  if (!read) return Fail(read.error());
  const auto reply = connection.Command(std::vector<std::string>{"MYDIS", "BACKUP", "START"});
  if (!reply) return Fail(reply.error());
  if (reply->is_error()) return Fail(ErrorCode::kUnavailable, ErrorText(*reply));
  if (read->is_error())
    notice(
        fmt::format("what follows is whole, but has what {} has, which may lack the latest "
                    "writes of others: {}",
                    connection.address().ToString(), ErrorText(*read)));
  return std::unique_ptr<RemoteBackup>(
      new RemoteBackup(connection, Field(*reply, "size"), Field(*reply, "log-index")));
}

// Asks for the next piece before anybody needs it, so that it is on its way meanwhile.
Status RemoteBackup::AskAhead() {
  const uint64_t offset = start_ + buffer_.size();
  if (asked_ || offset >= size_) return Status::Ok();
  asked_ = true;
  return connection_.Send(std::vector<std::string>{
      "MYDIS", "BACKUP", "READ", std::to_string(offset), std::to_string(kPieceBytes)});
}

Status RemoteBackup::TakePiece() {
  if (Status status = AskAhead(); !status.ok()) return status;
  asked_ = false;
  const Result<RespValue> reply = connection_.Receive();
  if (!reply) return reply.error();
  if (reply->is_error()) return {ErrorCode::kUnavailable, ErrorText(*reply)};
  if (reply->text.empty())
    return {ErrorCode::kCorrupt, "the instance ended the backup before its end"};
  buffer_ += reply->text;
  if (on_piece_)
    if (Status status = on_piece_(reply->text); !status.ok()) return status;
  return AskAhead();
}

Result<size_t> RemoteBackup::ReadAt(uint64_t offset, std::span<char> out) {
  if (offset < start_) {
    if (offset != 0) return Fail(ErrorCode::kInvalid, "a backup is read from the front");
    if (asked_) {
      asked_ = false;
      if (auto late = connection_.Receive(); !late) return Fail(late.error());
    }
    buffer_.clear();
    start_ = 0;
  }
  const uint64_t end = std::min<uint64_t>(offset + out.size(), size_);
  while (start_ + buffer_.size() < end)
    if (Status status = TakePiece(); !status.ok()) return Fail(status);
  if (offset >= end) return size_t{0};
  const auto length = static_cast<size_t>(end - offset);
  std::memcpy(out.data(), buffer_.data() + (offset - start_), length);
  // What comes before is not asked for again, but is thrown away in large pieces only.
  if (end - start_ > 2 * kPieceBytes) {
    buffer_.erase(0, static_cast<size_t>(end - start_));
    start_ = end;
  }
  return length;
}

Status RemoteBackup::End() {
  if (asked_) {
    asked_ = false;
    if (auto late = connection_.Receive(); !late) return late.error();
  }
  const auto reply = connection_.Command(std::vector<std::string>{"MYDIS", "BACKUP", "END"});
  return reply ? Status::Ok() : reply.error();
}

Status RemoteBackup::WriteAt(uint64_t, std::span<const std::string_view>, Durability) {
  return ReadOnly();
}
Status RemoteBackup::Sync() { return ReadOnly(); }
Status RemoteBackup::Allocate(uint64_t) { return ReadOnly(); }

}  // namespace mydis
