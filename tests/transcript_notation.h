// Strings and replies in the notation of tests/resp/README.md, both ways. For test programs.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

// A line that is none of the grammar, or a reply that is none of the protocol.
struct TranscriptError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One reply of a server with its exact type.
struct TranscriptReply {
  char kind = 0;     // The type's first byte.
  bool nil = false;  // $-1, *-1 and _
  std::string text;  // Of everything that is no aggregate.
  std::vector<TranscriptReply> items;

  bool aggregate() const;
};

using TranscriptVariables = std::map<std::string, std::string, std::less<>>;

// Bytes as a double-quoted string.
std::string QuoteBytes(std::string_view bytes);
// The bytes of one quoted string, `*N` included.
std::string ParseQuoted(std::string_view text);
// Puts saved values in for ${NAME}.
std::string Substitute(std::string_view text, const TranscriptVariables& variables);
// The words of a command line.
std::vector<std::string> SplitWords(std::string_view text);
// A command as a client sends it.
std::string EncodeCommand(const std::vector<std::string>& words);

// Takes one whole reply from `bytes` at `*at`. False: more bytes are needed, `*at` is as it was.
bool ReadReply(std::string_view bytes, size_t* at, TranscriptReply* reply);
// The reply in one line; of an aggregate the first one.
std::string Notation(const TranscriptReply& reply);
// All lines, each indented and ended.
void RenderReply(const TranscriptReply& reply, size_t indent, std::string* out);

}  // namespace mydis
