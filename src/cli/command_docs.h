// What the server tells about its commands (COMMAND DOCS), for completion, hints and `help`. Any
// thread once made.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/resp_reader.h"

namespace mydis {

struct CommandDoc {
  std::string summary;
  std::string since;
  std::string group;
  std::string complexity;
  struct Argument {
    std::string syntax;  // "key", "[NX | XX]", "value [value ...]"
    bool fixed;          // Exactly one word, so a word typed there is this argument.
  };
  std::vector<Argument> arguments;

  // Arguments from the `first` on, separated by spaces.
  std::string Syntax(size_t first = 0) const;
};

class CommandDocs {
 public:
  CommandDocs() = default;
  // From the reply to COMMAND DOCS; what is not understood in it is left out.
  explicit CommandDocs(const RespValue& reply);

  bool empty() const { return docs_.empty(); }
  // The command that `words` begins with and how many of the words are its name; {nullptr, 0} if
  // there is none.
  std::pair<const CommandDoc*, size_t> Find(std::span<const std::string_view> words) const;
  // Commands (or subcommands) that `text`, the line up to the cursor, may become: whole names in
  // the case that the user types.
  std::vector<std::string> Complete(std::string_view text) const;
  // What is still to come after `words`.
  std::string Hint(std::span<const std::string_view> words) const;
  // Answer to `help …`.
  std::string Help(std::span<const std::string_view> topic) const;

 private:
  void Add(const RespValue& name, const RespValue& doc);
  std::map<std::string, CommandDoc, std::less<>> docs_;  // By name in capitals: "CONFIG GET".
};

}  // namespace mydis
