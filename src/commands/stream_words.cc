#include "commands/stream_words.h"

#include <fmt/format.h>

#include "base/ascii.h"

namespace mydis {
namespace {

// Redis reads no more of a word.
constexpr size_t kMaxIdSize = 127;

// Half of an ID. Redis leaves what is no canonical number to the C library, whose liberties
// (spaces, signs, leading zeros) clients may have come to rely on.
std::optional<uint64_t> ParseHalf(std::string_view text) {
  if (const auto number = ParseInteger(text)) {
    if (*number < 0) return std::nullopt;
    return static_cast<uint64_t>(*number);
  }
  size_t at = 0;
  while (at < text.size() && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) ++at;
  const bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  if (at == text.size()) return std::nullopt;
  uint64_t value = 0;
  for (; at < text.size(); ++at) {
    const auto digit = static_cast<uint64_t>(text[at] - '0');
    if (digit > 9 || value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

std::optional<StreamId> ParseHalves(std::string_view word, uint64_t missing_seq,
                                    bool* sequence_given) {
  if (word.size() > kMaxIdSize) return std::nullopt;
  word = word.substr(0, word.find('\0'));
  const size_t dash = word.find('-');
  const auto ms = ParseHalf(word.substr(0, dash));
  if (!ms) return std::nullopt;
  if (dash == word.npos) return StreamId{*ms, missing_seq};
  const std::string_view rest = word.substr(dash + 1);
  if (sequence_given != nullptr && rest == "*") {
    *sequence_given = false;
    return StreamId{*ms, 0};
  }
  const auto seq = ParseHalf(rest);
  if (!seq) return std::nullopt;
  return StreamId{*ms, *seq};
}

std::optional<StreamId> ReadInterval(std::string_view word, bool start, Reply& reply) {
  const bool exclusive = word.size() > 1 && word[0] == '(';
  if (!exclusive && word == "-") return StreamId{};
  if (!exclusive && word == "+") return StreamId::Max();
  const auto id = ParseStreamId(exclusive ? word.substr(1) : word, start ? 0 : UINT64_MAX);
  if (!id) {
    reply.Error(kErrStreamId);
    return std::nullopt;
  }
  if (!exclusive) return id;
  const auto beyond = start ? id->Next() : id->Previous();
  if (!beyond)
    reply.Error(fmt::format("ERR invalid {} ID for the interval", start ? "start" : "end"));
  return beyond;
}

}  // namespace

std::optional<StreamId> ParseStreamId(std::string_view word, uint64_t missing_seq) {
  return ParseHalves(word, missing_seq, nullptr);
}

std::optional<StreamId> ParseNewStreamId(std::string_view word, bool* sequence_given) {
  *sequence_given = true;
  return ParseHalves(word, 0, sequence_given);
}

std::optional<StreamId> ReadStreamId(std::string_view word, Reply& reply) {
  const auto id = ParseStreamId(word);
  if (!id) reply.Error(kErrStreamId);
  return id;
}

std::optional<std::vector<StreamId>> ReadStreamIds(Args args, size_t first, Reply& reply) {
  std::vector<StreamId> ids;
  for (size_t i = first; i < args.size(); ++i) {
    const auto id = ReadStreamId(args[i], reply);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

std::optional<StreamId> ReadIntervalStart(std::string_view word, Reply& reply) {
  return ReadInterval(word, true, reply);
}

std::optional<StreamId> ReadIntervalEnd(std::string_view word, Reply& reply) {
  return ReadInterval(word, false, reply);
}

std::optional<int64_t> ReadInteger(std::string_view word, Reply& reply, std::string_view error) {
  const auto number = ParseInteger(word);
  if (!number) reply.Error(error);
  return number;
}

void SendStreamId(Reply& reply, StreamId id) { reply.Bulk(StreamIdText(id).view()); }

void SendStreamEntry(Reply& reply, const StreamIterator& at) {
  reply.ArrayHeader(2);
  SendStreamId(reply, at.id());
  reply.ArrayHeader(at.fields() * 2);
  at.ForEachField([&reply](std::string_view field, std::string_view value) {
    reply.Bulk(field);
    reply.Bulk(value);
  });
}

bool SendStreamEntry(Reply& reply, const Stream& stream, StreamId id) {
  StreamIterator at(stream, id, id);
  if (!at.Next()) return false;
  SendStreamEntry(reply, at);
  return true;
}

void SendStreamEntries(Reply& reply, StreamIterator& at, uint64_t count) {
  const size_t array = reply.OpenArray();
  size_t sent = 0;
  while ((count == 0 || sent < count) && at.Next()) {
    SendStreamEntry(reply, at);
    ++sent;
  }
  reply.CloseArray(array, sent);
}

std::string NoGroupError(std::string_view key, std::string_view group) {
  return fmt::format("NOGROUP No such key '{}' or consumer group '{}'", UpToZero(key),
                     UpToZero(group));
}

std::string NoGroupOfKeyError(std::string_view key, std::string_view group) {
  return fmt::format("NOGROUP No such consumer group '{}' for key name '{}'", UpToZero(group),
                     UpToZero(key));
}

std::string SubcommandError(std::string_view container, std::string_view subcommand) {
  return fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try {} HELP.",
                     UpToZero(subcommand.substr(0, 128)), container);
}

}  // namespace mydis
