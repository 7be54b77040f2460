// The commands as docs/commands.md lists them, and why some have no typed call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mydis {

struct DocumentedCommand {
  std::string name;    // "OBJECT ENCODING"
  std::string family;  // "Keys of any type"
  std::string effect;  // "Write", "Read" or "Local"
};

std::vector<DocumentedCommand> DocumentedCommands();

// Why a command has no call of its own; empty if it should have one. Of families that a program
// calls little, whatever has none has none.
std::string_view WhyNoCall(const DocumentedCommand& command);

}  // namespace mydis
