// The subcommands of the `mydis` program, in one table: what runs them, and the records of their
// command lines, from which help, manual pages and completion come. Main thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command_line.h"

namespace mydis {

struct Subcommand {
  std::string_view name;
  std::string_view summary;  // Without a full stop.
  const CommandLineSpec& (*command_line)();
  // Takes the words that follow its name, gives the exit status.
  int (*run)(std::span<const std::string> arguments);
};

// In the order of the help.
std::span<const Subcommand> Subcommands();

// Null: there is none of this name.
const Subcommand* FindSubcommand(std::string_view name);

const CommandLineSpec& ServerCommandLine();
int ServerMain(std::span<const std::string> arguments);

const CommandLineSpec& CliCommandLine();
int CliMain(std::span<const std::string> arguments);

const CommandLineSpec& ClusterCommandLine();
int ClusterMain(std::span<const std::string> arguments);

const CommandLineSpec& TokenCommandLine();
int TokenMain(std::span<const std::string> arguments);

const CommandLineSpec& BackupCommandLine();
int BackupMain(std::span<const std::string> arguments);

const CommandLineSpec& RestoreCommandLine();
int RestoreMain(std::span<const std::string> arguments);

const CommandLineSpec& ImportCommandLine();
int ImportMain(std::span<const std::string> arguments);

const CommandLineSpec& ExportCommandLine();
int ExportMain(std::span<const std::string> arguments);

const CommandLineSpec& VerifyCommandLine();
int VerifyMain(std::span<const std::string> arguments);

const CommandLineSpec& RecoverCommandLine();
int RecoverMain(std::span<const std::string> arguments);

const CommandLineSpec& BenchCommandLine();
int BenchMain(std::span<const std::string> arguments);

const CommandLineSpec& CompletionCommandLine();
int CompletionMain(std::span<const std::string> arguments);

const CommandLineSpec& ManCommandLine();
int ManMain(std::span<const std::string> arguments);

}  // namespace mydis
