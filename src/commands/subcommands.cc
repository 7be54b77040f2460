#include "commands/subcommands.h"

#include <string>

namespace mydis {

void ReplyHelp(std::string_view container, std::span<const std::string_view> lines, Reply& reply) {
  reply.ArrayHeader(lines.size() + 3);
  reply.Simple(std::string(container) +
               " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (std::string_view line : lines) reply.Simple(line);
  reply.Simple("HELP");
  reply.Simple("    Print this help.");
}

}  // namespace mydis
