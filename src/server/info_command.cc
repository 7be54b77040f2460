// INFO: Redis's sections and fields, as far as they mean something here, and a section of our own.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <set>

#include "base/ascii.h"
#include "base/version.h"
#include "server/heap.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/snapshot_request.h"
#include "server/version.h"

namespace mydis {
namespace {

class Section {
 public:
  explicit Section(std::string& out) : out_(out) {}
  template <typename T>
  void Add(std::string_view name, const T& value) {
    fmt::format_to(std::back_inserter(out_), "{}:{}\r\n", name, value);
  }

 private:
  std::string& out_;
};

std::string Human(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{}B", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"K", "M", "G", "T"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return fmt::format("{:.2f}{}", value, unit);
}

void ServerSection(LocalContext& c, Section& out) {
  utsname name{};
  uname(&name);
  const InstanceMeta meta = c.node.consensus().meta();
  const uint64_t uptime = c.node.clock().MonotonicUs() / 1000000 - c.node.started_ms() / 1000;
  out.Add("redis_version", kRedisVersion);
  out.Add("redis_git_sha1", "00000000");
  out.Add("redis_git_dirty", 0);
  out.Add("redis_build_id", "0");
  out.Add("redis_mode", "standalone");
  out.Add("mydis_version", Version());
  out.Add("os", fmt::format("{} {} {}", name.sysname, name.release, name.machine));
  out.Add("arch_bits", 64);
  out.Add("monotonic_clock", "POSIX clock_gettime");
  out.Add("multiplexing_api", "epoll");
  out.Add("process_id", getpid());
  out.Add("process_supervised", "no");
  out.Add("run_id", fmt::format("{:016x}{:024x}", meta.cluster_id, meta.raft_id));
  out.Add("tcp_port", std::max(0, c.node.port(Door::kRedis)));
  out.Add("server_time_usec", c.node.clock().WallMs() * 1000);
  out.Add("uptime_in_seconds", uptime);
  out.Add("uptime_in_days", uptime / 86400);
  out.Add("hz", 10);
  out.Add("configured_hz", 10);
  out.Add("lru_clock", (c.node.clock().WallMs() / 1000) & ((1 << 24) - 1));
  out.Add("executable", "mydis");
  out.Add("config_file", "");
  out.Add("io_threads_active", c.node.threads().size());
}

void ClientsSection(LocalContext& c, Section& out) {
  size_t waiting = 0;
  size_t paused = 0;
  uint64_t most_output = 0;
  uint64_t most_input = 0;
  const auto clients = c.node.clients().List();
  for (const auto& client : clients) {
    paused += client->paused || client->blocked;
    waiting += client->waiting && client != c.session.record;
    most_output = std::max(most_output, client->output_bytes.load());
    most_input = std::max(most_input, client->input_bytes.load());
  }
  out.Add("connected_clients", clients.size());
  out.Add("cluster_connections", 0);
  out.Add("maxclients", c.node.config().max_clients.load());
  out.Add("client_recent_max_input_buffer", most_input);
  out.Add("client_recent_max_output_buffer", most_output);
  out.Add("blocked_clients", paused);
  out.Add("waiting_clients", waiting);
  out.Add("tracking_clients", c.node.core().audience.TrackerCount());
  out.Add("clients_in_timeout_table", 0);
  const auto [keys, keys_with_deletion] = c.node.core().blocked.CountKeys();
  out.Add("total_blocking_keys", keys);
  out.Add("total_blocking_keys_on_nokey", keys_with_deletion);
}

// Of the state: what the interpreters of the threads take is part of used_memory_rss alone.
void AddScriptMemory(const Scripts& scripts, Section& out) {
  const size_t cached = scripts.MemoryBytes();
  const size_t functions = scripts.LibraryBytes();
  out.Add("used_memory_lua", 0);
  out.Add("used_memory_vm_eval", 0);
  out.Add("used_memory_lua_human", Human(0));
  out.Add("used_memory_scripts_eval", cached);
  out.Add("number_of_cached_scripts", scripts.size());
  out.Add("number_of_functions", scripts.functions());
  out.Add("number_of_libraries", scripts.libraries().size());
  out.Add("used_memory_vm_functions", 0);
  out.Add("used_memory_vm_total", 0);
  out.Add("used_memory_vm_total_human", Human(0));
  out.Add("used_memory_functions", functions);
  out.Add("used_memory_scripts", cached + functions);
  out.Add("used_memory_scripts_human", Human(cached + functions));
}

int64_t Difference(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a) - static_cast<int64_t>(b);
}

void MemorySection(LocalContext& c, Section& out) {
  const uint64_t resident = ResidentBytes();
  const HeapUse heap = AskHeap();
  const uint64_t used = c.node.core().counted_bytes;
  const uint64_t peak = c.node.core().counted_bytes_peak;
  const uint64_t data = c.Read().keyspace.MemoryBytes();
  const auto ratio = [](uint64_t part, uint64_t whole) {
    return static_cast<double>(part) / static_cast<double>(std::max<uint64_t>(whole, 1));
  };
  // As in Redis, what maxmemory is compared with.
  out.Add("used_memory", used);
  out.Add("used_memory_human", Human(used));
  out.Add("used_memory_rss", resident);
  out.Add("used_memory_rss_human", Human(resident));
  out.Add("used_memory_peak", peak);
  out.Add("used_memory_peak_human", Human(peak));
  out.Add("used_memory_peak_perc", fmt::format("{:.2f}%", 100 * ratio(used, peak)));
  out.Add("used_memory_overhead", used > data ? used - data : 0);
  out.Add("used_memory_dataset", data);
  out.Add("used_memory_dataset_perc", fmt::format("{:.2f}%", 100 * ratio(data, used)));
  out.Add("allocator_allocated", heap.allocated);
  out.Add("allocator_active", heap.active);
  out.Add("allocator_resident", heap.resident);
  out.Add("total_system_memory",
          static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE));
  AddScriptMemory(c.Read().scripts, out);
  out.Add("remembered_requests", c.Read().requests.size());
  out.Add("used_memory_requests", c.Read().requests.MemoryBytes());
  const uint64_t limit = c.Read().settings.max_memory();
  out.Add("maxmemory", limit);
  out.Add("maxmemory_human", Human(limit));
  out.Add("maxmemory_policy", *c.Read().settings.Find("maxmemory-policy"));
  out.Add("mem_fragmentation_ratio", fmt::format("{:.2f}", ratio(resident, used)));
  out.Add("mem_fragmentation_bytes", Difference(resident, used));
  out.Add("allocator_frag_ratio", fmt::format("{:.2f}", ratio(heap.active, heap.allocated)));
  out.Add("allocator_frag_bytes", Difference(heap.active, heap.allocated));
  out.Add("allocator_rss_ratio", fmt::format("{:.2f}", ratio(heap.resident, heap.active)));
  out.Add("allocator_rss_bytes", Difference(heap.resident, heap.active));
  out.Add("rss_overhead_ratio", fmt::format("{:.2f}", ratio(resident, heap.resident)));
  out.Add("rss_overhead_bytes", Difference(resident, heap.resident));
  out.Add("mem_not_counted_for_evict", 0);
  out.Add("mem_allocator", HeapName());
  const BackgroundReclaimer& reclaimer = c.node.core().reclaimer;
  out.Add("lazyfree_pending_objects", reclaimer.pending());
  out.Add("lazyfreed_objects", reclaimer.freed());
}

void PersistenceSection(LocalContext& c, Section& out) {
  const auto status = c.node.consensus().status();
  const bool ready = c.node.consensus().readiness() == Readiness::kReady;
  out.Add("loading", ready ? 0 : 1);
  out.Add("async_loading", 0);
  const Core& core = c.node.core();
  const uint64_t saved = core.changes_saved.load();
  out.Add("rdb_changes_since_last_save", core.changes.load() - saved);
  out.Add("rdb_bgsave_in_progress", status->snapshot_running ? 1 : 0);
  out.Add("rdb_last_save_time", LastSnapshotSeconds(c.node));
  out.Add("rdb_last_bgsave_status", status->snapshot_failed ? "err" : "ok");
  out.Add("aof_enabled", 1);
  out.Add("aof_rewrite_in_progress", status->snapshot_running ? 1 : 0);
  out.Add("aof_last_bgrewrite_status", "ok");
  out.Add("aof_last_write_status", status->disk_full ? "err" : "ok");
  out.Add("durability",
          c.node.options().durability == DurabilityMode::kCommit ? "commit" : "relaxed");
  out.Add("log_bytes", status->log_bytes);
  out.Add("snapshot_index", status->snapshot_index);
  out.Add("snapshot_bytes", status->snapshot_bytes);
}

// What the loops of the I/O threads have done.
void LoopSection(LocalContext& c, Section& out) {
  const LoopTotals loops = c.node.LoopWork();
  std::map<const CommandSpec*, ThreadStats::Sum> sums;
  for (const auto& thread : c.node.stats().threads) thread->AddTo(sums);
  double commands_us = 0;
  for (const auto& [spec, sum] : sums)
    commands_us += sum.MicrosecondsPerCall() * static_cast<double>(sum.calls);
  out.Add("eventloop_cycles", loops.turns);
  out.Add("eventloop_duration_sum", loops.busy_us);
  out.Add("eventloop_duration_cmd_sum", static_cast<uint64_t>(commands_us));
  const Stats& stats = c.node.stats();
  out.Add("instantaneous_eventloop_cycles_per_sec", stats.turns_per_second.load());
  out.Add("instantaneous_eventloop_duration_usec", stats.busy_us_per_turn.load());
}

void StatsSection(LocalContext& c, Section& out) {
  const Stats& stats = c.node.stats();
  const auto [input, output] = c.node.NetBytes();
  uint64_t hits = 0;
  uint64_t misses = 0;
  for (const auto& thread : stats.threads) {
    hits += thread->keyspace_hits;
    misses += thread->keyspace_misses;
  }
  const auto status = c.node.consensus().status();
  out.Add("total_connections_received", stats.connections.Get());
  out.Add("total_commands_processed", stats.Commands());
  out.Add("instantaneous_ops_per_sec", c.node.stats().ops_per_second.load());
  LoopSection(c, out);
  out.Add("total_net_input_bytes", input);
  out.Add("total_net_output_bytes", output);
  out.Add("instantaneous_input_kbps",
          fmt::format("{:.2f}", static_cast<double>(stats.input_per_second) / 1024));
  out.Add("instantaneous_output_kbps",
          fmt::format("{:.2f}", static_cast<double>(stats.output_per_second) / 1024));
  out.Add("rejected_connections", stats.rejected_connections.Get());
  out.Add("expired_keys", c.node.core().expired_keys.load());
  out.Add("evicted_keys", c.node.core().evicted_keys.load());
  out.Add("keyspace_hits", hits);
  out.Add("keyspace_misses", misses);
  const Audience& audience = c.node.core().audience;
  out.Add("pubsub_channels", audience.Size(SubscriptionKind::kChannel));
  out.Add("pubsub_patterns", audience.Size(SubscriptionKind::kPattern));
  out.Add("pubsubshard_channels", audience.Size(SubscriptionKind::kShardChannel));
  out.Add("tracking_total_keys", audience.tracked_keys.load());
  out.Add("tracking_total_items", audience.tracked_items.load());
  out.Add("tracking_total_prefixes", audience.tracked_prefixes.load());
  out.Add("latest_fork_usec", 0);
  out.Add("migrate_cached_sockets", 0);  // Each MIGRATE has a connection of its own.
  uint64_t errors = 0;
  for (const auto& [prefix, count] : stats.Errors()) errors += count;
  out.Add("total_error_replies", errors);
  using Reason = AclLogEntry::Reason;
  const AclLog& refusals = c.node.acl_log();
  out.Add("acl_access_denied_auth", refusals.Count(Reason::kAuth));
  out.Add("acl_access_denied_tls_cert", refusals.Count(Reason::kCertificate));
  out.Add("acl_access_denied_cmd", refusals.Count(Reason::kCommand));
  out.Add("acl_access_denied_key", refusals.Count(Reason::kKey));
  out.Add("acl_access_denied_channel", refusals.Count(Reason::kChannel));
  out.Add("unexpected_error_replies", 0);
  out.Add("protocol_errors", stats.protocol_errors.Get());
  out.Add("log_writes", status->disk_writes);
  out.Add("submissions_resent", status->resends);
}

void ReplicationSection(LocalContext& c, Section& out) {
  const auto status = c.node.consensus().status();
  const bool leads = status->role == RaftRole::kLeader;
  const InstanceMeta meta = c.node.consensus().meta();
  out.Add("role", leads ? "master" : "slave");
  const MemberStatus* leader = nullptr;
  for (const MemberStatus& member : status->members) {
    if (member.member.raft_id == status->leader) leader = &member;
  }
  if (!leads) {
    out.Add("master_host", leader != nullptr ? leader->member.host : "");
    out.Add("master_port", leader != nullptr ? leader->member.raft_port : 0);
    out.Add("master_link_status", leader != nullptr ? "up" : "down");
    out.Add("master_last_io_seconds_ago", 0);
    out.Add("master_sync_in_progress", status->readiness == Readiness::kRestoring ? 1 : 0);
    out.Add("slave_read_repl_offset", status->applied);
    out.Add("slave_repl_offset", status->applied);
    out.Add("slave_read_only", 0);
  }
  out.Add("connected_slaves", leads && !status->members.empty() ? status->members.size() - 1 : 0);
  size_t number = 0;
  for (const MemberStatus& member : status->members) {
    if (!leads || member.self) continue;
    out.Add(fmt::format("slave{}", number++),
            fmt::format("ip={},port={},state={},offset={},lag={}", member.member.host,
                        member.member.raft_port, member.active ? "online" : "offline", member.match,
                        member.lag));
  }
  out.Add("master_failover_state", "no-failover");
  out.Add("master_replid", fmt::format("{:016x}{:024x}", meta.cluster_id, 0));
  out.Add("master_repl_offset", status->commit);
}

void CpuSection(LocalContext&, Section& out) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return fmt::format("{}.{:06}", t.tv_sec, t.tv_usec);
  };
  out.Add("used_cpu_sys", seconds(usage.ru_stime));
  out.Add("used_cpu_user", seconds(usage.ru_utime));
  out.Add("used_cpu_sys_children", "0.000000");
  out.Add("used_cpu_user_children", "0.000000");
}

// Redis knows no subcommands of DEBUG.
std::string StatName(LocalContext& c, const CommandSpec& spec) {
  const CommandSpec* container = c.node.table().ContainerOf(spec);
  return container != nullptr && container->name == "debug" ? "debug"
                                                            : c.node.table().FullName(spec);
}

void CommandStatsSection(LocalContext& c, Section& out) {
  std::map<const CommandSpec*, ThreadStats::Sum> sums;
  for (const auto& thread : c.node.stats().threads) thread->AddTo(sums);
  std::map<std::string, ThreadStats::Sum> named;
  for (const auto& [spec, sum] : sums) {
    if (sum.calls + sum.rejected > 0) named[StatName(c, *spec)].Add(sum);
  }
  for (const auto& [name, sum] : named) {
    out.Add(
        "cmdstat_" + name,
        fmt::format("calls={},usec={:.0f},usec_per_call={:.2f},rejected_calls={},failed_calls={}",
                    sum.calls, sum.MicrosecondsPerCall() * static_cast<double>(sum.calls),
                    sum.MicrosecondsPerCall(), sum.rejected, sum.failed));
  }
}

void LatencyStatsSection(LocalContext& c, Section& out) {
  std::map<const CommandSpec*, ThreadStats::Sum> sums;
  for (const auto& thread : c.node.stats().threads) thread->AddTo(sums);
  const auto percentiles = c.node.config().Get("latency-tracking-info-percentiles")[0].second;
  if (c.node.config().Get("latency-tracking")[0].second == "no") return;
  std::map<std::string, ThreadStats::Sum> named;
  for (const auto& [spec, sum] : sums) {
    if (sum.timed_calls > 0) named[StatName(c, *spec)].Add(sum);
  }
  for (const auto& [name, sum] : named) {
    std::string text;
    for (size_t at = 0; at < percentiles.size();) {
      const size_t end = std::min(percentiles.find(' ', at), percentiles.size());
      const std::string percent = percentiles.substr(at, end - at);
      text += fmt::format("{}p{}={:.3f}", text.empty() ? "" : ",", percent,
                          sum.PercentileUs(std::strtod(percent.c_str(), nullptr)));
      at = end + 1;
    }
    out.Add("latency_percentiles_usec_" + name, text);
  }
}

void ErrorStatsSection(LocalContext& c, Section& out) {
  for (const auto& [prefix, count] : c.node.stats().Errors())
    out.Add("errorstat_" + prefix, fmt::format("count={}", count));
}

void ClusterSection(LocalContext&, Section& out) { out.Add("cluster_enabled", 0); }

void MydisSection(LocalContext& c, Section& out) {
  const auto status = c.node.consensus().status();
  const InstanceMeta meta = c.node.consensus().meta();
  const Readiness ready = c.node.consensus().readiness();
  out.Add("cluster_name", meta.cluster_name);
  out.Add("cluster_id", fmt::format("{:016x}", meta.cluster_id));
  out.Add("instance_id", meta.instance_id);
  out.Add("ready", ready == Readiness::kReady ? "yes" : c.node.consensus().why());
  const auto keys = c.node.security().cluster();
  out.Add("peer_encryption", keys ? "yes" : "no");
  out.Add("cluster_keys", keys ? NamesOf(keys->keys()) : "");
  out.Add("raft_id", meta.raft_id);
  out.Add("raft_term", status->term);
  out.Add("raft_leader", status->leader);
  out.Add("raft_commit_index", status->commit);
  out.Add("raft_applied_index", status->applied);
  out.Add("raft_durable_index", status->durable);
  out.Add("raft_members", status->members.size());
  out.Add("revision", c.Read().revision);
  out.Add("leader_changes", status->leader_changes);
  out.Add("submissions_unapplied", status->submissions_unapplied);
  out.Add("disk_full", status->disk_full ? 1 : 0);
  out.Add("state_agreements", status->state_agreements);
  out.Add("state_differences", status->state_differences);
  out.Add("state_repairs", status->state_repairs);
  const Core& core = c.node.core();
  out.Add("watches", core.audience.WatchCount());
  out.Add("watch_changes_bytes", core.changes_history.bytes());
  out.Add("watch_messages_bytes", core.messages_history.bytes());
}

void KeyspaceSection(LocalContext& c, Section& out) {
  const Keyspace& keyspace = c.Read().keyspace;
  for (uint32_t db = 0; db < keyspace.databases(); ++db) {
    if (keyspace.Size(db) == 0) continue;
    out.Add(fmt::format("db{}", db), fmt::format("keys={},expires={},avg_ttl=0", keyspace.Size(db),
                                                 keyspace.ExpiringCount(db)));
  }
}

// The rest of what the loops of this instance have done.
void DebugSection(LocalContext& c, Section& out) {
  const LoopTotals loops = c.node.LoopWork();
  uint64_t most_commands = 0;
  for (const auto& thread : c.node.stats().threads)
    most_commands = std::max(most_commands, thread->most_commands_a_turn.load());
  out.Add("eventloop_duration_aof_sum", c.node.core().log_write_us.load());
  out.Add("eventloop_duration_cron_sum", loops.timers_us);
  out.Add("eventloop_duration_max", loops.longest_us);
  out.Add("eventloop_cmd_per_cycle_max", most_commands);
}

// Who is shown a section: all, those who ask for everything, or those who ask for it by its name.
enum class Shown : uint8_t { kByDefault, kWithAll, kByName };

struct SectionSpec {
  std::string_view name;
  std::string_view title;
  Shown shown;
  void (*write)(LocalContext&, Section&);
};

constexpr SectionSpec kSections[] = {
    {"server", "Server", Shown::kByDefault, ServerSection},
    {"clients", "Clients", Shown::kByDefault, ClientsSection},
    {"memory", "Memory", Shown::kByDefault, MemorySection},
    {"persistence", "Persistence", Shown::kByDefault, PersistenceSection},
    {"stats", "Stats", Shown::kByDefault, StatsSection},
    {"replication", "Replication", Shown::kByDefault, ReplicationSection},
    {"cpu", "CPU", Shown::kByDefault, CpuSection},
    {"modules", "Modules", Shown::kByDefault, [](LocalContext&, Section&) {}},
    {"commandstats", "Commandstats", Shown::kWithAll, CommandStatsSection},
    {"latencystats", "Latencystats", Shown::kWithAll, LatencyStatsSection},
    {"errorstats", "Errorstats", Shown::kByDefault, ErrorStatsSection},
    {"cluster", "Cluster", Shown::kByDefault, ClusterSection},
    {"mydis", "Mydis", Shown::kByDefault, MydisSection},
    {"keyspace", "Keyspace", Shown::kByDefault, KeyspaceSection},
    {"debug", "Debug", Shown::kByName, DebugSection},
};

void Info(LocalContext& c) {
  std::set<std::string> wanted;
  for (std::string_view word : c.args.subspan(1)) wanted.insert(ToLower(word));
  const bool all = wanted.contains("all") || wanted.contains("everything");
  const bool standard = wanted.empty() || wanted.contains("default");
  std::string text;
  for (const SectionSpec& spec : kSections) {
    const bool shown = (all && spec.shown != Shown::kByName) ||
                       (standard && spec.shown == Shown::kByDefault) ||
                       wanted.contains(std::string(spec.name));
    if (!shown) continue;
    if (!text.empty()) text += "\r\n";
    text += fmt::format("# {}\r\n", spec.title);
    Section section(text);
    spec.write(c, section);
  }
  c.reply.Verbatim("txt", text);
}

void Time(LocalContext& c) {
  const uint64_t now_ms = c.node.core().cluster_clock.NowMs();
  const uint64_t micros = c.node.clock().MonotonicUs() % 1000;
  c.reply.ArrayHeader(2);
  c.reply.Bulk(fmt::format("{}", now_ms / 1000));
  c.reply.Bulk(fmt::format("{}", now_ms % 1000 * 1000 + micros));
}

constexpr CommandSpec kFamily[] = {
    {.name = "info",
     .arity = -1,
     .effect = Effect::kLocal,
     .flags = kLoading | kStale | kDangerous,
     .group = Group::kServer,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Facts and counters of this instance.",
     .arguments = "[section [section ...]]",
     .handler = Info,
     .tips = "nondeterministic_output,request_policy:all_shards,response_policy:special",
     .history = "7.0.0: Added support for taking multiple section arguments."},
    {.name = "time",
     .arity = 1,
     .effect = Effect::kLocal,
     .flags = kLoading | kStale | kFast,
     .group = Group::kServer,
     .since = "2.6.0",
     .complexity = "O(1)",
     .summary = "The cluster's time.",
     .arguments = "",
     .handler = Time,
     .tips = "nondeterministic_output"},
};

}  // namespace

std::span<const CommandSpec> InfoFamily() { return kFamily; }

}  // namespace mydis
