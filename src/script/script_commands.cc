// SCRIPT: the cache of scripts.
#include <array>
#include <string>

#include "base/ascii.h"
#include "base/sha1.h"
#include "commands/arg_parser.h"
#include "commands/subcommands.h"
#include "script/run_script.h"
#include "script/script_family.h"

namespace mydis {

void DebugDenyScriptsCommand(WriteContext& c) {
  c.state.scripts.set_debug_allowed(c.args[2] != "0");
  c.reply.Ok();
}

void ScriptDebugCommand(ReadContext& c) {
  if (EqualsUpper(c.args[2], "NO")) return c.reply.Ok();
  if (EqualsUpper(c.args[2], "YES") || EqualsUpper(c.args[2], "SYNC")) {
    return c.reply.Error(
        "ERR there is no script debugger here: scripts run on every instance at once. Use "
        "redis.log "
        "in the script, or a redis-server for debugging");
  }
  c.reply.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

void ScriptExistsCommand(ReadContext& c) {
  c.reply.ArrayHeader(c.args.size() - 2);
  for (const std::string_view sha : c.args.subspan(2))
    c.reply.Integer(c.state.scripts.Find(ToLower(sha)) != nullptr);
}

void ScriptFlushCommand(WriteContext& c) {
  const bool known =
      c.args.size() == 2 ||
      (c.args.size() == 3 && (EqualsUpper(c.args[2], "SYNC") || EqualsUpper(c.args[2], "ASYNC")));
  if (!known) return c.reply.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  c.state.scripts.Flush();
  c.reply.Ok();
}

void ScriptHelpCommand(ReadContext& c) {
  static constexpr std::array<std::string_view, 10> kLines = {
      "DEBUG (YES|SYNC|NO)",
      "    NO is accepted; there is no debugger.",
      "EXISTS <sha1> [<sha1> ...]",
      "    Tells which of the scripts are in the cache.",
      "FLUSH [ASYNC|SYNC]",
      "    Empties the script cache of the whole cluster.",
      "KILL",
      "    Answers NOTBUSY: a script ends by itself when its budget is used up.",
      "LOAD <script>",
      "    Puts a script into the cache without running it.",
  };
  ReplyHelp("SCRIPT", kLines, c.reply);
}

void ScriptKillCommand(ReadContext& c) {
  c.reply.Error("NOTBUSY No scripts in execution right now.");
}

void ScriptLoadCommand(WriteContext& c) {
  const std::string_view text = c.args[2];
  const std::string sha = Sha1Hex(text);
  uint32_t flags = 0;
  size_t shebang = 0;
  std::string error;
  if (!ReadShebang(text, &flags, &shebang, &error)) return c.reply.Error(error);
  if (!CompileScript(sha, text, shebang, c.reply)) return;
  c.state.scripts.AddLoaded(sha, text, flags);
  c.reply.Bulk(sha);
}

}  // namespace mydis
