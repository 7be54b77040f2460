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
  // Gives the exit status.
  int (*run)(const CommandLine& line);
};

// In the order of the help.
std::span<const Subcommand> Subcommands();

// Null: there is none of this name.
const Subcommand* FindSubcommand(std::string_view name);

// Takes the words that follow its name, gives the exit status. A wrong command line, and --help,
// are dealt with here.
int RunSubcommand(const Subcommand& subcommand, std::span<const std::string> arguments);

const CommandLineSpec& ServerCommandLine();
int ServerMain(const CommandLine& line);

const CommandLineSpec& CliCommandLine();
int CliMain(const CommandLine& line);

const CommandLineSpec& ClusterCommandLine();
int ClusterMain(const CommandLine& line);

const CommandLineSpec& TokenCommandLine();
int TokenMain(const CommandLine& line);

const CommandLineSpec& BackupCommandLine();
int BackupMain(const CommandLine& line);

const CommandLineSpec& RestoreCommandLine();
int RestoreMain(const CommandLine& line);

const CommandLineSpec& ImportCommandLine();
int ImportMain(const CommandLine& line);

const CommandLineSpec& ExportCommandLine();
int ExportMain(const CommandLine& line);

const CommandLineSpec& VerifyCommandLine();
int VerifyMain(const CommandLine& line);

const CommandLineSpec& RecoverCommandLine();
int RecoverMain(const CommandLine& line);

const CommandLineSpec& BenchCommandLine();
int BenchMain(const CommandLine& line);

const CommandLineSpec& CompletionCommandLine();
int CompletionMain(const CommandLine& line);

const CommandLineSpec& ManCommandLine();
int ManMain(const CommandLine& line);

}  // namespace mydis
