#include "transcript_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <span>
#include <sstream>
#include <utility>

namespace mydis {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) {
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) lines_.push_back(line);
  }

  std::vector<TranscriptStep> Parse() {
    TranscriptStep next;  // Carries the modifiers that stand before a command.
    while (at_ < lines_.size()) {
      const std::string line = lines_[at_++];
      if (line.find_first_not_of(' ') == line.npos || line == "#" || line.starts_with("# "))
        continue;
      next.line = at_;
      if (line.starts_with('@')) {
        if (!Modifier(line, &next)) steps_.push_back(Directive(line));
        continue;
      }
      Command(line, &next);
      steps_.push_back(std::exchange(next, {}));
    }
    return std::move(steps_);
  }

 private:
  [[noreturn]] void Fail(std::string_view why) {
    throw TranscriptError(fmt::format("line {}: {}", at_, why));
  }

  bool Modifier(const std::string& line, TranscriptStep* next) {
    std::istringstream words(line.substr(1));
    std::string name;
    words >> name;
    if (name == "mydis" || name == "redis-7.2") return true;  // Only other servers leave it out.
    if (name == "eventually") return next->eventually = true;
    if (name == "save") return static_cast<bool>(words >> next->save);
    if (name != "unordered") return false;
    next->unordered.emplace();
    for (std::string word; words >> word;) {
      if (word == "pairs") {
        next->unordered->pairs = true;
      } else {
        next->unordered->depth = std::stoul(word);
      }
    }
    return true;
  }

  TranscriptStep Directive(const std::string& line) {
    TranscriptStep step;
    step.kind = TranscriptStep::Kind::kDirective;
    step.line = at_;
    const size_t space = std::min(line.find(' '), line.size());
    step.name = line.substr(1, space - 1);
    if (space < line.size()) step.text = line.substr(space + 1);
    return step;
  }

  void Command(const std::string& line, TranscriptStep* step) {
    using Kind = TranscriptStep::Kind;
    if (line == "---") {
      step->kind = Kind::kCut;
    } else if (line.starts_with(">> ")) {
      step->kind = Kind::kQueue;
      step->text = line.substr(3);
    } else if (line == "<" || line.starts_with("> ")) {
      step->kind = line == "<" ? Kind::kReceive : Kind::kSend;
      if (line != "<") step->text = line.substr(2);
      while (at_ < lines_.size() && IsReply(lines_[at_])) step->replies.push_back(Reply(0));
      if (step->replies.empty()) Fail("no reply stands below");
    } else {
      Fail("neither a command, a reply, a directive nor a comment");
    }
  }

  static bool IsReply(std::string_view text) {
    if (text.empty() || text == "---" || text == "#" || text.starts_with("# ")) return false;
    if (text.starts_with("> ") || text.starts_with(">> ")) return false;
    if (text.starts_with('@'))
      return text == "@any" || text.starts_with("@match ") || text.starts_with("@left ");
    return std::string_view("+-:\"(*~>%|,#=!").contains(text[0]);
  }

  ExpectedReply Reply(size_t indent) {
    if (at_ >= lines_.size()) Fail("the aggregate above lacks elements");
    const std::string& line = lines_[at_++];
    const std::string text = line.substr(std::min(indent, line.size()));
    if (line.find_first_not_of(' ') < indent || !IsReply(text))
      Fail(fmt::format("not a reply indented by {} spaces", indent));
    ExpectedReply reply{at_, text, {}};
    if (!std::string_view("*~>%|").contains(text[0])) return reply;
    const bool pairs = text[0] == '%' || text[0] == '|';
    reply.items.reserve(std::stoul(text.substr(1)) * (pairs ? 2 : 1));
    while (reply.items.size() < reply.items.capacity()) reply.items.push_back(Reply(indent + 2));
    return reply;
  }

  std::vector<std::string> lines_;
  size_t at_ = 0;  // The next line.
  std::vector<TranscriptStep> steps_;
};

struct Context {
  const std::optional<Unordered>& unordered;
  const TranscriptVariables& variables;
  size_t depth;
};

bool InOrder(std::span<const ExpectedReply> expected, std::span<const TranscriptReply> replies,
             const Context& context) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!Matches(expected[i], replies[i], context.unordered, context.variables, context.depth))
      return false;
  }
  return true;
}

// Groups of `size` neighbours in any order; exact values first, so that patterns take what is left.
bool InAnyOrder(std::span<const ExpectedReply> expected, std::span<const TranscriptReply> replies,
                size_t size, const Context& context) {
  if (replies.size() % size != 0) return false;
  std::vector<std::span<const ExpectedReply>> wanted;
  for (size_t i = 0; i < expected.size(); i += size) wanted.push_back(expected.subspan(i, size));
  std::ranges::stable_partition(wanted, [](const auto& group) {
    return std::ranges::none_of(group, [](const auto& e) { return e.text.starts_with('@'); });
  });
  std::vector<std::span<const TranscriptReply>> left;
  for (size_t i = 0; i < replies.size(); i += size) left.push_back(replies.subspan(i, size));
  for (const auto& group : wanted) {
    const auto found = std::ranges::find_if(
        left, [&](const auto& candidate) { return InOrder(group, candidate, context); });
    if (found == left.end()) return false;
    left.erase(found);
  }
  return true;
}

// "@left 100", "@left 5000 ms": whether so much of a deadline that was given in this file can be
// left, rounded as Redis rounds.
bool IsLeft(const std::string& text, const TranscriptReply& reply,
            const TranscriptVariables& variables) {
  static const std::regex form("@left ([0-9]+)( ms)?");
  std::smatch found;
  if (!std::regex_match(text, found, form) || reply.kind != ':') return false;
  const long given = std::stol(found[1]);
  const long unit_ms = found[2].matched ? 1 : 1000;
  const auto elapsed = variables.find(kElapsedMs);
  const long elapsed_ms = elapsed == variables.end() ? 0 : std::stol(elapsed->second);
  const long left = std::stol(Notation(reply).substr(1));
  return (given * unit_ms - elapsed_ms + unit_ms / 2) / unit_ms <= left && left <= given;
}

}  // namespace

std::vector<TranscriptStep> ParseTranscript(std::string_view text) { return Parser(text).Parse(); }

bool Matches(const ExpectedReply& expected, const TranscriptReply& reply,
             const std::optional<Unordered>& unordered, const TranscriptVariables& variables,
             size_t depth) {
  if (expected.text == "@any") return true;
  if (expected.text.starts_with("@match ")) {
    const std::regex pattern(Substitute(expected.text.substr(7), variables));
    return std::regex_match(Notation(reply), pattern);
  }
  if (expected.text.starts_with("@left ")) return IsLeft(expected.text, reply, variables);
  const std::string text = Substitute(expected.text, variables);
  if (!reply.aggregate()) {
    // Strings are compared by their bytes, so that each may be written in several ways.
    if (reply.kind == '$' && !reply.nil && text.starts_with('"'))
      return ParseQuoted(text) == reply.text;
    return text == Notation(reply);
  }
  if (text != Notation(reply)) return false;
  const Context context{unordered, variables, depth + 1};
  if (!unordered || unordered->depth != depth + 1)
    return InOrder(expected.items, reply.items, context);
  const bool pairs = reply.kind == '%' || unordered->pairs;
  return InAnyOrder(expected.items, reply.items, pairs ? 2 : 1, context);
}

void RenderExpected(const ExpectedReply& expected, size_t indent, std::string* out) {
  out->append(indent, ' ').append(expected.text).append("\n");
  for (const ExpectedReply& item : expected.items) RenderExpected(item, indent + 2, out);
}

}  // namespace mydis
