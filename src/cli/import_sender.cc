#include "cli/import_sender.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error_table.h"
#include "base/quoted.h"
#include "cli/remote_call.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

// So much is sent at once,
constexpr size_t kBatchBytes = 256 << 10;
constexpr size_t kBatchCommands = 1000;
// and so much may be on the way.
constexpr size_t kWindowBytes = 8 << 20;
constexpr size_t kWindowCommands = 20'000;
constexpr uint64_t kUsualLongest = uint64_t{512} << 20;
constexpr useconds_t kPauseUs = 200'000;

uint64_t NowUs() { return SystemClock().MonotonicUs(); }

// One form for each value, whatever the file and the instance made of it; empty: it is none.
std::string Canonical(std::string_view payload) {
  if (!IsDumpPayload(payload)) return {};
  auto value = ReadDumpPayload(payload, EncodingLimits());
  if (!value) return {};
  Keyspace keyspace(1, 1);
  PutRdbValue(keyspace, 0, "k", *std::move(value), Ttl::None());
  return DumpPayload(*keyspace.Find(0, "k"));
}

// Whether the command may be sent once more, here or elsewhere. Of memory and disk more tries make
// no more.
bool MayHelpToRepeat(std::string_view prefix) {
  const ErrorForm& form = FormOfPrefix(prefix);
  if (form.code == ErrorCode::kDiskFull) return false;
  return form.retryable || form.code == ErrorCode::kUnknown;
}

}  // namespace

ImportSender::ImportSender(Options options, std::function<void(const std::string&)> notice)
    : options_(std::move(options)),
      notice_(std::move(notice)),
      connection_(std::make_unique<RemoteConnection>(options_.connection)) {}

Status ImportSender::Connect() { return ConnectAndLogIn(*connection_, options_.login); }

uint64_t ImportSender::LongestValue() {
  const std::vector<std::string> question = {"CONFIG", "GET", "proto-max-bulk-len"};
  const auto reply = connection_->Command(question);
  // Who may not see the setting is refused what is too long.
  if (!reply || reply->elements.size() != 2) return kUsualLongest;
  return std::strtoull(reply->elements[1].text.c_str(), nullptr, 10);
}

Status ImportSender::SendKey(const RdbItem& item, std::string payload) {
  Command command{.kind = Command::Kind::kKey, .db = item.db, .offset = item.offset};
  command.words = {"RESTORE", item.name, std::to_string(item.deadline_ms.value_or(0)),
                   std::move(payload)};
  if (item.deadline_ms) command.words.emplace_back("ABSTTL");
  if (options_.conflict == Conflict::kReplace) command.words.emplace_back("REPLACE");
  if (item.idle_s) {
    command.words.insert(command.words.end(), {"IDLETIME", std::to_string(*item.idle_s)});
  } else if (item.frequency) {
    command.words.insert(command.words.end(), {"FREQ", std::to_string(*item.frequency)});
  }
  return Add(std::move(command));
}

Status ImportSender::SendLibrary(const RdbItem& item) {
  Command command{.kind = Command::Kind::kLibrary, .offset = item.offset};
  command.words = {"FUNCTION", "LOAD"};
  if (options_.conflict == Conflict::kReplace) command.words.emplace_back("REPLACE");
  command.words.push_back(*item.bytes);
  return Add(std::move(command));
}

Status ImportSender::Add(Command command) {
  for (const std::string& word : command.words) command.bytes += word.size();
  waiting_bytes_ += command.bytes;
  waiting_.push_back(std::move(command));
  if (waiting_bytes_ < kBatchBytes && waiting_.size() < kBatchCommands) return Status::Ok();
  if (Status s = SendWaiting(); !s.ok()) return s;
  while (sent_bytes_ > kWindowBytes || sent_.size() > kWindowCommands)
    if (Status s = TakeReply(); !s.ok()) return s;
  return Status::Ok();
}

Status ImportSender::SendWaiting() {
  std::vector<std::vector<std::string>> batch;
  while (!waiting_.empty()) {
    Command command = std::move(waiting_.front());
    waiting_.pop_front();
    if (command.kind == Command::Kind::kKey && command.db != selected_) {
      selected_ = command.db;
      sent_.push_back({.kind = Command::Kind::kSelect,
                       .words = {"SELECT", std::to_string(command.db)},
                       .db = command.db});
      batch.push_back(sent_.back().words);
    }
    batch.push_back(command.words);
    sent_bytes_ += command.bytes;
    sent_.push_back(std::move(command));
  }
  waiting_bytes_ = 0;
  const Status status = connection_->SendAll(batch);
  return status.ok() ? status : OnLost(status.message());
}

Status ImportSender::TakeReply() {
  Result<RespValue> reply = connection_->Receive();
  if (!reply) return OnLost(reply.error().message());
  if (sent_.empty()) return OnLost("it sent a reply to nothing");
  if (reply->is_error() && MayHelpToRepeat(reply->text.substr(0, reply->text.find(' '))))
    return OnLost(reply->text);
  stuck_since_us_ = 0;
  Command command = std::move(sent_.front());
  sent_.pop_front();
  sent_bytes_ -= command.bytes;
  return OnReply(std::move(command), *reply);
}

Status ImportSender::OnReply(Command command, const RespValue& reply) {
  const std::string& text = reply.text;
  // Committed, which is all that an import can ask for.
  if (!reply.is_error() || text.starts_with("NOTALL")) {
    if (command.kind == Command::Kind::kKey) ++counts_.keys;
    if (command.kind == Command::Kind::kLibrary) ++counts_.libraries;
    return Status::Ok();
  }
  if (command.kind == Command::Kind::kSelect)
    return {ErrorCode::kInvalid,
            fmt::format("database {}: {}; --into-db N puts all keys into one that there is",
                        command.db, ErrorText(reply))};
  const bool there = command.kind == Command::Kind::kKey
                         ? text.starts_with("BUSYKEY")
                         : text.find("already exists") != std::string::npos;
  if (there) return OnConflict(std::move(command));
  return {ErrorCode::kInvalid, fmt::format("{}: {}", Describe(command), ErrorText(reply))};
}

Status ImportSender::OnConflict(Command command) {
  if (options_.conflict == Conflict::kSkip) {
    ++counts_.skipped;
    return Status::Ok();
  }
  if (command.repeated) {
    doubtful_.push_back(std::move(command));
    return Status::Ok();
  }
  return {ErrorCode::kExists,
          fmt::format("{} is there already: give --on-conflict skip or --on-conflict replace",
                      Describe(command))};
}

std::string ImportSender::Describe(const Command& command) {
  if (command.kind == Command::Kind::kLibrary)
    return fmt::format("the function library at byte {}", command.offset);
  return fmt::format("the key {} of database {}, at byte {}", QuotedStart(command.words[1]),
                     command.db, command.offset);
}

void ImportSender::Requeue() {
  for (auto command = sent_.rbegin(); command != sent_.rend(); ++command) {
    if (command->kind == Command::Kind::kSelect) continue;
    command->repeated = true;
    waiting_.push_front(std::move(*command));
  }
  sent_.clear();
  sent_bytes_ = 0;
  selected_ = 0;
}

// Everything without a reply is sent once more, to the next address that takes it.
Status ImportSender::OnLost(std::string why) {
  const bool first = stuck_since_us_ == 0;
  if (first) stuck_since_us_ = NowUs();
  Requeue();
  for (bool pause = !first;; pause = true) {
    if (NowUs() - stuck_since_us_ > static_cast<uint64_t>(options_.patience_ms) * 1000)
      return {ErrorCode::kUnavailable,
              fmt::format("nobody takes anything any more: {}; run it again with --on-conflict "
                          "replace once the cluster is well",
                          why)};
    if (pause) usleep(kPauseUs);
    std::vector<HostPort>& addresses = options_.connection.addresses;
    std::rotate(addresses.begin(), addresses.begin() + 1, addresses.end());
    connection_ = std::make_unique<RemoteConnection>(options_.connection);
    const Status status = Connect();
    if (status.ok()) break;
    if (status.code() == ErrorCode::kNoAuth) return status;
    why = status.message();
  }
  if (first) notice_(fmt::format("{}; it goes on at {}", why, connection_->address().ToString()));
  return SendWaiting();
}

Status ImportSender::Finish() {
  if (Status s = SendWaiting(); !s.ok()) return s;
  while (!sent_.empty())
    if (Status s = TakeReply(); !s.ok()) return s;
  return CheckDoubtful();
}

Status ImportSender::CheckDoubtful() {
  for (const Command& command : doubtful_) {
    if (command.kind == Command::Kind::kLibrary) {
      ++counts_.libraries;
      continue;
    }
    const std::vector<std::vector<std::string>> words = {{"SELECT", std::to_string(command.db)},
                                                         {"DUMP", command.words[1]}};
    const auto replies = connection_->Pipeline(words);
    if (!replies) return replies.error();
    const std::string ours = Canonical(command.words[3]);
    if (ours.empty() || Canonical(replies->back().text) != ours)
      return {ErrorCode::kExists,
              fmt::format("{} is there already, with another value: give --on-conflict skip or "
                          "--on-conflict replace",
                          Describe(command))};
    ++counts_.keys;
  }
  doubtful_.clear();
  return Status::Ok();
}

}  // namespace mydis
