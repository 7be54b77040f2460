// Reads transcript files into steps and compares replies with them. Their grammar:
// tests/resp/README.md. For test programs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transcript_notation.h"

namespace mydis {

// An expected reply: its line and, for an aggregate, the replies inside.
struct ExpectedReply {
  size_t line = 0;
  std::string text;
  std::vector<ExpectedReply> items;
};

// `@unordered DEPTH pairs`.
struct Unordered {
  size_t depth = 1;
  bool pairs = false;
};

struct TranscriptStep {
  enum class Kind { kSend, kQueue, kReceive, kCut, kDirective };
  Kind kind = Kind::kSend;
  size_t line = 0;
  std::string name;  // Of a directive, without the @.
  std::string text;  // The command's words, or what stands behind the directive.
  std::vector<ExpectedReply> replies;
  std::optional<Unordered> unordered;
  bool eventually = false;
  std::string save;
};

// Throws TranscriptError with the line's number.
std::vector<TranscriptStep> ParseTranscript(std::string_view text);

// The variable that says how many milliseconds ago the file began; no name that @save takes.
inline constexpr std::string_view kElapsedMs = "@elapsed";

bool Matches(const ExpectedReply& expected, const TranscriptReply& reply,
             const std::optional<Unordered>& unordered, const TranscriptVariables& variables,
             size_t depth = 0);
void RenderExpected(const ExpectedReply& expected, size_t indent, std::string* out);

}  // namespace mydis
