// FUNCTION: libraries of functions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string>

#include "base/ascii.h"
#include "base/glob.h"
#include "base/sha1.h"
#include "base/split_line.h"
#include "commands/arg_parser.h"
#include "commands/subcommands.h"
#include "script/library.h"
#include "script/register_function.h"
#include "script/script_family.h"
#include "script/vm.h"

namespace mydis {
namespace {

std::unexpected<Status> Refused(std::string text) {
  return Fail(ErrorCode::kInvalid, std::move(text));
}

// Of `#!lua name=mylib`.
Result<std::string> NameInLine(std::string_view line) {
  std::vector<std::string_view> words;
  std::deque<std::string> unquoted;
  if (!SplitLine(line, &words, &unquoted)) return Refused("Invalid library metadata");
  if (!EqualsIgnoreCase(words[0], "#!lua"))
    return Refused(fmt::format("Engine '{}' not found", words[0].substr(2)));
  std::optional<std::string> name;
  for (const std::string_view word : std::span(words).subspan(1)) {
    if (!ToLower(word).starts_with("name="))
      return Refused(fmt::format("Invalid metadata value given: {}", word));
    if (name) return Refused("Invalid metadata value, name argument was given multiple times");
    name = word.substr(5);
  }
  if (!name) return Refused("Library name was not given");
  if (!IsLibraryName(*name)) return Refused(std::string(kErrLibraryName));
  return *std::move(name);
}

void ReplyFunction(const std::string& name, const LibraryFunction& function, Reply& reply) {
  reply.MapHeader(3);
  reply.Bulk("name");
  reply.Bulk(name);
  reply.Bulk("description");
  function.has_description ? reply.Bulk(function.description) : reply.Null();
  reply.Bulk("flags");
  size_t count = 0;
  for (const std::string_view flag : kScriptFlagNames)
    count += (function.flags & ScriptFlagOf(flag)) != 0;
  reply.SetHeader(count);
  for (const std::string_view flag : kScriptFlagNames) {
    if ((function.flags & ScriptFlagOf(flag)) != 0) reply.Simple(flag);
  }
}

void ReplyLibrary(const FunctionLibrary& library, bool with_code, Reply& reply) {
  reply.MapHeader(with_code ? 4 : 3);
  reply.Bulk("library_name");
  reply.Bulk(library.name);
  reply.Bulk("engine");
  reply.Bulk("LUA");
  reply.Bulk("functions");
  reply.ArrayHeader(library.functions.size());
  for (const auto& [name, function] : library.functions) ReplyFunction(name, function, reply);
  if (!with_code) return;
  reply.Bulk("library_code");
  reply.Bulk(library.code);
}

}  // namespace

Result<std::string> LibraryName(std::string_view code) {
  if (!code.starts_with("#!")) return Refused("Missing library metadata");
  const size_t end = code.find('\n');
  if (end == std::string_view::npos) return Refused("Invalid library metadata");
  return NameInLine(code.substr(0, end));
}

Result<FunctionLibrary> LoadLibrary(std::string_view code) {
  auto name = LibraryName(code);
  if (!name) return std::unexpected(name.error());
  FunctionLibrary library;
  library.name = *std::move(name);
  library.code = code;
  library.sha = Sha1Hex(code);
  std::vector<RegisteredFunction> functions;
  std::string error;
  if (LuaVm::OfThread().Library(library.sha, code.substr(code.find('\n')), &functions, &error) ==
      nullptr)
    return Refused(error);
  if (functions.empty()) return Refused("No functions registered");
  for (RegisteredFunction& function : functions) {
    library.functions.emplace(
        std::move(function.name),
        LibraryFunction{std::move(function.description), function.has_description, function.flags});
  }
  return library;
}

void FunctionLoadCommand(WriteContext& c) {
  bool replace = false;
  for (const std::string_view word : c.args.subspan(2, c.args.size() - 3)) {
    if (!EqualsUpper(word, "REPLACE"))
      return c.reply.Error(fmt::format("ERR Unknown option given: {}", UpToZero(word)));
    replace = true;
  }
  const auto name = LibraryName(c.args.back());
  if (!name) return c.reply.Error("ERR " + name.error().message());
  Scripts& scripts = c.state.scripts;
  const bool exists = scripts.FindLibrary(*name) != nullptr;
  if (exists && !replace)
    return c.reply.Error(fmt::format("ERR Library '{}' already exists", *name));
  auto library = LoadLibrary(c.args.back());
  if (!library) return c.reply.Error("ERR " + library.error().message());
  for (const auto& [function, about] : library->functions) {
    const FunctionLibrary* other = scripts.LibraryOf(function);
    if (other != nullptr && other->name != *name)
      return c.reply.Error(fmt::format("ERR Function {} already exists", function));
  }
  if (exists) scripts.RemoveLibrary(*name);
  scripts.AddLibrary(*std::move(library));
  c.reply.Bulk(*name);
}

void FunctionDeleteCommand(WriteContext& c) {
  if (!c.state.scripts.RemoveLibrary(c.args[2])) return c.reply.Error("ERR Library not found");
  c.reply.Ok();
}

void FunctionFlushCommand(WriteContext& c) {
  if (c.args.size() > 3) {
    return c.reply.Error(fmt::format(
        "ERR unknown subcommand or wrong number of arguments for '{}'. Try FUNCTION HELP.",
        c.args[1]));
  }
  const bool known =
      c.args.size() == 2 || EqualsUpper(c.args[2], "SYNC") || EqualsUpper(c.args[2], "ASYNC");
  if (!known) return c.reply.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  c.state.scripts.FlushLibraries();
  c.reply.Ok();
}

void FunctionKillCommand(ReadContext& c) {
  c.reply.Error("NOTBUSY No scripts in execution right now.");
}

void FunctionListCommand(ReadContext& c) {
  bool with_code = false;
  const std::string_view* pattern = nullptr;
  for (size_t i = 2; i < c.args.size(); ++i) {
    if (!with_code && EqualsUpper(c.args[i], "WITHCODE")) {
      with_code = true;
    } else if (pattern == nullptr && EqualsUpper(c.args[i], "LIBRARYNAME")) {
      if (++i == c.args.size()) return c.reply.Error("ERR library name argument was not given");
      pattern = &c.args[i];
    } else {
      return c.reply.Error(fmt::format("ERR Unknown argument {}", UpToZero(c.args[i])));
    }
  }
  const auto wanted = [pattern](const FunctionLibrary& library) {
    return pattern == nullptr || GlobMatches(*pattern, library.name, true);
  };
  size_t count = 0;
  for (const auto& [name, library] : c.state.scripts.libraries()) count += wanted(library);
  c.reply.ArrayHeader(count);
  for (const auto& [name, library] : c.state.scripts.libraries()) {
    if (wanted(library)) ReplyLibrary(library, with_code, c.reply);
  }
}

void FunctionStatsCommand(ReadContext& c) {
  c.reply.MapHeader(2);
  c.reply.Bulk("running_script");
  c.reply.Null();
  c.reply.Bulk("engines");
  c.reply.MapHeader(1);
  c.reply.Bulk("LUA");
  c.reply.MapHeader(2);
  c.reply.Bulk("libraries_count");
  c.reply.Integer(static_cast<int64_t>(c.state.scripts.libraries().size()));
  c.reply.Bulk("functions_count");
  c.reply.Integer(static_cast<int64_t>(c.state.scripts.functions()));
}

void FunctionHelpCommand(ReadContext& c) {
  static constexpr std::array<std::string_view, 21> kLines = {
      "DELETE <LIBRARY NAME>",
      "    Deletes the library with all its functions.",
      "DUMP",
      "    Gives all libraries as bytes, which FUNCTION RESTORE takes.",
      "FLUSH [ASYNC|SYNC]",
      "    Deletes all libraries.",
      "KILL",
      "    Answers NOTBUSY: a function ends by itself when its budget is used up.",
      "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
      "    Lists the libraries, or those whose name matches, with their functions;",
      "    with WITHCODE their code too.",
      "LOAD [REPLACE] <FUNCTION CODE>",
      "    Adds a library, whose first line names it: #!lua name=mylib",
      "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
      "    Adds the libraries of FUNCTION DUMP:",
      "    * FLUSH: after deleting those that are there.",
      "    * APPEND: unless one is there already (the default).",
      "    * REPLACE: replacing those of the same name; a function that is in another",
      "      library is refused.",
      "STATS",
      "    Counts libraries and functions.",
  };
  ReplyHelp("FUNCTION", kLines, c.reply);
}

}  // namespace mydis
