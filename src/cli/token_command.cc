// `mydis token`: makes, lists and revokes tokens, through the Redis port of any instance.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/duration.h"
#include "cli/addresses.h"
#include "cli/command_line.h"
#include "cli/output_file.h"
#include "cli/remote_call.h"
#include "cli/reply_format.h"
#include "cli/subcommands.h"
#include "cli/text_table.h"
#include "cli/time_text.h"

namespace mydis {
namespace {

constexpr std::string_view kProgram = "mydis token";

constexpr OptionSpec kOptions[] = {
    {"--prefix", "P",
     "create: the token is for keys and channels that begin with P; several may be given", "all"},
    {"--read-only", "", "create: it may read, and hear channels, and no more"},
    {"--write-only", "", "create: it may write, without reading"},
    {"--monitoring", "", "create: it may see INFO, metrics and the cluster's status, and no key"},
    {"--admin", "", "create: it may do everything"},
    {"--expires", "D", "create: how long it is good for, like 30d", "for ever"},
    {"--name", "NAME", "create: what list and revoke call it", "made up"},
    kAddressOption,
    kHostOption,
    kPortOption,
    kUserOption,
    kPasswordOption,
    kTokenOption,
    kTlsOption,
    kTlsCaOption,
    kTlsCertOption,
    kTlsKeyOption,
    kTlsNameOption,
    {"--timeout", "D", "how long to wait for the answer", "30s"},
    {"--json", "", "print list as JSON"},
};

constexpr ActionSpec kActions[] = {
    {"create", "", 0, 0,
     "make a token and print it, alone on the last line; without options it may read and write all "
     "keys, for ever"},
    {"list", "", 0, 0, "show the tokens that there are, without their secrets"},
    {"revoke", "NAME...", 1, SIZE_MAX, "end tokens and close their connections"},
};

constexpr ExampleSpec kExamples[] = {
    {"mydis token create --prefix app1: --expires 30d", "for a program that has keys of its own"},
    {"mydis token create --monitoring --name prometheus", "for whoever collects metrics"},
    {"mydis token revoke prometheus", "from now on it opens no door"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = kProgram,
    .summary = "Makes, lists and revokes tokens: what a program gives to be let in.",
    .usage = "[OPTION]... ACTION [NAME]...",
    .options = kOptions,
    .footer =
        "Nobody can see a token again once create has printed it: the cluster keeps a hash. A "
        "client says AUTH TOKEN, or over HTTP the header Authorization: Bearer TOKEN. revoke takes "
        "names as list shows them, or tokens.",
    .actions = kActions,
    .examples = kExamples,
};

using Type = RespValue::Type;

std::string FieldText(const RespValue& map, std::string_view name) {
  for (size_t i = 0; i + 1 < map.elements.size(); i += 2) {
    if (map.elements[i].text != name) continue;
    const RespValue& value = map.elements[i + 1];
    return value.type == Type::kInteger ? std::to_string(value.integer) : value.text;
  }
  return {};
}

// UtcText; `none` for 0.
std::string TimeText(const std::string& milliseconds, std::string_view none) {
  const int64_t seconds = std::strtoll(milliseconds.c_str(), nullptr, 10) / 1000;
  return seconds == 0 ? std::string(none) : UtcText(seconds, /*exact=*/true);
}

std::string Table(const RespValue& tokens, bool people) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "ACCESS", "KEYS", "CREATED", "EXPIRES"}};
  for (const RespValue& token : tokens.elements) {
    rows.push_back({FieldText(token, "name"), FieldText(token, "access"), FieldText(token, "keys"),
                    TimeText(FieldText(token, "created-ms"), "at the start"),
                    TimeText(FieldText(token, "until-ms"), "never")});
  }
  return TextTable(rows, people);
}

int Failure(const Status& status) {
  if (status.code() == ErrorCode::kInvalid) return UsageError(kProgram, status.message());
  fmt::print(stderr, "{}: {}\n", kProgram, status.message());
  return kExitFailed;
}

Result<std::vector<std::string>> CreateCommand(const CommandLine& line) {
  std::vector<std::string> command = {"TOKEN", "CREATE"};
  const std::pair<std::string_view, std::string_view> accesses[] = {{"read-only", "READONLY"},
                                                                    {"write-only", "WRITEONLY"},
                                                                    {"monitoring", "MONITORING"},
                                                                    {"admin", "ADMIN"}};
  for (const auto& [option, word] : accesses) {
    if (line.Has(option)) command.emplace_back(word);
  }
  if (command.size() > 3)
    return Fail(ErrorCode::kInvalid,
                "give one of --read-only, --write-only, --monitoring, --admin");
  if (const auto found = line.values.find("prefix"); found != line.values.end()) {
    if (line.Has("admin") || line.Has("monitoring"))
      return Fail(ErrorCode::kInvalid,
                  "--admin is for everything and --monitoring for no key: leave out --prefix");
    for (const std::string& prefix : found->second) {
      if (prefix.empty())
        return Fail(ErrorCode::kInvalid, "--prefix: give a prefix, or leave it out");
      command.insert(command.end(), {"PREFIX", prefix});
    }
  }
  if (line.Has("expires")) {
    const Result<int64_t> ms = ParseDuration(line.Get("expires"));
    if (!ms) return Fail(ErrorCode::kInvalid, fmt::format("--expires: {}", ms.error().message()));
    if (*ms < 1000) return Fail(ErrorCode::kInvalid, "--expires: give 1s or more");
    command.insert(command.end(), {"EX", std::to_string(*ms / 1000)});
  }
  if (line.Has("name")) command.insert(command.end(), {"NAME", line.Get("name")});
  return command;
}

// Of a token, mydis_NAME_SECRET, or a name already.
std::string NameIn(const std::string& token) {
  return token.starts_with("mydis_") ? token.substr(6, token.find('_', 6) - 6) : token;
}

// A program's token that nothing limits, which may be more than was meant.
bool IsUnlimited(const CommandLine& line) {
  constexpr std::string_view kLimits[] = {"prefix",     "read-only", "write-only",
                                          "monitoring", "admin",     "expires"};
  return std::ranges::none_of(kLimits, [&](std::string_view option) { return line.Has(option); });
}

int Create(const CommandLine& line) {
  const Result<std::vector<std::string>> command = CreateCommand(line);
  if (!command) return UsageError(kProgram, command.error().message());
  const Result<RespValue> reply = CallInstance(line, *command);
  if (!reply) return Failure(reply.error());
  if (isatty(STDOUT_FILENO) != 0)
    fmt::print(
        "Keep this token: it cannot be shown again. AUTH TOKEN, or over HTTP Authorization: "
        "Bearer TOKEN\n");
  fmt::print("{}\n", reply->text);
  if (IsUnlimited(line))
    fmt::print(stderr,
               "{}: it may read and write all keys, for ever: --prefix, --read-only and --expires "
               "make one that may do less\n",
               kProgram);
  // Nobody can see it again.
  if (Status status = FlushOutput(); !status.ok()) {
    const std::string name = NameIn(reply->text);
    return Failure({status.code(), fmt::format("the token {} was made, but its secret is lost: "
                                               "mydis token revoke {} ends it",
                                               name, name)});
  }
  return kExitOk;
}

int List(const CommandLine& line) {
  const Result<RespValue> reply = CallInstance(line, {"TOKEN", "LIST"}, true);
  if (!reply) return Failure(reply.error());
  if (line.Has("json")) {
    fmt::print("{}\n", FormatJson(*reply));
  } else {
    fmt::print("{}", Table(*reply, isatty(STDOUT_FILENO) != 0));
  }
  return kExitOk;
}

int Revoke(const CommandLine& line) {
  std::vector<std::string> command = {"TOKEN", "REVOKE"};
  // The secrets themselves stay here.
  for (size_t i = 1; i < line.words.size(); ++i) command.push_back(NameIn(line.words[i]));
  const Result<RespValue> reply = CallInstance(line, command);
  if (!reply) return Failure(reply.error());
  fmt::print("revoked {}\n", reply->integer);
  return kExitOk;
}

}  // namespace

const CommandLineSpec& TokenCommandLine() { return kCommandLine; }

int TokenMain(const CommandLine& line) {
  if (line.words.size() > 1 && line.words[0] == "create")
    return UsageError(kProgram, fmt::format("a new token's name is an option: mydis token create "
                                            "--name {}",
                                            line.words[1]));
  const Result<const ActionSpec*> action = FindAction(kCommandLine, line);
  if (!action) return UsageError(kProgram, action.error().message());
  const std::string_view name = (*action)->name;
  return name == "create" ? Create(line) : name == "list" ? List(line) : Revoke(line);
}

}  // namespace mydis
