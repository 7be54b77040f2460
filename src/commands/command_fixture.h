// Runs commands on a state inside a test: no log, no session, no socket. Lines and replies are
// written as in tests/resp/README.md.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "base/use_clock.h"
#include "commands/table.h"

namespace mydis {

// Bytes as a quoted word of a transcript.
inline std::string TranscriptWord(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\r') {
      text += "\\r";
    } else if (c == '\t') {
      text += "\\t";
    } else if (byte < 0x20 || byte > 0x7e) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return text + '"';
}

// Keeps a reply as the lines of a transcript.
class RecordingReply final : public Reply {
 public:
  explicit RecordingReply(int resp_version = 2) : resp_version_(resp_version) {}

  // One line per element, joined by '\n'.
  std::string text() const { return fmt::format("{}", fmt::join(lines_, "\n")); }
  // Whether exactly one complete reply has come.
  bool complete() const { return replies_ == 1 && open_.empty(); }

  void Simple(std::string_view text) override { Add(fmt::format("+{}", text)); }
  void Error(std::string_view text) override { Add(fmt::format("-{}", text)); }
  void Integer(int64_t value) override { Add(fmt::format(":{}", value)); }
  void Bulk(std::string_view bytes) override { Add(TranscriptWord(bytes)); }
  void Null() override { Add(resp_version_ == 2 ? "(nil)" : "(null)"); }
  void NullArray() override { Add(resp_version_ == 2 ? "(nil-array)" : "(null)"); }
  void ArrayHeader(size_t count) override { AddHeader('*', count, count); }
  void MapHeader(size_t pairs) override {
    AddHeader(resp_version_ == 2 ? '*' : '%', resp_version_ == 2 ? pairs * 2 : pairs, pairs * 2);
  }
  void SetHeader(size_t count) override { AddHeader(resp_version_ == 2 ? '*' : '~', count, count); }
  void PushHeader(size_t count) override {
    AddHeader(resp_version_ == 2 ? '*' : '>', count, count);
  }
  void AttributeHeader(size_t pairs) override { AddHeader('|', pairs, pairs * 2); }
  void Double(double value) override {
    const std::string digits = fmt::format("{}", value);
    Add(resp_version_ == 2 ? TranscriptWord(digits) : ',' + digits);
  }
  void Bool(bool value) override {
    if (resp_version_ == 2) return Integer(value);
    Add(value ? "#t" : "#f");
  }
  void BigNumber(std::string_view digits) override {
    if (resp_version_ == 2) return Bulk(digits);
    Add(fmt::format("({}", digits));
  }
  void Verbatim(std::string_view format, std::string_view text) override {
    if (resp_version_ == 2) return Bulk(text);
    Add(fmt::format("={}:{}", format, TranscriptWord(text)));
  }
  size_t OpenArray() override {
    Begin("*");
    open_.push_back(kUnknown);
    return lines_.size() - 1;
  }
  void CloseArray(size_t token, size_t count) override {
    lines_[token] += std::to_string(count);
    open_.pop_back();
    CloseFinished();
  }
  int resp_version() const override { return resp_version_; }

 private:
  static constexpr size_t kUnknown = static_cast<size_t>(-1);

  void Begin(const std::string& line) {
    if (open_.empty()) {
      ++replies_;
    } else if (open_.back() != kUnknown) {
      --open_.back();
    }
    lines_.push_back(std::string(2 * open_.size(), ' ') + line);
  }
  void Add(const std::string& line) {
    Begin(line);
    CloseFinished();
  }
  void AddHeader(char mark, size_t shown, size_t elements) {
    Begin(mark + std::to_string(shown));
    open_.push_back(elements);
    CloseFinished();
  }
  void CloseFinished() {
    while (!open_.empty() && open_.back() == 0) open_.pop_back();
  }

  int resp_version_;
  int replies_ = 0;
  std::vector<std::string> lines_;
  std::vector<size_t> open_;  // Elements that each open aggregate still lacks.
};

class CommandFixture : public ::testing::Test {
 protected:
  explicit CommandFixture(Families more = {}) : table_(StateFamilies(), more) {
    state_.commands = &table_;
  }
  // Runs one line, "SET k \"two words\"", and returns its reply.
  std::string Run(std::string_view line) { return RunWords(Words(line)); }
  // Runs commands divided by "; " and returns the reply of the last.
  std::string RunAll(std::string_view lines) {
    std::string reply;
    std::vector<std::string> words;
    for (std::string& word : Words(lines)) {
      const bool last = word.ends_with(';');
      if (last) word.pop_back();
      words.push_back(std::move(word));
      if (!last) continue;
      reply = RunWords(words);
      words.clear();
    }
    return words.empty() ? reply : RunWords(words);
  }
  std::string RunWords(const std::vector<std::string>& words) {
    const std::vector<std::string_view> args(words.begin(), words.end());
    RecordingReply reply(resp_version_);
    const CommandSpec* spec = table_.Resolve(args);
    if (spec == nullptr) return "-ERR unknown command";
    const CommandRunner::Meaning meaning = table_.Look(args);
    if (meaning.kind == CommandRunner::Kind::kUnknown)
      return fmt::format("-ERR wrong number of arguments for '{}' command", table_.FullName(*spec));
    WriteContext context{args, reply, state_, state_.keyspace, db_, now_ms_, random_};
    if (spec->effect == Effect::kWrite) state_.keyspace.set_revision(++state_.revision);
    const UseScope uses(now_ms_, state_.settings.use_rule());
    table_.Run(meaning, context);
    EXPECT_TRUE(reply.complete()) << "not exactly one reply: " << reply.text();
    return reply.text();
  }

  // Lets time pass; keys whose deadline comes are removed, as before any entry.
  void Advance(uint64_t ms) {
    now_ms_ += ms;
    state_.time_ms = now_ms_;
    state_.keyspace.RemoveExpired(static_cast<int64_t>(now_ms_));
  }
  // The revision of the key's last change, 0 if it is missing.
  uint64_t RevisionOf(std::string_view key) const {
    const Entry* entry = state_.keyspace.Find(db_, key);
    return entry == nullptr ? 0 : entry->revision();
  }
  // Canonical bytes of the whole keyspace.
  std::string Contents() const {
    std::string bytes;
    for (uint32_t p = 0; p < kPartitions; ++p) state_.keyspace.SavePartition(p, bytes);
    return bytes;
  }

  static std::vector<std::string> Words(std::string_view line) {
    std::vector<std::string> words;
    for (size_t i = 0; i < line.size();) {
      if (line[i] == ' ') {
        ++i;
        continue;
      }
      std::string word;
      if (line[i] == '"') {
        for (++i; i < line.size() && line[i] != '"'; ++i) word += Unescaped(line, i);
        ++i;
      }
      while (i < line.size() && line[i] != ' ') word += line[i++];
      words.push_back(std::move(word));
    }
    return words;
  }

  State state_{/*hash_seed=*/42};
  CommandTable table_;
  Random random_{1};
  uint64_t now_ms_ = 1'700'000'000'000;
  uint32_t db_ = 0;
  int resp_version_ = 2;

 private:
  // The byte that stands at `i`, which is left on the last character of an escape.
  static char Unescaped(std::string_view line, size_t& i) {
    if (line[i] != '\\' || i + 1 >= line.size()) return line[i];
    switch (line[++i]) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'a':
        return '\a';
      case 'b':
        return '\b';
      case 'x': {
        const std::string digits(line.substr(i + 1, 2));
        i += 2;
        return static_cast<char>(std::stoi(digits, nullptr, 16));
      }
      default:
        return line[i];
    }
  }
};

}  // namespace mydis
