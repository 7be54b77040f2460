// `mydis server`.
#include <fmt/core.h>

#include <cstdlib>

#include "base/version.h"
#include "cli/server_flags.h"
#include "cli/subcommands.h"
#include "server/run_server.h"

namespace mydis {

int ServerMain(std::span<const std::string> arguments) {
  const CommandLineSpec& spec = ServerCommandLine();
  const Result<CommandLine> line = ParseCommandLine(spec, arguments);
  if (!line) return UsageError(spec.program, line.error().message());
  if (line->help) {
    fmt::print("{}", HelpText(spec));
    return kExitOk;
  }
  if (line->Has("version")) {
    fmt::print("mydis {}\n", Version());
    return kExitOk;
  }
  const Result<ServerOptions> options =
      ReadServerOptions(*line, [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      });
  if (!options) return UsageError(spec.program, options.error().message());
  return RunServer(*options);
}

}  // namespace mydis
