// FUNCTION DUMP and RESTORE in Redis's format:
//
//   for each library: opcode 245, then its code as a string of an RDB file
//   u16 version of the RDB format, u64 CRC-64 of everything before, both little endian
#include <fmt/format.h>

#include <map>
#include <string>

#include "base/codec.h"
#include "base/crc64.h"
#include "commands/arg_parser.h"
#include "script/library.h"
#include "script/script_family.h"
#include "state/rdb_value.h"
#include "types/rdb_bytes.h"

namespace mydis {
namespace {

constexpr uint8_t kOpcodeFunction = 245;
constexpr uint8_t kOpcodeOldFunction = 246;
constexpr size_t kFooter = 10;

using LoadedLibraries = std::map<std::string, FunctionLibrary, std::less<>>;

// The libraries of a dump; an empty error means that all is well.
std::string LoadDump(std::string_view body, LoadedLibraries* libraries) {
  std::map<std::string, std::string, std::less<>> owners;
  MemorySource source(body);
  RdbReader in(source);
  while (const auto next = source.Take(1)) {
    const auto opcode = static_cast<uint8_t>(next->front());
    if (opcode == kOpcodeOldFunction) return "Pre-GA function format not supported";
    if (opcode != kOpcodeFunction) return "given type is not a function";
    const std::string code = in.String();
    if (!in.ok()) return "Failed loading library code";
    auto library = LoadLibrary(code);
    if (!library) return library.error().message();
    if (libraries->contains(library->name))
      return fmt::format("Library '{}' already exists", library->name);
    for (const auto& [name, function] : library->functions) {
      if (!owners.emplace(name, library->name).second)
        return fmt::format("Function {} already exists", name);
    }
    std::string name = library->name;
    libraries->emplace(std::move(name), *std::move(library));
  }
  return {};
}

// What stands in the way of adding the libraries to those there; empty: nothing.
std::string Collision(const Scripts& scripts, const LoadedLibraries& libraries, bool replace) {
  for (const auto& [name, library] : libraries) {
    if (!replace && scripts.FindLibrary(name) != nullptr)
      return fmt::format("Library {} already exists", name);
  }
  for (const auto& [name, library] : libraries) {
    for (const auto& [function, about] : library.functions) {
      const FunctionLibrary* other = scripts.LibraryOf(function);
      if (other != nullptr && !libraries.contains(other->name))
        return fmt::format("Function {} already exists", function);
    }
  }
  return {};
}

}  // namespace

void FunctionDumpCommand(ReadContext& c) {
  std::string dump;
  RdbWriter writer(dump);
  for (const auto& [name, library] : c.state.scripts.libraries()) {
    writer.U8(kOpcodeFunction);
    writer.String(library.code);
  }
  Encoder out(dump);
  out.U16(kRdbVersion);
  out.U64(Crc64(dump));
  c.reply.Bulk(dump);
}

void FunctionRestoreCommand(WriteContext& c) {
  if (c.args.size() > 4) {
    return c.reply.Error(fmt::format(
        "ERR unknown subcommand or wrong number of arguments for '{}'. Try FUNCTION HELP.",
        c.args[1]));
  }
  bool flush = false;
  bool replace = false;
  if (c.args.size() == 4) {
    flush = EqualsUpper(c.args[3], "FLUSH");
    replace = EqualsUpper(c.args[3], "REPLACE");
    if (!flush && !replace && !EqualsUpper(c.args[3], "APPEND")) {
      return c.reply.Error(
          "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    }
  }
  const std::string_view dump = c.args[2];
  if (!IsDumpPayload(dump)) return c.reply.Error("ERR DUMP payload version or checksum are wrong");
  LoadedLibraries libraries;
  std::string error = LoadDump(dump.substr(0, dump.size() - kFooter), &libraries);
  Scripts& scripts = c.state.scripts;
  if (error.empty() && !flush) error = Collision(scripts, libraries, replace);
  if (!error.empty()) return c.reply.Error("ERR " + error);
  if (flush) scripts.FlushLibraries();
  for (auto& [name, library] : libraries) {
    scripts.RemoveLibrary(name);
    scripts.AddLibrary(std::move(library));
  }
  c.reply.Ok();
}

}  // namespace mydis
