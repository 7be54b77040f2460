// EVAL, EVALSHA, FCALL and their _RO forms.
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/sha1.h"
#include "script/run_script.h"
#include "script/script_family.h"

namespace mydis {
namespace {

constexpr std::string_view kErrNoScript = "NOSCRIPT No matching script. Please use EVAL.";
constexpr std::string_view kErrKeyCount = "ERR value is not an integer or out of range";
constexpr size_t kShaSize = 40;

// The SHA1 of a script's text; good until the next call. Clients that call by EVAL send the same
// few texts again and again: comparing one costs a tenth of hashing it.
std::string_view ShaOf(std::string_view text) {
  struct Known {
    std::string text;
    std::string sha = Sha1Hex({});
  };
  constexpr size_t kMaxText = size_t{16} << 10;
  // On the heap: a shared library's thread-local bytes must fit into what a program's threads keep
  // free for libraries that are loaded while it runs.
  // lint: thread-ok a function of the text alone
  thread_local std::vector<Known> all(16);
  // lint: thread-ok as above
  thread_local std::string sha_of_long;
  if (text.size() > kMaxText) return sha_of_long = Sha1Hex(text);
  Known& known = all[Hash64(text) % all.size()];
  if (known.text == text) return known.sha;
  known.sha = Sha1Hex(text);
  known.text = text;
  return known.sha;
}

// EVAL in both forms. The state has the script afterwards if this is a write.
void Eval(ScriptCall& call, Args args, Reply& reply) {
  if (!ReadKeys(args, kErrKeyCount, &call.keys, &call.args, reply)) return;
  const std::string_view text = args[1];
  const std::string_view sha = ShaOf(text);
  uint32_t flags = 0;
  size_t shebang = 0;
  std::string error;
  if (!ReadShebang(text, &flags, &shebang, &error)) return reply.Error(error);
  const ArenaImage* image = CompileScript(sha, text, shebang, reply);
  if (image == nullptr) return;
  if (call.write != nullptr) call.write->state.scripts.AddEval(sha, text, flags);
  call.name = sha;
  if (PrepareCall(call, flags, call.write == nullptr, reply)) RunScript(call, *image, reply);
}

void EvalSha(ScriptCall& call, Args args, Reply& reply) {
  if (args[1].size() != kShaSize) return reply.Error(kErrNoScript);
  if (!ReadKeys(args, kErrKeyCount, &call.keys, &call.args, reply)) return;
  const std::string sha = ToLower(args[1]);
  const CachedScript* script = call.state().scripts.Find(sha);
  if (script == nullptr) return reply.Error(kErrNoScript);
  if (call.write != nullptr) call.write->state.scripts.Touch(sha);
  call.name = sha;
  if (!PrepareCall(call, script->flags, call.write == nullptr, reply)) return;
  uint32_t flags = 0;
  size_t shebang = 0;
  std::string error;
  ReadShebang(script->text, &flags, &shebang, &error);
  const ArenaImage* image = CompileScript(sha, script->text, shebang, reply);
  if (image != nullptr) RunScript(call, *image, reply);
}

void Fcall(ScriptCall& call, Args args, Reply& reply) {
  const FunctionLibrary* library = call.state().scripts.LibraryOf(args[1]);
  if (library == nullptr) return reply.Error("ERR Function not found");
  if (!ReadKeys(args, "ERR Bad number of keys provided", &call.keys, &call.args, reply)) return;
  const auto& [name, function] = *library->functions.find(args[1]);
  call.name = name;
  call.is_eval = false;
  if (PrepareCall(call, function.flags, call.write == nullptr, reply))
    RunFunction(call, *library, reply);
}

ScriptCall CallOf(WriteContext& context) {
  ScriptCall call;
  call.write = &context;
  call.db = context.db;
  return call;
}

ScriptCall CallOf(ReadContext& context) {
  ScriptCall call;
  call.read = &context;
  call.db = context.db;
  return call;
}

}  // namespace

void EvalCommand(WriteContext& c) {
  ScriptCall call = CallOf(c);
  Eval(call, c.args, c.reply);
}

void EvalRoCommand(ReadContext& c) {
  ScriptCall call = CallOf(c);
  Eval(call, c.args, c.reply);
}

void EvalshaCommand(WriteContext& c) {
  ScriptCall call = CallOf(c);
  EvalSha(call, c.args, c.reply);
}

void EvalshaRoCommand(ReadContext& c) {
  ScriptCall call = CallOf(c);
  EvalSha(call, c.args, c.reply);
}

void FcallCommand(WriteContext& c) {
  ScriptCall call = CallOf(c);
  Fcall(call, c.args, c.reply);
}

void FcallRoCommand(ReadContext& c) {
  ScriptCall call = CallOf(c);
  Fcall(call, c.args, c.reply);
}

const CommandSpec* ReadOnlyForm(const CommandTable& table, const CommandSpec* spec, Args args,
                                const State& state) {
  const auto no_writes = [](uint32_t flags) {
    return (flags & kScriptNoWrites) != 0 && (flags & kScriptCompat) == 0;
  };
  const Scripts& scripts = state.scripts;
  if (spec->handler.write == &FcallCommand) {
    const FunctionLibrary* library = scripts.LibraryOf(args[1]);
    const bool reads =
        library != nullptr && no_writes(library->functions.find(args[1])->second.flags);
    return reads ? table.Find("fcall_ro") : spec;
  }
  if (spec->handler.write == &EvalshaCommand) {
    const CachedScript* script = scripts.Find(ToLower(args[1]));
    return script != nullptr && no_writes(script->flags) ? table.Find("evalsha_ro") : spec;
  }
  if (spec->handler.write == &EvalCommand && args[1].starts_with("#!")) {
    const CachedScript* script = scripts.Find(ShaOf(args[1]));
    return script != nullptr && no_writes(script->flags) ? table.Find("eval_ro") : spec;
  }
  return spec;
}

bool DeclaresNoWrites(const CommandTable& table, const CommandSpec* spec, Args args,
                      const State& state) {
  if (spec->handler.write == &EvalCommand) {
    uint32_t flags = 0;
    size_t length = 0;
    std::string error;
    return ReadShebang(args[1], &flags, &length, &error) && length > 0 &&
           (flags & kScriptNoWrites) != 0;
  }
  return ReadOnlyForm(table, spec, args, state) != spec;
}

}  // namespace mydis
