#include "library/instance_options.h"

#include <fmt/format.h>

#include "base/ascii.h"

namespace mydis {
namespace {

constexpr int kMostReadingThreads = 1024;

bool IsWordOfOption(char c) { return (c >= 'a' && c <= 'z') || c == '-'; }

std::string FieldNames(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (!text.starts_with("--") || text.size() < 3 || !IsWordOfOption(text[2])) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(2);
    while (!text.empty() && IsWordOfOption(text.front())) {
      out += text.front() == '-' ? '_' : text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

Status InTermsOfFields(const Status& status, std::string_view data_dir) {
  std::string message = FieldNames(status.message());
  // Errors of files begin with the file.
  if (!status.message().starts_with("--") && message.contains(data_dir))
    message = fmt::format("data_dir: {}", message);
  return {status.code(), std::move(message)};
}

Result<ServerOptions> ToServerOptions(const InstanceOptions& options) {
  ServerOptions server;
  server.data_dir = options.data_dir;
  server.bind_address = options.bind_address;
  server.advertise_address = options.advertise_address;
  server.http_port = options.http_port;
  server.redis_port = options.redis_port;
  server.raft_port = options.raft_port;
  for (const std::string& address : options.join) {
    auto parsed = ParseHostPort(address);
    if (!parsed) return Fail(parsed.error().code(), "join: " + parsed.error().message());
    server.join.push_back(*std::move(parsed));
  }
  server.expect = options.expect;
  server.bootstrap = options.bootstrap;
  server.max_voters = options.max_voters;
  server.name = options.name;
  server.instance_id = options.instance_id;
  server.password = options.password;
  server.admin_token_file = options.admin_token_file;
  server.audit_log = options.audit_log;
  server.protected_mode = options.protected_mode;
  server.http_cors_origin = options.http_cors_origin;
  server.cluster_key_file = options.cluster_key_file;
  server.tls_cert = options.tls_cert;
  server.tls_key = options.tls_key;
  server.tls_ca = options.tls_ca;
  if (options.tls_auth_clients != "yes" && options.tls_auth_clients != "optional")
    return Fail(ErrorCode::kInvalid, "tls_auth_clients: it is yes or optional");
  server.tls_auth_clients =
      options.tls_auth_clients == "yes" ? ClientCertificates::kYes : ClientCertificates::kOptional;
  server.tls_user_from_certificate = options.tls_user_from_certificate;
  server.raft_timeout_ms = options.raft_timeout.count();
  server.write_consistency = options.write_consistency;
  server.read_consistency = options.read_consistency;
  server.durability = options.durable ? DurabilityMode::kCommit : DurabilityMode::kRelaxed;
  server.io_threads = options.io_threads;
  if (options.reading_threads < 1 || options.reading_threads > kMostReadingThreads) {
    return Fail(ErrorCode::kInvalid, fmt::format("reading_threads: {} is not from 1 to {}",
                                                 options.reading_threads, kMostReadingThreads));
  }
  server.visitors = options.reading_threads;
  if (Status status = server.Validate(); !status.ok())
    return Fail(InTermsOfFields(status, options.data_dir));
  return server;
}

}  // namespace mydis
