#include "server/metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>

#include <sstream>
#include <vector>

#include "base/version.h"
#include "server/heap.h"
#include "server/node.h"

namespace mydis {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double Seconds(uint64_t microseconds) { return static_cast<double>(microseconds) / 1e6; }

// Gathers families; a family's metrics differ in their labels.
class MetricFamilies {
 public:
  void Gauge(const char* name, const char* help, double value, Labels labels = {}) {
    Of(name, help, MetricType::Gauge, std::move(labels)).gauge.value = value;
  }
  void Counter(const char* name, const char* help, double value, Labels labels = {}) {
    Of(name, help, MetricType::Counter, std::move(labels)).counter.value = value;
  }
  ClientMetric::Histogram& Histogram(const char* name, const char* help, Labels labels) {
    return Of(name, help, MetricType::Histogram, std::move(labels)).histogram;
  }
  std::string Text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  // Metrics of one family come one after the other.
  ClientMetric& Of(const char* name, const char* help, MetricType type, Labels labels) {
    if (families_.empty() || families_.back().name != name)
      families_.push_back({.name = name, .help = help, .type = type, .metric = {}});
    ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }

  std::vector<MetricFamily> families_;
};

void AddBuild(Node& node, MetricFamilies& out) {
  const InstanceMeta meta = node.consensus().meta();
  out.Gauge("mydis_build_info", "1; the labels say which program this is.", 1,
            {{"version", std::string(Version())}});
  out.Gauge("mydis_instance_info", "1; the labels say which instance this is.", 1,
            {{"cluster", meta.cluster_name}, {"instance", meta.instance_id}});
  out.Gauge("mydis_uptime_seconds", "Since this instance was started.",
            Seconds(node.clock().MonotonicUs()) - static_cast<double>(node.started_ms()) / 1000);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  for (const auto& [mode, time] : {std::pair{"user", usage.ru_utime}, {"system", usage.ru_stime}})
    out.Counter("mydis_cpu_seconds_total", "Processor time of the process.", seconds(time),
                {{"mode", mode}});
}

using Sums = std::map<std::string, ThreadStats::Sum>;

Sums SumByCommand(Node& node) {
  std::map<const CommandSpec*, ThreadStats::Sum> sums;
  for (const auto& thread : node.stats().threads) thread->AddTo(sums);
  Sums named;
  for (const auto& [spec, sum] : sums) {
    if (sum.calls + sum.rejected > 0) named[node.table().FullName(*spec)].Add(sum);
  }
  return named;
}

// Every second bucket: the limits go up by factors of four. The calls that were not timed are taken
// to be like those that were.
void FillHistogram(const ThreadStats::Sum& sum, ClientMetric::Histogram& histogram) {
  const double share = sum.timed_calls == 0
                           ? 0
                           : static_cast<double>(sum.calls) / static_cast<double>(sum.timed_calls);
  uint64_t timed = 0;
  for (size_t i = 0; i < kTimeBuckets; ++i) {
    timed += sum.buckets[i];
    const bool last = i + 1 == kTimeBuckets;
    if (i % 2 == 0 && !last) continue;
    histogram.bucket.push_back(
        {.cumulative_count =
             last ? sum.calls : static_cast<uint64_t>(static_cast<double>(timed) * share),
         .upper_bound = last ? std::numeric_limits<double>::infinity()
                             : static_cast<double>(TimeBucketLimitNs(i)) / 1e9});
  }
  histogram.sample_count = sum.calls;
  histogram.sample_sum = static_cast<double>(sum.timed_ns) / 1e9 * share;
}

void AddCommands(Node& node, MetricFamilies& out) {
  const Sums sums = SumByCommand(node);
  const auto counters = [&](const char* name, const char* help, uint64_t ThreadStats::Sum::*field) {
    for (const auto& [command, sum] : sums)
      out.Counter(name, help, static_cast<double>(sum.*field), {{"command", command}});
  };
  counters("mydis_commands_total", "Commands run.", &ThreadStats::Sum::calls);
  counters("mydis_commands_failed_total", "Commands answered with an error.",
           &ThreadStats::Sum::failed);
  counters("mydis_commands_rejected_total", "Commands refused before they ran.",
           &ThreadStats::Sum::rejected);
  for (const auto& [command, sum] : sums) {
    if (sum.timed_calls == 0) continue;
    FillHistogram(sum, out.Histogram("mydis_command_duration_seconds",
                                     "How long commands ran, without waiting for the log; one "
                                     "call in 32 is timed.",
                                     {{"command", command}}));
  }
  for (const auto& [prefix, count] : node.stats().Errors())
    out.Counter("mydis_error_replies_total", "Error replies by their first word.",
                static_cast<double>(count), {{"error", prefix}});
}

void AddClients(Node& node, MetricFamilies& out) {
  const Stats& stats = node.stats();
  const auto [input, output] = node.NetBytes();
  const auto clients = node.clients().List();
  size_t blocked = 0;
  for (const auto& client : clients) blocked += client->blocked;
  out.Gauge("mydis_connections", "Client connections.", static_cast<double>(clients.size()));
  out.Gauge("mydis_connections_limit", "The setting maxclients.",
            static_cast<double>(node.config().max_clients.load()));
  out.Gauge("mydis_connections_blocked", "Connections that wait for keys or for instances.",
            static_cast<double>(blocked));
  out.Counter("mydis_connections_total", "Connections accepted.",
              static_cast<double>(stats.connections.Get()));
  out.Counter("mydis_connections_rejected_total", "Connections refused by maxclients.",
              static_cast<double>(stats.rejected_connections.Get()));
  out.Counter("mydis_protocol_errors_total", "Connections closed for what they sent.",
              static_cast<double>(stats.protocol_errors.Get()));
  out.Counter("mydis_net_input_bytes_total", "Read from clients.", static_cast<double>(input));
  out.Counter("mydis_net_output_bytes_total", "Written to clients.", static_cast<double>(output));
  using Reason = AclLogEntry::Reason;
  for (const auto& [reason, label] : {std::pair{Reason::kAuth, "auth"},
                                      {Reason::kCommand, "command"},
                                      {Reason::kKey, "key"},
                                      {Reason::kChannel, "channel"},
                                      {Reason::kCertificate, "tls-cert"}})
    out.Counter("mydis_access_denied_total", "What the rights of users refused.",
                static_cast<double>(node.acl_log().Count(reason)), {{"reason", label}});
  const Audience& audience = node.core().audience;
  for (const auto& [kind, label] : {std::pair{SubscriptionKind::kChannel, "channel"},
                                    {SubscriptionKind::kPattern, "pattern"},
                                    {SubscriptionKind::kShardChannel, "shard-channel"}})
    out.Gauge("mydis_subscribed_names", "Names that clients have subscribed to.",
              static_cast<double>(audience.Size(kind)), {{"kind", label}});
}

void AddState(Node& node, const State& state, MetricFamilies& out) {
  const Core& core = node.core();
  const HeapUse heap = AskHeap();
  out.Gauge("mydis_memory_used_bytes", "What maxmemory is compared with.",
            static_cast<double>(core.counted_bytes.load()));
  out.Gauge("mydis_memory_limit_bytes", "The setting maxmemory; 0: none.",
            static_cast<double>(state.settings.max_memory()));
  out.Gauge("mydis_memory_resident_bytes", "Of the process.", static_cast<double>(ResidentBytes()));
  out.Gauge("mydis_memory_allocated_bytes", "Asked of the allocator.",
            static_cast<double>(heap.allocated));
  const Keyspace& keyspace = state.keyspace;
  std::vector<std::pair<std::string, uint32_t>> databases;
  for (uint32_t db = 0; db < keyspace.databases(); ++db) {
    if (db == 0 || keyspace.Size(db) > 0) databases.emplace_back(std::to_string(db), db);
  }
  for (const auto& [name, db] : databases)
    out.Gauge("mydis_keys", "Keys.", static_cast<double>(keyspace.Size(db)), {{"db", name}});
  for (const auto& [name, db] : databases)
    out.Gauge("mydis_keys_expiring", "Keys with a deadline.",
              static_cast<double>(keyspace.ExpiringCount(db)), {{"db", name}});
  out.Counter("mydis_keys_expired_total", "Keys removed at their deadline.",
              static_cast<double>(core.expired_keys.load()));
  out.Counter("mydis_keys_evicted_total", "Keys removed for maxmemory.",
              static_cast<double>(core.evicted_keys.load()));
  uint64_t hits = 0;
  uint64_t misses = 0;
  for (const auto& thread : node.stats().threads) {
    hits += thread->keyspace_hits;
    misses += thread->keyspace_misses;
  }
  for (const auto& [result, count] : {std::pair{"hit", hits}, {"miss", misses}})
    out.Counter("mydis_key_lookups_total", "Look-ups of keys by reads.", static_cast<double>(count),
                {{"result", result}});
  out.Gauge("mydis_revision", "Writes applied since the cluster began.",
            static_cast<double>(state.revision));
}

void AddMembers(const ReplicaStatus& status, MetricFamilies& out) {
  const auto each = [&](const char* name, const char* help, auto value) {
    for (const MemberStatus& member : status.members)
      out.Gauge(name, help, static_cast<double>(value(member)),
                {{"instance", member.member.instance_id}});
  };
  out.Gauge("mydis_members", "Instances of the cluster.",
            static_cast<double>(status.members.size()));
  if (status.role != RaftRole::kLeader) return;
  each("mydis_member_reachable", "Whether the leader, this instance, reaches the member.",
       [](const MemberStatus& member) { return member.self || member.active; });
  each("mydis_member_lag_entries", "Log entries that the member is behind.",
       [](const MemberStatus& member) { return member.lag; });
}

void AddConsensus(Node& node, MetricFamilies& out) {
  const auto status = node.consensus().status();
  const auto gauge = [&out](const char* name, const char* help, uint64_t value) {
    out.Gauge(name, help, static_cast<double>(value));
  };
  const auto counter = [&out](const char* name, const char* help, uint64_t value) {
    out.Counter(name, help, static_cast<double>(value));
  };
  gauge("mydis_ready", "Whether this instance serves.",
        node.consensus().readiness() == Readiness::kReady);
  gauge("mydis_raft_leader", "Whether this instance leads.", status->role == RaftRole::kLeader);
  gauge("mydis_raft_has_leader", "Whether this instance knows a leader.", status->leader != 0);
  gauge("mydis_raft_term", "Raft's term.", status->term);
  gauge("mydis_raft_commit_index", "The last committed log entry known here.", status->commit);
  gauge("mydis_raft_applied_index", "The last log entry applied here.", status->applied);
  gauge("mydis_raft_durable_index", "The last log entry on this disk.", status->durable);
  counter("mydis_raft_leader_changes_total", "Leaders seen, but for the first.",
          status->leader_changes);
  counter("mydis_log_writes_total", "Durable writes of groups of log entries.",
          status->disk_writes);
  out.Counter("mydis_log_write_seconds_total", "Time of these writes.",
              Seconds(node.core().log_write_us.load()));
  gauge("mydis_log_bytes", "Of the log since the last snapshot.", status->log_bytes);
  gauge("mydis_disk_full", "Whether writes are refused for want of disk.", status->disk_full);
  gauge("mydis_snapshot_index", "The log index of the last snapshot.", status->snapshot_index);
  gauge("mydis_snapshot_bytes", "Size of the last snapshot.", status->snapshot_bytes);
  gauge("mydis_snapshot_running", "Whether one is being taken.", status->snapshot_running);
  gauge("mydis_snapshot_failed", "Whether the last attempt failed.", status->snapshot_failed);
  gauge("mydis_submissions_unapplied", "Batches of writes on their way through the log.",
        status->submissions_unapplied);
  counter("mydis_submissions_resent_total", "Times that batches were sent again to a leader.",
          status->resends);
  counter("mydis_state_agreements_total", "Comparisons at which all states were alike.",
          status->state_agreements);
  counter("mydis_state_differences_total", "Comparisons at which they were not.",
          status->state_differences);
  counter("mydis_state_repairs_total", "Times that this instance fetched the others' state.",
          status->state_repairs);
  AddMembers(*status, out);
  const LoopTotals loops = node.LoopWork();
  counter("mydis_loop_turns_total", "Turns of the event loops of I/O threads.", loops.turns);
  out.Counter("mydis_loop_busy_seconds_total", "Time that these loops were awake.",
              Seconds(loops.busy_us));
  out.Gauge("mydis_loop_longest_turn_seconds", "The longest of these turns.",
            Seconds(loops.longest_us));
}

}  // namespace

std::string MetricsText(Node& node, const State& state) {
  MetricFamilies out;
  AddBuild(node, out);
  AddCommands(node, out);
  AddClients(node, out);
  AddState(node, state, out);
  AddConsensus(node, out);
  return out.Text();
}

}  // namespace mydis
