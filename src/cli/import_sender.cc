#include "cli/import_sender.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "base/quoted.h"
#include "cli/remote_call.h"

namespace mydis {
namespace {

constexpr uint64_t kUsualLongest = uint64_t{512} << 20;

}  // namespace

ImportSender::ImportSender(Options options, std::function<void(const std::string&)> notice)
    : conflict_(options.conflict),
      retrying_({.connection = std::move(options.connection),
                 .beginning = {.login = std::move(options.login)},
                 .patience_ms = options.patience_ms,
                 // The order of keys does not matter.
                 .takes_failures_elsewhere = true},
                std::move(notice)) {}

Status ImportSender::Connect() { return retrying_.Connect(); }

uint64_t ImportSender::LongestValue() {
  const std::vector<std::string> question = {"CONFIG", "GET", "proto-max-bulk-len"};
  const auto reply = retrying_.Command(question);
  // Who may not see the setting is refused what is too long.
  if (!reply || reply->elements.size() != 2) return kUsualLongest;
  return std::strtoull(reply->elements[1].text.c_str(), nullptr, 10);
}

Status ImportSender::SendKey(const RdbItem& item, std::string payload) {
  std::vector<std::string> words = {
      "RESTORE", item.name, std::to_string(item.deadline_ms.value_or(0)), std::move(payload)};
  if (item.deadline_ms) words.emplace_back("ABSTTL");
  if (conflict_ == Conflict::kReplace) words.emplace_back("REPLACE");
  if (item.idle_s) {
    words.insert(words.end(), {"IDLETIME", std::to_string(*item.idle_s)});
  } else if (item.frequency) {
    words.insert(words.end(), {"FREQ", std::to_string(*item.frequency)});
  }
  if (item.db != selected_) {
    selected_ = item.db;
    if (Status s = Add({.kind = Command::Kind::kSelect, .db = item.db},
                       {"SELECT", std::to_string(item.db)});
        !s.ok())
      return s;
  }
  return Add({.kind = Command::Kind::kKey, .db = item.db, .offset = item.offset, .name = item.name},
             words);
}

Status ImportSender::SendLibrary(const RdbItem& item) {
  std::vector<std::string> words = {"FUNCTION", "LOAD"};
  if (conflict_ == Conflict::kReplace) words.emplace_back("REPLACE");
  words.push_back(*item.bytes);
  return Add({.kind = Command::Kind::kLibrary, .offset = item.offset}, words);
}

Status ImportSender::Add(Command command, const std::vector<std::string>& words) {
  sent_.push_back(std::move(command));
  retrying_.Start(words);
  while (retrying_.full())
    if (Status s = TakeReply(); !s.ok()) return s;
  return Status::Ok();
}

Status ImportSender::TakeReply() {
  const Result<RespValue> reply = retrying_.Next();
  if (!reply)
    return {ErrorCode::kUnavailable,
            fmt::format("{}; run it again with --on-conflict replace once the cluster is well",
                        reply.error().message())};
  const Command command = std::move(sent_.front());
  sent_.pop_front();
  return OnReply(command, *reply);
}

Status ImportSender::OnReply(const Command& command, const RespValue& reply) {
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
  if (!there)
    return {ErrorCode::kInvalid, fmt::format("{}: {}", Describe(command), ErrorText(reply))};
  if (conflict_ == Conflict::kSkip) {
    ++counts_.skipped;
    return Status::Ok();
  }
  return {ErrorCode::kExists,
          fmt::format("{} is there already: give --on-conflict skip or --on-conflict replace",
                      Describe(command))};
}

std::string ImportSender::Describe(const Command& command) {
  if (command.kind == Command::Kind::kLibrary)
    return fmt::format("the function library at byte {}", command.offset);
  return fmt::format("the key {} of database {}, at byte {}", QuotedStart(command.name), command.db,
                     command.offset);
}

Status ImportSender::Finish() {
  while (!sent_.empty())
    if (Status s = TakeReply(); !s.ok()) return s;
  return Status::Ok();
}

}  // namespace mydis
