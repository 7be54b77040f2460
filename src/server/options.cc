#include "server/options.h"

#include <fmt/core.h>

#include <utility>

namespace mydis {
namespace {

constexpr size_t kLongestName = 64;
constexpr int kMostIoThreads = 256;

Status Wrong(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

// Names travel in logs, tables and commands: no spaces, nothing that a terminal acts on.
bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == ',' || c == '"' || c == '\'') return false;
  }
  return true;
}

bool IsWildcard(std::string_view address) {
  return address == "0.0.0.0" || address == "::" || address == "*";
}

Status CheckAddress(std::string_view option, std::string_view address) {
  if (!IsName(address) || address.find_first_of("/[]") != std::string_view::npos)
    return Wrong(fmt::format("{}: give an address or a host name, without a port", option));
  return Status::Ok();
}

Status CheckPorts(const ServerOptions& options) {
  for (const auto& [option, port] : {std::pair{"--http-port", options.http_port},
                                     std::pair{"--redis-port", options.redis_port}}) {
    if (port < ServerOptions::kPortOff || port > 65535) {
      return Wrong(fmt::format("{}: {} is not a port (1 to 65535, 0 for any, or -1 to turn it off)",
                               option, port));
    }
  }
  if (options.raft_port < ServerOptions::kPortOff || options.raft_port > 65534) {
    return Wrong(
        fmt::format("--raft-port: {} is not a port for Raft (1 to 65534: RPC takes the next one; 0 "
                    "for any, or -1 to be alone)",
                    options.raft_port));
  }
  const std::pair<const char*, int> used[] = {
      {"--http-port", options.http_port},
      {"--redis-port", options.redis_port},
      {"--raft-port", options.raft_port},
      {"RPC (--raft-port plus one)", options.raft_port <= 0 ? 0 : options.raft_port + 1}};
  for (size_t i = 0; i < std::size(used); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (used[i].second == used[j].second && used[i].second > 0)
        return Wrong(fmt::format("{} and {} are both {}: give each a port of its own",
                                 used[j].first, used[i].first, used[i].second));
    }
  }
  return Status::Ok();
}

Status CheckCluster(const ServerOptions& options) {
  if (options.bootstrap && !options.join.empty())
    return Wrong("--bootstrap starts a new cluster and --join enters one: give one of the two");
  if (options.bootstrap && options.expect > 1)
    return Wrong("--bootstrap starts a cluster of one: with --expect give --join instead of it");
  if (options.raft_port == ServerOptions::kPortOff &&
      (!options.join.empty() || options.expect > 1 || !options.cluster_key_file.empty()))
    return Wrong(
        "--raft-port: without it no other instance reaches this one: give a port, or neither "
        "--join, --expect nor --cluster-key-file");
  if (options.max_voters < 1 || options.max_voters > 9 || options.max_voters % 2 == 0)
    return Wrong(fmt::format("--max-voters: {} is not one of 1, 3, 5, 7, 9", options.max_voters));
  if (options.expect < 0 || options.expect > options.max_voters)
    return Wrong(
        fmt::format("--expect: {} is not from 1 to {}, the number of voters (--max-voters)",
                    options.expect, options.max_voters));
  if (options.expect > 1 && options.join.empty())
    return Wrong(fmt::format("--expect {} needs --join with the Raft addresses of the instances",
                             options.expect));
  return Status::Ok();
}

Status CheckTls(const ServerOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return Wrong(options.tls_key.empty()
                     ? "--tls-cert: give --tls-key too, the certificate's private key"
                     : "--tls-key: give --tls-cert too, the certificate of this key");
  }
  if (!options.tls_cert.empty() && options.redis_port == ServerOptions::kPortOff &&
      options.http_port == ServerOptions::kPortOff)
    return Wrong("--tls-cert: nobody can connect without --redis-port or --http-port: give one");
  if (!options.tls_ca.empty() && options.tls_cert.empty())
    return Wrong("--tls-ca: give --tls-cert and --tls-key too: without them there is no TLS");
  if (options.tls_auth_clients != ClientCertificates::kYes && options.tls_ca.empty())
    return Wrong("--tls-auth-clients: give --tls-ca too: only then clients are asked for one");
  if (options.tls_user_from_certificate && options.tls_ca.empty())
    return Wrong("--tls-user-from-certificate: give --tls-ca too, whose certificates are believed");
  return Status::Ok();
}

}  // namespace

std::string ServerOptions::InstanceName(uint16_t raft_port_in_use) const {
  if (!instance_id.empty()) return instance_id;
  return HostPort{advertised(), raft_port_in_use}.ToString();
}

Status ServerOptions::Validate() const {
  if (data_dir.empty()) return Wrong("--data-dir: give the directory to keep the data in");
  if (Status s = CheckAddress("--bind-address", bind_address); !s.ok()) return s;
  if (!advertise_address.empty()) {
    if (Status s = CheckAddress("--advertise-address", advertise_address); !s.ok()) return s;
  }
  if (raft_port != kPortOff && IsWildcard(advertised()))
    return Wrong(fmt::format(
        "--{}: other instances cannot reach {}: give --advertise-address, where they reach this "
        "one",
        advertise_address.empty() ? "bind-address" : "advertise-address", advertised()));
  if (Status s = CheckPorts(*this); !s.ok()) return s;
  for (const char c : http_cors_origin) {
    if (c <= ' ' || c > '~')
      return Wrong("--http-cors-origin: give an origin like https://app.example, or *");
  }
  if (Status s = CheckCluster(*this); !s.ok()) return s;
  if (Status s = CheckTls(*this); !s.ok()) return s;
  for (const auto& [option, text] : {std::pair{"--name", &name}, {"--instance-id", &instance_id}}) {
    if (text == &instance_id && text->empty()) continue;
    if (!IsName(*text))
      return Wrong(
          fmt::format("{}: give 1 to {} visible characters, none of them a comma or a quote",
                      option, kLongestName));
  }
  if (raft_timeout_ms < 100 || raft_timeout_ms > 600'000)
    return Wrong(fmt::format("--raft-timeout: {} ms is not from 100ms to 10m", raft_timeout_ms));
  if (io_threads < 0 || io_threads > kMostIoThreads)
    return Wrong(fmt::format("--io-threads: {} is not from 1 to {} (or 0: by the number of cores)",
                             io_threads, kMostIoThreads));
  return Status::Ok();
}

}  // namespace mydis
