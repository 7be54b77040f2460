// The subcommands of the `mydis` program: each takes the words that follow its name and gives the
// exit status. Main thread.
#pragma once

#include <span>
#include <string>

namespace mydis {

int ServerMain(std::span<const std::string> arguments);
int CliMain(std::span<const std::string> arguments);
int ClusterMain(std::span<const std::string> arguments);
int TokenMain(std::span<const std::string> arguments);
int BackupMain(std::span<const std::string> arguments);
int RestoreMain(std::span<const std::string> arguments);
int ImportMain(std::span<const std::string> arguments);
int ExportMain(std::span<const std::string> arguments);
int VerifyMain(std::span<const std::string> arguments);
int RecoverMain(std::span<const std::string> arguments);

}  // namespace mydis
