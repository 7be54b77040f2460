// WAIT, WAITAOF, ROLE, FAILOVER, SHUTDOWN, and clear words about what has no meaning here
// (REPLICAOF).
#include <algorithm>

#include "base/error_table.h"
#include "commands/arg_parser.h"
#include "server/connection.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"

namespace mydis {
namespace {

// Microseconds on the monotonic clock, 0 for no limit.
uint64_t DeadlineAfter(Node& node, int64_t timeout_ms) {
  if (timeout_ms == 0) return 0;
  return node.clock().MonotonicUs() + static_cast<uint64_t>(timeout_ms) * 1000;
}

std::optional<int64_t> Timeout(LocalContext& c, std::string_view word) {
  const auto timeout = ParseInteger(word);
  if (!timeout) {
    c.reply.Error("ERR timeout is not an integer or out of range");
  } else if (*timeout < 0) {
    c.reply.Error("ERR timeout is negative");
  } else {
    return timeout;
  }
  return std::nullopt;
}

using ReachAnswer = std::function<void(const Reach&, bool own_disk, Reply&)>;

// Answers when enough instances have come to `index`, or when the time is up.
void AskReach(Node& node, const LocalContext::Resume& resume, uint64_t index, uint32_t applied,
              uint32_t durable, uint64_t deadline, ReachAnswer answer) {
  node.consensus().Post([resume, index, applied, durable, deadline,
                         answer = std::move(answer)](Replica* replica) mutable {
    if (replica == nullptr) {
      return resume([answer](Reply& reply) { answer(Reach{}, false, reply); });
    }
    const bool own_disk = replica->status().durable >= index;
    replica->WatchApplied(
        index, applied, durable, deadline,
        [resume, own_disk, answer = std::move(answer)](const Reach& r) {
          resume([r, own_disk, answer](Reply& reply) { answer(r, own_disk, reply); });
        });
  });
}

// Watches how far this connection's last write has come. In a transaction nothing waits: the answer
// is what is known at once.
void WatchReach(LocalContext& c, uint32_t applied, uint32_t durable, int64_t timeout_ms,
                ReachAnswer answer) {
  if (c.in_transaction) return answer(Reach{}, false, c.reply);
  const auto resume = c.Suspend();
  // Without a write there is nothing to wait for: everybody has the first entry.
  const uint64_t index = std::max<uint64_t>(1, c.session.last_write_index);
  c.connection.LetUnblock([resume, index, answer, &node = c.node](bool with_error) {
    if (with_error) return resume([](Reply& reply) { reply.Error(kErrUnblocked); });
    // What is known now.
    AskReach(node, resume, index, 0, 0, node.clock().MonotonicUs(), answer);
  });
  AskReach(c.node, resume, index, applied, durable, DeadlineAfter(c.node, timeout_ms),
           std::move(answer));
}

void Wait(LocalContext& c) {
  const auto wanted = ParseInteger(c.args[1]);
  if (!wanted) return c.reply.Error(kErrNotInteger);
  const auto timeout = Timeout(c, c.args[2]);
  if (!timeout) return;
  const auto needed = static_cast<uint32_t>(std::clamp<int64_t>(*wanted, 0, UINT32_MAX));
  WatchReach(c, needed, 0, *timeout,
             [](const Reach& reach, bool, Reply& reply) { reply.Integer(reach.applied); });
}

void WaitAof(LocalContext& c) {
  const auto local = ParseInteger(c.args[1]);
  const auto others = ParseInteger(c.args[2]);
  if (!local || !others) return c.reply.Error(kErrNotInteger);
  if (*local < 0 || *local > 1) {
    return c.reply.Error("ERR value is out of range, must be between 0 and 1");
  }
  if (*others < 0) return c.reply.Error("ERR value is out of range, must be positive");
  const auto timeout = Timeout(c, c.args[3]);
  if (!timeout) return;
  const auto needed = static_cast<uint32_t>(std::min<int64_t>(*others, UINT32_MAX));
  WatchReach(c, 0, needed, *timeout, [](const Reach& reach, bool own_disk, Reply& reply) {
    reply.ArrayHeader(2);
    reply.Integer(own_disk ? 1 : 0);
    reply.Integer(reach.durable);
  });
}

const MemberStatus* FindLeader(const ReplicaStatus& status) {
  for (const MemberStatus& member : status.members) {
    if (member.member.raft_id == status.leader) return &member;
  }
  return nullptr;
}

void Role(LocalContext& c) {
  const auto status = c.node.consensus().status();
  if (status->role == RaftRole::kLeader) {
    c.reply.ArrayHeader(3);
    c.reply.Bulk("master");
    c.reply.Integer(static_cast<int64_t>(status->applied));
    c.reply.ArrayHeader(status->members.empty() ? 0 : status->members.size() - 1);
    for (const MemberStatus& member : status->members) {
      if (member.self) continue;
      c.reply.ArrayHeader(3);
      c.reply.Bulk(member.member.host);
      c.reply.Bulk(std::to_string(member.member.raft_port));
      c.reply.Bulk(std::to_string(member.match));
    }
    return;
  }
  const MemberStatus* leader = FindLeader(*status);
  c.reply.ArrayHeader(5);
  c.reply.Bulk("slave");
  c.reply.Bulk(leader != nullptr ? leader->member.host : "");
  c.reply.Integer(leader != nullptr ? leader->member.raft_port : 0);
  c.reply.Bulk(leader == nullptr                                     ? "connect"
               : c.node.consensus().readiness() == Readiness::kReady ? "connected"
                                                                     : "sync");
  c.reply.Integer(static_cast<int64_t>(status->applied));
}

void Shutdown(LocalContext& c) {
  ArgParser parser(c.args);
  bool abort = false;
  while (parser.HasNext()) {
    if (parser.Accept("ABORT")) {
      abort = true;
    } else if (!parser.Accept("NOSAVE") && !parser.Accept("SAVE") && !parser.Accept("NOW") &&
               !parser.Accept("FORCE")) {
      parser.Fail(kErrSyntax);
    }
  }
  if (abort && c.args.size() > 2) parser.Fail(kErrSyntax);
  if (parser.Rejected(c.reply)) return;
  if (abort) return c.reply.Error("ERR No shutdown in progress.");
  c.node.RequestStop();
  c.connection.CloseAfterReply();
}

// FAILOVER [TO host port] [TIMEOUT ms] | ABORT: leadership goes to another instance.
void Failover(LocalContext& c) {
  if (c.args.size() == 2 && EqualsUpper(c.args[1], "ABORT"))
    return c.reply.Error("ERR No failover in progress.");
  ArgParser parser(c.args);
  std::string to;
  int64_t timeout_ms = 0;
  bool force = false;
  while (parser.HasNext()) {
    const size_t left = parser.remaining();
    if (to.empty() && left >= 3 && parser.Accept("TO")) {
      to = std::string(parser.Next());
      to += ":";
      to += parser.Next();
    } else if (timeout_ms == 0 && left >= 2 && parser.Accept("TIMEOUT")) {
      timeout_ms = parser.Integer();
      if (timeout_ms <= 0) parser.Fail("ERR FAILOVER timeout must be greater than 0");
    } else if (!force && parser.Accept("FORCE")) {
      force = true;
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  if (force) {
    parser.Fail(
        "ERR FAILOVER cannot be forced: an instance that lacks entries of the log never leads; "
        "leave FORCE out, and another is chosen once it has them");
  }
  if (parser.Rejected(c.reply)) return;
  if (c.in_transaction) return c.reply.Error("ERR FAILOVER is not allowed inside a transaction");
  const auto resume = c.Suspend();
  const uint64_t timeout_us = static_cast<uint64_t>(timeout_ms) * 1000;
  c.node.consensus().Post([resume, to, timeout_us](Replica* replica) {
    if (replica == nullptr) {
      return resume([](Reply& reply) { reply.Error("CLUSTERDOWN no cluster yet"); });
    }
    std::string instance;
    for (const auto& [id, member] : replica->members().all()) {
      if (MemberAddress(member) == to) instance = member.instance_id;
    }
    if (!to.empty() && instance.empty()) {
      return resume([to](Reply& reply) {
        reply.Error("ERR no instance has the Raft address " + to + ": see MYDIS STATUS");
      });
    }
    replica->Admin({.kind = AdminKind::kTransfer,
                    .instance_id = instance,
                    .host = {},
                    .timeout_us = timeout_us},
                   [resume](Status status, const std::string&) {
                     resume([status = std::move(status)](Reply& reply) {
                       if (!status.ok()) return reply.Error(RedisError(status));
                       reply.Ok();
                     });
                   });
  });
}

void ReplicaOf(LocalContext& c) {
  c.reply.Error(
      "ERR every instance of a Mydis cluster has all the data: start one with --join to add it, "
      "and use 'mydis cluster remove' to take one out");
}

constexpr CommandSpec kFamily[] = {
    {.name = "failover",
     .arity = -1,
     .effect = Effect::kLocal,
     .flags = kAdmin | kAudited | kNoScript | kStale,
     .group = Group::kServer,
     .since = "6.2.0",
     .complexity = "O(1)",
     .summary = "Hands leadership of the cluster to another instance.",
     .arguments = "[target: TO host port:integer [FORCE]] [ABORT] [TIMEOUT milliseconds]",
     .handler = Failover},
    {.name = "replicaof",
     .arity = 3,
     .effect = Effect::kLocal,
     .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading,
     .group = Group::kServer,
     .since = "5.0.0",
     .complexity = "O(1)",
     .summary = "Refused: instances join a cluster when they are started.",
     .arguments = "<args: host port:integer | NO ONE>",
     .handler = ReplicaOf},
    {.name = "role",
     .arity = 1,
     .effect = Effect::kLocal,
     .flags = kNoScript | kLoading | kStale | kFast,
     .group = Group::kServer,
     .since = "2.8.12",
     .complexity = "O(1)",
     .summary = "Says whether this instance leads, and where the others are.",
     .arguments = "",
     .handler = Role,
     .categories = "admin,dangerous"},
    {.name = "shutdown",
     .arity = -1,
     .effect = Effect::kLocal,
     .flags = kAdmin | kAudited | kNoMulti | kNoScript | kLoading | kStale | kAllowBusy,
     .group = Group::kServer,
     .since = "1.0.0",
     .complexity = "O(1): what was acknowledged is on disk already",
     .summary = "Stops this instance, after handing over leadership if it has it.",
     .arguments = "[save-selector: NOSAVE | SAVE] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]",
     .handler = Shutdown,
     .history = "7.0.0: Added the `NOW`, `FORCE` and `ABORT` modifiers."},
    {.name = "slaveof",
     .arity = 3,
     .effect = Effect::kLocal,
     .flags = kAdmin | kNoScript | kStale | kNoAsyncLoading,
     .group = Group::kServer,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Refused: instances join a cluster when they are started.",
     .arguments = "<args: host port:integer | NO ONE>",
     .handler = ReplicaOf,
     .deprecated = "5.0.0|`REPLICAOF`"},
    {.name = "wait",
     .arity = 3,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kGeneric,
     .since = "3.0.0",
     .complexity = "O(1)",
     .summary = "Waits until other instances have applied this connection's last write.",
     .arguments = "numreplicas:integer timeout:integer",
     .handler = Wait,
     .tips = "request_policy:all_shards,response_policy:agg_min"},
    {.name = "waitaof",
     .arity = 4,
     .effect = Effect::kLocal,
     .flags = kNoScript,
     .group = Group::kGeneric,
     .since = "7.2.0",
     .complexity = "O(1)",
     .summary = "Waits until disks hold this connection's last write.",
     .arguments = "numlocal:integer numreplicas:integer timeout:integer",
     .handler = WaitAof,
     .tips = "request_policy:all_shards,response_policy:agg_min"},
};

}  // namespace

std::span<const CommandSpec> ReplicationFamily() { return kFamily; }

}  // namespace mydis
