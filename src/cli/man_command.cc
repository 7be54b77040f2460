// `mydis man`.
#include <fmt/chrono.h>
#include <fmt/core.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>

#include "cli/command_line.h"
#include "cli/completion.h"
#include "cli/man_page.h"
#include "cli/nearest.h"
#include "cli/subcommands.h"

namespace mydis {
namespace {

constexpr OptionSpec kOptions[] = {
    {"--directory", "DIR", "write every page into DIR, as mydis.1, mydis-server.1 and so on"},
};

constexpr ExampleSpec kExamples[] = {
    {"mydis man server | man -l -", "read a page that is not installed"},
    {"mydis man --directory /usr/local/share/man/man1", "install all of them"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = "mydis man",
    .summary = "Prints a manual page of this program: mydis(1), or that of a subcommand.",
    .usage = "[OPTION]... [SUBCOMMAND]",
    .options = kOptions,
    .max_words = 1,
    .footer =
        "The pages bear the date of SOURCE_DATE_EPOCH if that is set, so that a package can "
        "be built again to the byte, and otherwise today's.",
    .examples = kExamples,
};

std::string Date() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  const std::time_t now = epoch == nullptr
                              ? std::time(nullptr)
                              : static_cast<std::time_t>(std::strtoll(epoch, nullptr, 10));
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(now));
}

Status Write(const std::string& path, const std::string& page) {
  std::ofstream file(path);
  file << page;
  file.close();
  if (file) return Status::Ok();
  return {ErrorCode::kIo, fmt::format("{} cannot be written: {}", path, std::strerror(errno))};
}

int WriteAll(const std::string& directory, const std::string& date) {
  Status status = Write(directory + "/mydis.1", ManPage(date));
  for (const Subcommand& subcommand : Subcommands()) {
    if (!status.ok()) break;
    status =
        Write(fmt::format("{}/mydis-{}.1", directory, subcommand.name), ManPage(subcommand, date));
  }
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "{}: {}\n", kCommandLine.program, status.message());
  return kExitFailed;
}

int UnknownPage(const std::string& typed) {
  std::vector<std::string_view> names;
  for (const Subcommand& subcommand : Subcommands()) names.push_back(subcommand.name);
  const std::string_view nearest = NearestWord(typed, names);
  return UsageError(
      kCommandLine.program,
      nearest.empty()
          ? fmt::format("there is no page of {}; mydis --help lists the subcommands", typed)
          : fmt::format("there is no page of {}; did you mean {}?", typed, nearest));
}

}  // namespace

const CommandLineSpec& ManCommandLine() { return kCommandLine; }

int ManMain(const CommandLine& line) {
  const std::string date = Date();
  if (line.Has("directory")) {
    if (line.words.empty()) return WriteAll(line.Get("directory"), date);
    return UsageError(kCommandLine.program, "--directory is for every page: leave out the word");
  }
  if (line.words.empty() || line.words[0] == "mydis") {
    fmt::print("{}", ManPage(date));
    return kExitOk;
  }
  const Subcommand* subcommand = FindSubcommand(line.words[0]);
  if (subcommand == nullptr) return UnknownPage(line.words[0]);
  fmt::print("{}", ManPage(*subcommand, date));
  return kExitOk;
}

}  // namespace mydis
