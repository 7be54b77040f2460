// --scan and --bigkeys.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <map>

#include "base/quoted.h"
#include "cli/cli_modes.h"
#include "cli/figures.h"
#include "cli/progress.h"

namespace mydis {
namespace {

using Words = std::vector<std::string>;

constexpr size_t kLargest = 20;

int Failure(const Status& status) {
  std::fflush(stdout);
  fmt::print(stderr, "mydis cli: {}\n", status.message());
  return kExitFailed;
}

// Hands the names of all keys that are wanted to `take`, some at a time.
Status Scan(CliSession& session, const CliOptions& options,
            const std::function<Status(const std::vector<RespValue>& names)>& take) {
  std::string cursor = "0";
  do {
    Words command = {"SCAN", cursor, "COUNT", std::to_string(options.scan_count)};
    if (!options.pattern.empty()) command.insert(command.end(), {"MATCH", options.pattern});
    if (!options.type.empty()) command.insert(command.end(), {"TYPE", options.type});
    // Cursors are good on every instance: that of a lost connection leads on over another one.
    const Result<RespValue> reply = session.Call(command);
    if (!reply) return reply.error();
    if (reply->elements.size() != 2)
      return {ErrorCode::kCorrupt, "the reply to SCAN is not what it should be"};
    cursor = reply->elements[0].text;
    if (Status s = take(reply->elements[1].elements); !s.ok()) return s;
  } while (cursor != "0");
  return Status::Ok();
}

struct Key {
  uint64_t bytes = 0;
  uint64_t elements = 0;
  std::string type;
  std::string name;
  bool operator>(const Key& other) const { return bytes > other.bytes; }
};

struct TypeTotals {
  uint64_t keys = 0;
  uint64_t bytes = 0;
  uint64_t elements = 0;
};

// The command that counts what a value of this type has.
std::string CountCommand(const std::string& type) {
  static const std::map<std::string, std::string> kCommands = {
      {"string", "STRLEN"}, {"list", "LLEN"}, {"set", "SCARD"},
      {"zset", "ZCARD"},    {"hash", "HLEN"}, {"stream", "XLEN"}};
  const auto found = kCommands.find(type);
  return found == kCommands.end() ? std::string() : found->second;
}

class BigKeys {
 public:
  // Two round trips for all of `names`: of what type, then how large.
  Status Take(CliSession& session, const std::vector<RespValue>& names) {
    std::vector<Words> questions;
    for (const RespValue& name : names) questions.push_back({"TYPE", name.text});
    const Result<std::vector<RespValue>> types = session.CallAll(questions);
    if (!types) return types.error();
    questions.clear();
    std::vector<Key> keys;
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string count = CountCommand((*types)[i].text);
      if (count.empty()) continue;  // It is gone.
      keys.push_back({0, 0, (*types)[i].text, names[i].text});
      questions.push_back({"MEMORY", "USAGE", names[i].text});
      questions.push_back({count, names[i].text});
    }
    const Result<std::vector<RespValue>> sizes = session.CallAll(questions);
    if (!sizes) return sizes.error();
    for (size_t i = 0; i < keys.size(); ++i) {
      const RespValue& bytes = (*sizes)[2 * i];
      if (bytes.is_error()) return {ErrorCode::kUnavailable, bytes.text};
      keys[i].bytes = static_cast<uint64_t>(bytes.integer);
      keys[i].elements = static_cast<uint64_t>((*sizes)[2 * i + 1].integer);
      Add(std::move(keys[i]));
    }
    return Status::Ok();
  }

  uint64_t count() const { return count_; }

  void Print(ReplyStyle style) {
    std::sort(largest_.begin(), largest_.end(), std::greater<>());
    if (style == ReplyStyle::kPeople) return PrintForPeople();
    fmt::print("{}", FigureNames(Row({}), style));
    for (const Key& key : largest_) fmt::print("{}", FigureLine(Row(key), style));
  }

 private:
  static std::array<Figure, 4> Row(const Key& key) {
    return {{{"bytes", std::to_string(key.bytes)},
             {"elements", std::to_string(key.elements)},
             {"type", key.type, Figure::Kind::kWord},
             {"key", key.name, Figure::Kind::kBytes}}};
  }

  // A heap whose front is the smallest of the largest.
  void Add(Key key) {
    ++count_;
    TypeTotals& totals = types_[key.type];
    ++totals.keys;
    totals.bytes += key.bytes;
    totals.elements += key.elements;
    if (largest_.size() == kLargest && key.bytes <= largest_.front().bytes) return;
    largest_.push_back(std::move(key));
    std::push_heap(largest_.begin(), largest_.end(), std::greater<>());
    if (largest_.size() <= kLargest) return;
    std::pop_heap(largest_.begin(), largest_.end(), std::greater<>());
    largest_.pop_back();
  }

  void PrintForPeople() const {
    fmt::print("{:<8}{:>12}{:>12}{:>14}\n", "TYPE", "KEYS", "MEMORY", "ELEMENTS");
    for (const auto& [type, totals] : types_)
      fmt::print("{:<8}{:>12}{:>12}{:>14}\n", type, CountText(totals.keys), BytesText(totals.bytes),
                 CountText(totals.elements));
    fmt::print("\nThe largest keys; elements are bytes of a string, entries of a stream\n\n");
    fmt::print("{:>12}{:>14}  {:<8}{}\n", "MEMORY", "ELEMENTS", "TYPE", "KEY");
    for (const Key& key : largest_)
      fmt::print("{:>12}{:>14}  {:<8}{}\n", BytesText(key.bytes), CountText(key.elements), key.type,
                 Quoted(key.name));
  }

  uint64_t count_ = 0;
  std::map<std::string, TypeTotals> types_;
  std::vector<Key> largest_;
};

}  // namespace

int RunScan(const CliOptions& options) {
  CliSession session(options.session, nullptr);
  const ReplyStyle style = options.session.style;
  const Status status = Scan(session, options, [&](const std::vector<RespValue>& names) {
    for (const RespValue& name : names) {
      const std::string line = FormatReply(name, style);
      std::fwrite(line.data(), 1, line.size(), stdout);
    }
    return Status::Ok();
  });
  return status.ok() ? kExitOk : Failure(status);
}

int RunBigKeys(const CliOptions& options) {
  CliSession session(options.session, nullptr);
  const Result<RespValue> size = session.Call({"DBSIZE"});
  if (!size) return Failure(size.error());
  Progress progress(
      {.label = "bigkeys", .total = static_cast<uint64_t>(size->integer), .unit = "keys"});
  BigKeys keys;
  const Status status = Scan(session, options, [&](const std::vector<RespValue>& names) {
    Status took = keys.Take(session, names);
    progress.Update(keys.count());
    return took;
  });
  progress.Clear();
  if (!status.ok()) return Failure(status);
  keys.Print(options.session.style);
  return kExitOk;
}

}  // namespace mydis
