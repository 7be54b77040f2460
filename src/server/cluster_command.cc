// MYDIS: the cluster as operators see and change it. (MYDIS SET goes through the log:
// commands/cluster_settings.cc.)
#include <fmt/format.h>

#include "base/error_table.h"
#include "base/host_port.h"
#include "commands/containers.h"
#include "commands/subcommands.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/metrics.h"
#include "server/node.h"

namespace mydis {
namespace {

// Empty: it belongs to no cluster yet.
std::string_view RoleOf(const ReplicaStatus& status) {
  if (status.readiness == Readiness::kRemoved) return "removed";
  if (status.members.empty()) return "";
  for (const MemberStatus& member : status.members) {
    if (member.self && member.member.role == MemberRole::kLearner) return "learner";
  }
  switch (status.role) {
    case RaftRole::kLeader:
      return "leader";
    case RaftRole::kCandidate:
    case RaftRole::kPreCandidate:
      return "candidate";
    default:
      return "follower";
  }
}

std::string_view LeaderOf(const ReplicaStatus& status) {
  for (const MemberStatus& member : status.members) {
    if (member.member.raft_id == status.leader) return member.member.instance_id;
  }
  return "";
}

class Fields {
 public:
  explicit Fields(Reply& reply, size_t count) : reply_(reply) { reply.MapHeader(count); }
  void Text(std::string_view name, std::string_view value) {
    reply_.Bulk(name);
    reply_.Bulk(value);
  }
  void Number(std::string_view name, uint64_t value) {
    reply_.Bulk(name);
    reply_.Integer(static_cast<int64_t>(value));
  }
  void Flag(std::string_view name, bool value) {
    reply_.Bulk(name);
    reply_.Bool(value);
  }
  // What is not known, or is not there, is null.
  void Text(std::string_view name, std::string_view value, bool known) {
    known ? Text(name, value) : Null(name);
  }
  void Number(std::string_view name, uint64_t value, bool known) {
    known ? Number(name, value) : Null(name);
  }

 private:
  void Null(std::string_view name) {
    reply_.Bulk(name);
    reply_.Null();
  }

  Reply& reply_;
};

void ReplyMember(const MemberStatus& status, Reply& reply) {
  Fields fields(reply, 8);
  fields.Text("instance-id", status.member.instance_id);
  fields.Text("raft-id", fmt::format("{}", status.member.raft_id));
  fields.Text("address", status.member.host);
  fields.Number("raft-port", status.member.raft_port);
  fields.Text("role", status.leader                                ? "leader"
                      : status.member.role == MemberRole::kLearner ? "learner"
                                                                   : "follower");
  // Where the leader has not said it, an instance knows of its own disk alone.
  const bool told = !status.state.empty();
  fields.Number("match-index", status.match, told || status.self);
  fields.Number("lag", status.lag, told);
  fields.Text("state", status.leader          ? "leads"
                       : status.state.empty() ? "unknown"
                       : status.active        ? status.state
                                              : "unreachable");
}

void ReplyStatus(const ReplicaStatus& status, const InstanceMeta& meta, uint64_t revision,
                 const std::string& why, const TransportSecurity::Context& keys, Reply& reply) {
  const bool ready = status.readiness == Readiness::kReady;
  const std::string_view role = RoleOf(status);
  const std::string_view leader = LeaderOf(status);
  Fields fields(reply, 20);
  fields.Text("cluster-name", meta.cluster_name);
  fields.Text("cluster-id", fmt::format("{:016x}", meta.cluster_id), meta.cluster_id != 0);
  fields.Text("instance-id", meta.instance_id);
  fields.Text("role", role, !role.empty());
  fields.Flag("ready", ready);
  fields.Text("reason", why.empty() ? "this instance is catching up with its cluster" : why,
              !ready);
  fields.Text("leader", leader, !leader.empty());
  fields.Number("term", status.term);
  fields.Number("commit-index", status.commit);
  fields.Number("applied-index", status.applied);
  fields.Number("durable-index", status.durable);
  fields.Number("revision", revision);
  fields.Number("log-first", status.log_first);
  fields.Number("log-last", status.log_last);
  fields.Number("snapshot-index", status.snapshot_index);
  uint64_t voters = 0;
  for (const MemberStatus& member : status.members)
    voters += member.member.role == MemberRole::kVoter;
  fields.Number("voters", voters);
  fields.Flag("disk-full", status.disk_full);
  fields.Flag("peer-encryption", keys != nullptr);
  fields.Text("cluster-keys", keys ? NamesOf(keys->keys()) : "");
  reply.Bulk("members");
  reply.ArrayHeader(status.members.size());
  for (const MemberStatus& member : status.members) ReplyMember(member, reply);
}

// How far each member is only the leader knows: it is asked, and without an answer this instance's
// own view is given.
void DescribeStatus(LocalContext& c) {
  const auto resume = c.Suspend();
  Node& node = c.node;
  const uint64_t revision = c.Read().revision;
  node.consensus().Post([resume, &node, revision](Replica* replica) {
    auto answer = [resume, &node, revision](ReplicaStatus status) {
      resume([status = std::move(status), meta = node.consensus().meta(),
              why = node.consensus().why(), keys = node.security().cluster(),
              revision](Reply& reply) { ReplyStatus(status, meta, revision, why, keys, reply); });
    };
    if (replica == nullptr) return answer(ReplicaStatus{});
    const uint64_t self = replica->self().raft_id;
    ReplicaStatus own = replica->status();
    // Nobody answers one that has been removed.
    const bool removed = node.consensus().readiness() == Readiness::kRemoved;
    if (removed || replica->leader().self || replica->leader().leader == 0)
      return answer(std::move(own));
    replica->Admin(
        {.kind = AdminKind::kStatus},
        [answer, own = std::move(own), self](Status status, const std::string& text) mutable {
          std::vector<MemberStatus> members = DecodeMemberStatuses(text);
          if (status.ok() && !members.empty()) {
            for (MemberStatus& member : members) member.self = member.member.raft_id == self;
            own.members = std::move(members);
          }
          answer(std::move(own));
        });
  });
}

// The leader's instance id, or nil.
void Leader(LocalContext& c) {
  const auto status = c.node.consensus().status();
  const std::string_view leader = LeaderOf(*status);
  if (leader.empty()) return c.reply.Null();
  c.reply.Bulk(leader);
}

void RunAdmin(LocalContext& c, AdminRequest request) {
  if (c.in_transaction) {
    return c.reply.Error("ERR cluster administration is not allowed inside a transaction");
  }
  const auto resume = c.Suspend();
  c.node.consensus().Post([resume, request = std::move(request)](Replica* replica) mutable {
    if (replica == nullptr) {
      return resume([](Reply& reply) {
        reply.Error("CLUSTERDOWN this instance has not found its cluster yet");
      });
    }
    replica->Admin(std::move(request), [resume](Status status, const std::string& text) {
      resume([status = std::move(status), text](Reply& reply) {
        if (!status.ok()) return reply.Error(RedisError(status));
        reply.Simple(text.empty() ? "OK" : text);
      });
    });
  });
}

// MYDIS ADD host:raftport: invites an instance that was started and waits for a cluster.
void Add(LocalContext& c) {
  if (c.in_transaction)
    return c.reply.Error("ERR cluster administration is not allowed inside a transaction");
  if (c.node.raft_port() == ServerOptions::kPortOff)
    return c.reply.Error("ERR nobody can join this instance: start it with a --raft-port");
  auto address = ParseHostPort(c.args[2]);
  if (!address) return c.reply.Error("ERR " + address.error().message());
  const auto resume = c.Suspend();
  c.node.consensus().Post([resume, address = *address](Replica* replica) {
    auto answer = [resume, address](Status status, const std::string& text) {
      resume([status = std::move(status), text, address](Reply& reply) {
        if (status.ok()) return reply.Simple(text);
        reply.Error(fmt::format("{} {}:{}: {}", FormOf(status.code()).prefix, address.host,
                                address.port, status.message()));
      });
    };
    if (replica == nullptr) {
      return answer(Status(ErrorCode::kUnavailable, "this instance has not found its cluster yet"),
                    {});
    }
    replica->Invite(address.host, address.port, std::move(answer));
  });
}

void Remove(LocalContext& c) {
  RunAdmin(c, {.kind = AdminKind::kRemove, .instance_id = std::string(c.args[2])});
}

void Promote(LocalContext& c) {
  RunAdmin(c, {.kind = AdminKind::kPromote, .instance_id = std::string(c.args[2])});
}

void Transfer(LocalContext& c) {
  if (c.args.size() > 3)
    return c.reply.Error("ERR wrong number of arguments for 'mydis|transfer' command");
  RunAdmin(c, {.kind = AdminKind::kTransfer,
               .instance_id = c.args.size() > 2 ? std::string(c.args[2]) : std::string()});
}

void Get(LocalContext& c) {
  const Settings& settings = c.Read().settings;
  if (c.args.size() > 2) {
    const std::string* value = settings.Find(c.args[2]);
    if (value == nullptr) return c.reply.Error(RedisError(Settings::Check(c.args[2], "")));
    return c.reply.Bulk(*value);
  }
  c.reply.MapHeader(SettingSpecs().size());
  for (const SettingSpec& spec : SettingSpecs()) {
    c.reply.Bulk(spec.name);
    c.reply.Bulk(*settings.Find(spec.name));
  }
}

void Snapshot(LocalContext& c) {
  if (c.in_transaction) return c.reply.Error("ERR MYDIS SNAPSHOT is not allowed in a transaction");
  const auto resume = c.Suspend();
  c.node.consensus().Post([resume](Replica* replica) {
    auto answer = [resume](Status status) {
      resume([status = std::move(status)](Reply& reply) {
        if (!status.ok()) return reply.Error(RedisError(status));
        reply.Ok();
      });
    };
    if (replica == nullptr) {
      return answer(Status(ErrorCode::kUnavailable, "this instance has not found its cluster yet"));
    }
    replica->TakeSnapshot(std::move(answer));
  });
}

void Digest(LocalContext& c) {
  const auto resume = c.Suspend();
  Node& node = c.node;
  node.consensus().Post([resume, &node](Replica* replica) {
    const uint64_t index = replica != nullptr ? replica->applied() : 0;
    const uint64_t digest = node.core().machine.Digest();
    resume([index, digest](Reply& reply) {
      reply.ArrayHeader(2);
      reply.Integer(static_cast<int64_t>(index));
      reply.Bulk(fmt::format("{:016x}", digest));
    });
  });
}

void Metrics(LocalContext& c) { c.reply.Verbatim("txt", MetricsText(c.node, c.Read())); }

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "ADD <host:raftport>",
      "    Invite an instance that was started with --join and has found no cluster yet.",
      "DIGEST",
      "    Log index and a hash of the whole state there, to compare instances.",
      "GET [<name>]",
      "    Settings that hold for the whole cluster.",
      "LEADER",
      "    Instance id of the leader.",
      "METRICS",
      "    What this instance measures, in Prometheus's text form.",
      "PROMOTE <instance-id>",
      "    Make a learner a voter.",
      "REMOVE <instance-id>",
      "    Take an instance out of the cluster for good.",
      "SET <name> <value>",
      "    Change a setting of the whole cluster.",
      "SNAPSHOT",
      "    Take a snapshot on this instance now.",
      "STATUS",
      "    This instance and the members of its cluster.",
      "TRANSFER [<instance-id>]",
      "    Hand leadership over.",
      "FOLLOW <prefix> [FROM <revision>] [DB <index>] [VALUES]",
      "    Be told what becomes of keys, after a revision.",
      "LISTEN <channel> [FROM <revision>]",
      "    Be told the messages of a channel, after a revision.",
      "PLISTEN <pattern> [FROM <revision>]",
      "    The same of all channels that match.",
      "UNFOLLOW [<watch> ...]",
      "    End watches that were begun with these.",
      "KEEPHISTORY CHANGES|MESSAGES",
      "    Keep for an hour what they may begin with.",
      "VERIFY <key>",
      "    Let all instances compare what they hold in the partition of a key.",
  };
  ReplyHelp("MYDIS", kLines, c.reply);
}

constexpr Subcommands kSub{.flags = kAdmin | kNoScript | kLoading | kStale,
                           .group = Group::kServer,
                           .since = "0.1.0",
                           .complexity = "O(N) where N is the number of instances"};

// What monitoring needs takes no administrator.
constexpr Subcommands kFacts{.flags = kNoScript | kLoading | kStale,
                             .group = Group::kServer,
                             .since = "0.1.0",
                             .complexity = "O(N) where N is the number of commands in use"};

constexpr CommandSpec kSubcommands[] = {
    kSub("add", 3, "Invites an instance that waits for a cluster.", "address/host:raftport", Add,
         {.flags = kAudited}),
    kSub("digest", 2, "A hash of the whole state and the log index it belongs to.", "", Digest),
    kSub("get", -2, "Settings that hold for the whole cluster.", "[name]", Get),
    kSub.Help(Help),
    kSub("leader", 2, "The instance that leads, or nil.", "", Leader),
    kFacts("metrics", 2, "What this instance measures, in Prometheus's text form.", "", Metrics),
    kSub("promote", 3, "Makes a learner a voter.", "instance-id", Promote, {.flags = kAudited}),
    kSub("remove", 3, "Takes an instance out of the cluster for good.", "instance-id", Remove,
         {.flags = kAudited}),
    kSub("snapshot", 2, "Takes a snapshot on this instance now.", "", Snapshot,
         {.flags = kAudited}),
    kSub("status", 2, "Describes this instance and the members of its cluster.", "",
         DescribeStatus),
    kSub("transfer", -2, "Hands leadership to another instance.", "[instance-id]", Transfer,
         {.flags = kAudited}),
};

constexpr CommandSpec kFamily[] = {
    MydisContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> ClusterFamily() { return kFamily; }

}  // namespace mydis
