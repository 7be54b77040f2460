// What scripts may call: Redis's checks in Redis's order, and the few commands that elsewhere
// belong to a session.
#include <fmt/format.h>

#include <array>

#include "base/read_trace.h"
#include "commands/acl_rights.h"
#include "commands/acl_rules.h"
#include "commands/arg_parser.h"
#include "commands/blocking.h"
#include "commands/protocol_types.h"
#include "script/call.h"

namespace mydis {
namespace {

bool IsSession(const CommandSpec& spec) {
  constexpr std::array<std::string_view, 5> kNames = {"echo", "ping", "select", "time", "wait"};
  for (const std::string_view name : kNames) {
    if (spec.name == name) return true;
  }
  return false;
}

// DEBUG's subcommands that a script may call once DEBUG SET-DISABLE-DENY-SCRIPTS has allowed it.
bool IsDebug(const ScriptCall& call, const CommandSpec& spec) {
  if (spec.name != "protocol" && spec.name != "sleep") return false;
  const CommandSpec* container = call.table->ContainerOf(spec);
  return container != nullptr && container->name == "debug";
}

// Nothing that this script has written can have reached another instance yet.
void Wait(const ScriptCall& call, Args args, Reply& reply) {
  if (!ParseInteger(args[1])) return reply.Error("ERR value is not an integer or out of range");
  std::string_view reason;
  if (!ParseTimeoutMs(args[2], call.now_ms(), &reason)) return reply.Error(reason);
  reply.Integer(0);
}

// Commands of a session that a script has too; they need nothing but the call.
void RunSession(ScriptCall& call, const CommandSpec& spec, Args args, Reply& reply) {
  if (spec.name == "ping") {
    if (args.size() > 2) return reply.Error("ERR wrong number of arguments for 'ping' command");
    return args.size() == 2 ? reply.Bulk(args[1]) : reply.Simple("PONG");
  }
  if (spec.name == "echo") return reply.Bulk(args[1]);
  if (spec.name == "time") {
    const uint64_t now_ms = call.now_ms();
    reply.ArrayHeader(2);
    reply.Bulk(fmt::format("{}", now_ms / 1000));
    return reply.Bulk(fmt::format("{}", now_ms % 1000 * 1000));
  }
  if (spec.name == "protocol") return ReplyOfType(args[2], reply);
  // Sleeping takes no time where time stands still.
  if (spec.name == "sleep") return reply.Ok();
  if (spec.name == "wait") return Wait(call, args, reply);
  const auto wanted = ParseInteger(args[1]);
  if (!wanted) return reply.Error("ERR value is not an integer or out of range");
  if (*wanted < 0 || *wanted >= kDatabases) return reply.Error("ERR DB index is out of range");
  call.db = static_cast<uint32_t>(*wanted);
  reply.Ok();
}

// Decided by the users at this place in the log, so alike on every instance.
bool UserMayRun(const ScriptCall& call, const CommandSpec& spec, Args args, AclVerdict* verdict,
                std::string* lacking) {
  if (call.user().empty()) return true;
  const auto rights = RightsOf(*call.table, call.state().users, call.user());
  if (rights == nullptr) {
    *verdict = {AclRefusal::kCommand, 0};
    *lacking = fmt::format("User {} does not exist any more", call.user());
    return false;
  }
  *verdict = rights->Check(spec, args);
  if (!verdict->ok()) *lacking = rights->Explain(*verdict, spec, args);
  return verdict->ok();
}

// For ACL LOG of the instance that has the client.
void NoteRefusal(const ScriptCall& call, const AclVerdict& verdict, const CommandSpec& spec,
                 Args args) {
  if (thread_read_trace.refused == nullptr) return;
  const bool command = verdict.refusal == AclRefusal::kCommand;
  thread_read_trace.refused->push_back(
      {verdict.refusal,
       command ? AclName(*call.table, spec) : std::string(args[verdict.position])});
}

std::string_view SortRefusal(const ScriptCall& call, const CommandSpec& spec, Args args) {
  if (call.user().empty()) return {};
  const auto rights = RightsOf(*call.table, call.state().users, call.user());
  return rights == nullptr ? std::string_view() : rights->CheckSort(spec, args);
}

}  // namespace

bool UserMayRun(const ScriptCall& call, const CommandSpec& spec, Args args) {
  AclVerdict verdict;
  std::string lacking;
  return UserMayRun(call, spec, args, &verdict, &lacking);
}

bool MayCall(ScriptCall& call, const CommandSpec* spec, Args args, std::string* error) {
  const auto refuse = [error](std::string_view text) {
    *error = text;
    return false;
  };
  const bool container = spec != nullptr && spec->handler.read == nullptr &&
                         spec->handler.write == nullptr && spec->handler.local == nullptr;
  if (spec == nullptr || (container && args.size() > 1))
    return refuse("Unknown Redis command called from script");
  if (!ArityFits(*spec, args.size()))
    return refuse("Wrong number of args calling Redis command from script");
  const bool debug = call.state().scripts.debug_allowed() && IsDebug(call, *spec);
  if ((spec->flags & kNoScript) != 0 && !debug)
    return refuse("This Redis command is not allowed from script");
  if (spec->effect == Effect::kLocal && !debug && !IsSession(*spec)) {
    *error = fmt::format("'{}' answers for one instance alone and cannot be called from a script",
                         spec->name);
    return false;
  }
  AclVerdict verdict;
  std::string lacking;
  if (!UserMayRun(call, *spec, args, &verdict, &lacking)) {
    NoteRefusal(call, verdict, *spec, args);
    return refuse("ACL failure in script: " + lacking);
  }
  const bool writes = spec->effect == Effect::kWrite;
  if (call.read_only && (writes || (spec->flags & kMayReplicate) != 0))
    return refuse("Write commands are not allowed from read-only scripts.");
  if (call.out_of_memory && !call.allow_oom && !call.wrote && (spec->flags & kDenyOom) != 0)
    return refuse("-OOM command not allowed when used memory > 'maxmemory'.");
  if (const std::string_view sort = SortRefusal(call, *spec, args); !sort.empty())
    return refuse("-" + std::string(sort));
  if (writes) call.wrote = true;
  return true;
}

void RunCalled(ScriptCall& call, const CommandSpec& spec, Args args, Reply& reply) {
  if (thread_read_trace.calls != nullptr) [[unlikely]]
    thread_read_trace.calls->push_back({call.db, {args.begin(), args.end()}});
  if (spec.effect == Effect::kLocal) return RunSession(call, spec, args, reply);
  if (call.write != nullptr) {
    WriteContext context = call.write->Called(args, reply, call.db);
    // The script may write what it is told.
    context.reply_is_kept = true;
    if (spec.handler.write != nullptr) return spec.handler.write(context);
    NoteRead(spec, args);
    ReadContext read = context.AsRead();
    return spec.handler.read(read);
  }
  NoteRead(spec, args);
  ReadContext context = call.read->Called(args, reply, call.db);
  spec.handler.read(context);
}

}  // namespace mydis
