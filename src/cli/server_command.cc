// `mydis server`.
#include <fmt/core.h>

#include <cstdlib>

#include "base/version.h"
#include "cli/server_flags.h"
#include "cli/subcommands.h"
#include "server/run_server.h"

namespace mydis {

int ServerMain(const CommandLine& line) {
  const CommandLineSpec& spec = ServerCommandLine();
  if (line.Has("version")) {
    fmt::print("mydis {}\n", Version());
    return kExitOk;
  }
  const Result<ServerOptions> options =
      ReadServerOptions(line, [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      });
  if (!options) return UsageError(spec.program, options.error().message());
  return RunServer(*options);
}

}  // namespace mydis
