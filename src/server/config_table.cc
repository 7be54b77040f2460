#include "server/config_table.h"

namespace mydis {
namespace {

using Kind = ConfigSpec::Kind;
using Use = ConfigSpec::Use;
using enum ConfigSpec::Kind;
using enum ConfigSpec::Use;
using Text = std::string_view;

constexpr ConfigSpec Other(Text name, Kind kind, Use use, Text initial) {
  return {.name = name, .kind = kind, .use = use, .initial = initial};
}
constexpr ConfigSpec YesNo(Text name, Use use, Text initial) {
  return Other(name, kBool, use, initial);
}
constexpr ConfigSpec Number(Text name, Use use, Text initial, int64_t min, int64_t max) {
  return {.name = name, .kind = kInteger, .use = use, .initial = initial, .min = min, .max = max};
}
constexpr ConfigSpec Bytes(Text name, Use use, Text initial, int64_t min, int64_t max) {
  return {.name = name, .kind = kBytes, .use = use, .initial = initial, .min = min, .max = max};
}
constexpr ConfigSpec Choice(Text name, Use use, Text initial, Text choices) {
  return {.name = name, .kind = kEnum, .use = use, .initial = initial, .choices = choices};
}
constexpr ConfigSpec Words(Text name, Use use, Text initial, Text choices) {
  return {.name = name, .kind = kWords, .use = use, .initial = initial, .choices = choices};
}

constexpr Text kTlsOptions =
    "start the instance with other --tls options to change it; changed files are read by "
    "themselves";

// By name. Values are Redis 7.2's defaults unless the instance has others (Config's constructor).
constexpr ConfigSpec kSpecs[] = {
    Other("aclfile", kText, kFixed, ""),
    Number("acllog-max-len", kUsed, "128", 0, INT64_MAX),
    Number("active-defrag-cycle-max", kIdle, "25", 1, 99),
    Number("active-defrag-cycle-min", kIdle, "1", 1, 99),
    Bytes("active-defrag-ignore-bytes", kIdle, "104857600", 1, INT64_MAX),
    Number("active-defrag-max-scan-fields", kIdle, "1000", 1, INT64_MAX),
    Number("active-defrag-threshold-lower", kIdle, "10", 0, 1000),
    Number("active-defrag-threshold-upper", kIdle, "100", 0, 1000),
    Number("active-expire-effort", kIdle, "1", 1, 10),
    YesNo("activedefrag", kIdle, "no"),
    YesNo("activerehashing", kIdle, "yes"),
    YesNo("always-show-logo", kFixed, "no"),
    YesNo("aof-load-truncated", kIdle, "yes"),
    YesNo("aof-rewrite-incremental-fsync", kIdle, "yes"),
    YesNo("aof-timestamp-enabled", kIdle, "no"),
    YesNo("aof-use-rdb-preamble", kIdle, "yes"),
    Other("appenddirname", kText, kFixed, "appendonlydir"),
    Other("appendfilename", kText, kFixed, "appendonly.aof"),
    Choice("appendfsync", kFixed, "always", "everysec|always|no")
        .Because("start the instance with --durability to change it"),
    YesNo("appendonly", kFixed, "yes").Because("the log is always written"),
    Bytes("auto-aof-rewrite-min-size", kIdle, "67108864", 0, INT64_MAX),
    Number("auto-aof-rewrite-percentage", kIdle, "100", 0, INT32_MAX),
    Other("bind", kText, kFixed, "").Because("start the instance with --bind-address to change it"),
    Number("busy-reply-threshold", kIdle, "5000", 0, INT64_MAX).Alias("lua-time-limit"),
    Other("client-output-buffer-limit", kOutputLimits, kUsed,
          "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"),
    Bytes("client-query-buffer-limit", kUsed, "1073741824", 1 << 20, INT64_MAX),
    YesNo("cluster-allow-pubsubshard-when-down", kIdle, "yes"),
    YesNo("cluster-allow-reads-when-down", kIdle, "no"),
    YesNo("cluster-allow-replica-migration", kIdle, "yes"),
    Number("cluster-announce-bus-port", kIdle, "0", 0, 65535),
    Other("cluster-announce-hostname", kText, kIdle, ""),
    Other("cluster-announce-human-nodename", kText, kIdle, ""),
    Other("cluster-announce-ip", kText, kIdle, ""),
    Number("cluster-announce-port", kIdle, "0", 0, 65535),
    Number("cluster-announce-tls-port", kIdle, "0", 0, 65535),
    Other("cluster-config-file", kText, kFixed, "nodes.conf"),
    YesNo("cluster-enabled", kFixed, "no"),
    Bytes("cluster-link-sendbuf-limit", kIdle, "0", 0, INT64_MAX),
    Number("cluster-migration-barrier", kIdle, "1", 0, INT32_MAX),
    Number("cluster-node-timeout", kIdle, "15000", 0, INT64_MAX),
    Number("cluster-ping-interval", kIdle, "0", 0, INT64_MAX).Hidden(),
    Number("cluster-port", kFixed, "0", 0, 65535),
    Choice("cluster-preferred-endpoint-type", kIdle, "ip", "ip|hostname|unknown-endpoint"),
    YesNo("cluster-replica-no-failover", kIdle, "no").Alias("cluster-slave-no-failover"),
    Number("cluster-replica-validity-factor", kIdle, "10", 0, INT32_MAX)
        .Alias("cluster-slave-validity-factor"),
    YesNo("cluster-require-full-coverage", kIdle, "yes"),
    YesNo("crash-log-enabled", kIdle, "yes"),
    YesNo("crash-memcheck-enabled", kIdle, "yes"),
    YesNo("daemonize", kFixed, "no"),
    Number("databases", kFixed, "16", 1, INT32_MAX),
    Other("dbfilename", kText, kFixed, "dump.rdb").Because("snapshots lie in the data directory"),
    Other("dir", kText, kFixed, "").Because("start the instance with --data-dir to change it"),
    YesNo("disable-thp", kFixed, "yes"),
    YesNo("dynamic-hz", kIdle, "yes"),
    Choice("enable-debug-command", kFixed, "yes", "no|yes|local"),
    Choice("enable-module-command", kFixed, "no", "no|yes|local"),
    Choice("enable-protected-configs", kFixed, "no", "no|yes|local"),
    Number("hz", kIdle, "10", 0, INT32_MAX),
    Other("ignore-warnings", kText, kIdle, ""),
    Number("io-threads", kFixed, "1", 1, 128),
    YesNo("io-threads-do-reads", kFixed, "no"),
    YesNo("jemalloc-bg-thread", kIdle, "yes"),
    Number("key-load-delay", kIdle, "0", INT32_MIN, INT32_MAX).Hidden(),
    Number("latency-monitor-threshold", kUsed, "0", 0, INT64_MAX),
    YesNo("latency-tracking", kUsed, "yes"),
    Other("latency-tracking-info-percentiles", kPercentiles, kUsed, "50 99 99.9"),
    YesNo("lazyfree-lazy-eviction", kIdle, "no"),
    YesNo("lazyfree-lazy-expire", kIdle, "no"),
    YesNo("lazyfree-lazy-server-del", kIdle, "no"),
    YesNo("lazyfree-lazy-user-del", kIdle, "no"),
    YesNo("lazyfree-lazy-user-flush", kIdle, "no"),
    Number("list-compress-depth", kIdle, "0", 0, INT32_MAX),
    Number("loading-process-events-interval-bytes", kIdle, "2097152", 1024, INT32_MAX).Hidden(),
    Other("locale-collate", kText, kIdle, ""),
    Other("logfile", kText, kFixed, ""),
    Choice("loglevel", kIdle, "notice", "debug|verbose|notice|warning|nothing"),
    Other("masterauth", kText, kIdle, ""),
    Other("masteruser", kText, kIdle, ""),
    Number("maxclients", kUsed, "10000", 1, UINT32_MAX),
    Bytes("maxmemory-clients", kIdle, "0", -100, INT64_MAX),
    Number("maxmemory-eviction-tenacity", kIdle, "10", 0, 100),
    Number("min-replicas-max-lag", kIdle, "10", 0, INT32_MAX).Alias("min-slaves-max-lag"),
    Number("min-replicas-to-write", kFixed, "0", 0, INT32_MAX)
        .Alias("min-slaves-to-write")
        .Because(
            "every write waits for a majority; write-consistency strong waits for all instances"),
    YesNo("no-appendfsync-on-rewrite", kIdle, "no"),
    Choice("oom-score-adj", kIdle, "no", "no|yes|relative|absolute"),
    Other("oom-score-adj-values", kText, kFixed, "0 200 800"),
    Other("pidfile", kText, kFixed, ""),
    Number("port", kFixed, "6379", 0, 65535)
        .Because("start the instance with --redis-port to change it"),
    Other("proc-title-template", kText, kIdle, "{title} {listen-addr} {server-mode}"),
    Choice("propagation-error-behavior", kIdle, "ignore", "ignore|panic|panic-on-replicas"),
    YesNo("protected-mode", kUsed, "yes"),
    YesNo("rdb-del-sync-files", kIdle, "no"),
    Number("rdb-key-save-delay", kIdle, "0", INT32_MIN, INT32_MAX).Hidden(),
    YesNo("rdb-save-incremental-fsync", kIdle, "yes"),
    YesNo("rdbchecksum", kFixed, "yes"),
    YesNo("rdbcompression", kIdle, "yes"),
    Bytes("repl-backlog-size", kIdle, "1048576", 1, INT64_MAX),
    Number("repl-backlog-ttl", kIdle, "3600", 0, INT64_MAX),
    YesNo("repl-disable-tcp-nodelay", kIdle, "no"),
    Choice("repl-diskless-load", kIdle, "disabled", "disabled|on-empty-db|swapdb"),
    YesNo("repl-diskless-sync", kIdle, "yes"),
    Number("repl-diskless-sync-delay", kIdle, "5", 0, INT32_MAX),
    Number("repl-diskless-sync-max-replicas", kIdle, "0", 0, INT32_MAX),
    Number("repl-ping-replica-period", kIdle, "10", 1, INT32_MAX).Alias("repl-ping-slave-period"),
    Number("repl-timeout", kIdle, "60", 1, INT32_MAX),
    Other("replica-announce-ip", kText, kIdle, "").Alias("slave-announce-ip"),
    Number("replica-announce-port", kIdle, "0", 0, 65535).Alias("slave-announce-port"),
    YesNo("replica-announced", kIdle, "yes"),
    YesNo("replica-ignore-disk-write-errors", kIdle, "no"),
    YesNo("replica-ignore-maxmemory", kIdle, "yes").Alias("slave-ignore-maxmemory"),
    YesNo("replica-lazy-flush", kIdle, "no").Alias("slave-lazy-flush"),
    Number("replica-priority", kIdle, "100", 0, INT32_MAX).Alias("slave-priority"),
    YesNo("replica-read-only", kFixed, "no")
        .Alias("slave-read-only")
        .Because("every instance takes writes"),
    YesNo("replica-serve-stale-data", kFixed, "no")
        .Alias("slave-serve-stale-data")
        .Because("an instance that has fallen behind answers -STALE"),
    Other("replicaof", kText, kFixed, "").Alias("slaveof"),
    Choice("sanitize-dump-payload", kIdle, "no", "no|yes|clients"),
    Other("save", kSave, kIdle, ""),
    YesNo("set-proc-title", kFixed, "yes"),
    Words("shutdown-on-sigint", kIdle, "default", "default|save|nosave|now|force"),
    Words("shutdown-on-sigterm", kIdle, "default", "default|save|nosave|now|force"),
    Number("shutdown-timeout", kIdle, "10", 0, INT32_MAX),
    Number("slowlog-log-slower-than", kUsed, "10000", -1, INT64_MAX),
    Number("slowlog-max-len", kUsed, "128", 0, INT64_MAX),
    YesNo("stop-writes-on-bgsave-error", kIdle, "yes"),
    Choice("supervised", kFixed, "no", "upstart|systemd|auto|no"),
    YesNo("syslog-enabled", kFixed, "no"),
    Choice("syslog-facility", kFixed, "local0",
           "user|local0|local1|local2|local3|local4|local5|local6|local7"),
    Other("syslog-ident", kText, kFixed, "redis"),
    Number("tcp-backlog", kFixed, "511", 0, INT32_MAX),
    Number("tcp-keepalive", kUsed, "300", 0, INT32_MAX),
    Number("timeout", kUsed, "0", 0, INT32_MAX),
    Choice("tls-auth-clients", kFixed, "no", "no|yes|optional").Because(kTlsOptions),
    Choice("tls-auth-clients-user", kFixed, "off", "off|CN").Because(kTlsOptions),
    Other("tls-ca-cert-file", kText, kFixed, "").Because(kTlsOptions),
    Other("tls-cert-file", kText, kFixed, "").Because(kTlsOptions),
    Other("tls-key-file", kText, kFixed, "").Because(kTlsOptions),
    Number("tls-port", kFixed, "0", 0, 65535).Because(kTlsOptions),
    Number("tracking-table-max-keys", kUsed, "1000000", 0, INT64_MAX),
    Other("unixsocket", kText, kFixed, ""),
    Number("unixsocketperm", kFixed, "0", 0, 511),
    Number("watchdog-period", kIdle, "0", 0, INT32_MAX).Hidden(),
};

}  // namespace

std::span<const ConfigSpec> ConfigSpecs() { return kSpecs; }

}  // namespace mydis
