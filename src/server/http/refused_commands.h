// Commands that are about a connection, which an HTTP request is not.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/table.h"

namespace mydis {

// What HTTP makes of a command's words before it sends them.
struct HttpCommand {
  const CommandSpec* spec = nullptr;  // Null: there is no such command, which its error will say.
  std::string refusal;                // What to use instead; empty: it may be sent.
  bool writes() const { return spec != nullptr && spec->effect == Effect::kWrite; }
};
HttpCommand ExamineCommand(const CommandTable& table, const std::vector<std::string>& words);

}  // namespace mydis
