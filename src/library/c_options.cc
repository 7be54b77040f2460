// Options of the C interface: names and texts, as those of the C++ API.
#include <charconv>
#include <span>

#include "base/duration.h"
#include "library/c_handles.h"

namespace mydis {
namespace {

// What can become of one value, by its option's type.
Status Read(const std::string& text, std::string& field) {
  field = text;
  return {};
}

Status Read(const std::string& text, bool& field) {
  if (text != "yes" && text != "no") return {ErrorCode::kInvalid, "yes or no"};
  field = text == "yes";
  return {};
}

template <std::integral Number>
Status Read(const std::string& text, Number& field) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), field);
  if (error == std::errc() && end == text.data() + text.size()) return {};
  return {ErrorCode::kInvalid, "a number"};
}

Status Read(const std::string& text, std::chrono::milliseconds& field) {
  const Result<int64_t> ms = ParseDuration(text);
  if (!ms) return {ErrorCode::kInvalid, "a duration, such as 500ms or 10s"};
  field = std::chrono::milliseconds(*ms);
  return {};
}

Status Read(const std::string& text, Consistency& field) {
  if (text != "eventual" && text != "strong") return {ErrorCode::kInvalid, "eventual or strong"};
  field = text == "strong" ? Consistency::kStrong : Consistency::kEventual;
  return {};
}

Status Read(const std::string& text, std::optional<Consistency>& field) {
  return Read(text, field.emplace());
}

Status Read(const std::string& text, std::vector<std::string>& field) {
  field.push_back(text);
  return {};
}

template <typename Options>
struct Option {
  std::string_view name;
  Status (*set)(Options& options, const std::string& value);
};

#define MYDIS_OPTION(Options, name, field)                                                      \
  {                                                                                             \
    name, [](Options& options, const std::string& value) { return Read(value, options.field); } \
  }

constexpr Option<ClientOptions> kClientOptions[] = {
    MYDIS_OPTION(ClientOptions, "address", addresses),
    MYDIS_OPTION(ClientOptions, "token", token),
    MYDIS_OPTION(ClientOptions, "user", user),
    MYDIS_OPTION(ClientOptions, "password", password),
    MYDIS_OPTION(ClientOptions, "connect-timeout", connect_timeout),
    MYDIS_OPTION(ClientOptions, "idle-connections", idle_connections),
    MYDIS_OPTION(ClientOptions, "tls", tls.on),
    MYDIS_OPTION(ClientOptions, "tls-ca", tls.ca_file),
    MYDIS_OPTION(ClientOptions, "tls-cert", tls.cert_file),
    MYDIS_OPTION(ClientOptions, "tls-key", tls.key_file),
    MYDIS_OPTION(ClientOptions, "tls-server-name", tls.server_name),
};

Status ReadDurability(InstanceOptions& options, const std::string& value) {
  if (value != "commit" && value != "relaxed") return {ErrorCode::kInvalid, "commit or relaxed"};
  options.durable = value == "commit";
  return {};
}

constexpr Option<InstanceOptions> kInstanceOptions[] = {
    MYDIS_OPTION(InstanceOptions, "data-dir", data_dir),
    MYDIS_OPTION(InstanceOptions, "bind-address", bind_address),
    MYDIS_OPTION(InstanceOptions, "advertise-address", advertise_address),
    MYDIS_OPTION(InstanceOptions, "http-port", http_port),
    MYDIS_OPTION(InstanceOptions, "redis-port", redis_port),
    MYDIS_OPTION(InstanceOptions, "raft-port", raft_port),
    MYDIS_OPTION(InstanceOptions, "join", join),
    MYDIS_OPTION(InstanceOptions, "expect", expect),
    MYDIS_OPTION(InstanceOptions, "bootstrap", bootstrap),
    MYDIS_OPTION(InstanceOptions, "max-voters", max_voters),
    MYDIS_OPTION(InstanceOptions, "name", name),
    MYDIS_OPTION(InstanceOptions, "instance-id", instance_id),
    MYDIS_OPTION(InstanceOptions, "password", password),
    MYDIS_OPTION(InstanceOptions, "admin-token-file", admin_token_file),
    MYDIS_OPTION(InstanceOptions, "audit-log", audit_log),
    MYDIS_OPTION(InstanceOptions, "protected-mode", protected_mode),
    MYDIS_OPTION(InstanceOptions, "http-cors-origin", http_cors_origin),
    MYDIS_OPTION(InstanceOptions, "cluster-key-file", cluster_key_file),
    MYDIS_OPTION(InstanceOptions, "tls-cert", tls_cert),
    MYDIS_OPTION(InstanceOptions, "tls-key", tls_key),
    MYDIS_OPTION(InstanceOptions, "tls-ca", tls_ca),
    MYDIS_OPTION(InstanceOptions, "tls-auth-clients", tls_auth_clients),
    MYDIS_OPTION(InstanceOptions, "tls-user-from-certificate", tls_user_from_certificate),
    MYDIS_OPTION(InstanceOptions, "raft-timeout", raft_timeout),
    MYDIS_OPTION(InstanceOptions, "write-consistency", write_consistency),
    MYDIS_OPTION(InstanceOptions, "read-consistency", read_consistency),
    {"durability", ReadDurability},
    MYDIS_OPTION(InstanceOptions, "io-threads", io_threads),
    MYDIS_OPTION(InstanceOptions, "reading-threads", reading_threads),
};

constexpr Option<SessionOptions> kSessionOptions[] = {
    MYDIS_OPTION(SessionOptions, "database", database),
    MYDIS_OPTION(SessionOptions, "read-consistency", read_consistency),
    MYDIS_OPTION(SessionOptions, "write-consistency", write_consistency),
    MYDIS_OPTION(SessionOptions, "time-limit", time_limit),
    MYDIS_OPTION(SessionOptions, "min-revision", min_revision),
    MYDIS_OPTION(SessionOptions, "name", name),
    MYDIS_OPTION(SessionOptions, "user", user),
};
#undef MYDIS_OPTION

template <typename Options, size_t size>
Result<Options> ReadAll(const mydis_options* given, Options options,
                        const Option<Options> (&known)[size], std::string_view of) {
  if (given == nullptr) return options;
  for (const auto& [name, value] : given->values) {
    const auto* option = std::ranges::find(known, name, &Option<Options>::name);
    if (option == std::end(known)) {
      return Fail(ErrorCode::kInvalid, std::string(of) + " has no option \"" + name + "\"");
    }
    const Status status = option->set(options, value);
    if (!status.ok()) {
      return Fail(ErrorCode::kInvalid,
                  "option " + name + ": \"" + value + "\" is not " + status.message());
    }
  }
  return options;
}

// What C++ cannot tell from TLS that is not spoken of.
Status CheckTls(const mydis_options& options) {
  bool off = false;
  const std::string* of_tls = nullptr;
  for (const auto& [name, value] : options.values) {
    if (name == "tls") off = value == "no";
    if (name.starts_with("tls-") && !value.empty()) of_tls = &name;
  }
  if (!off || of_tls == nullptr) return {};
  return {ErrorCode::kInvalid,
          "option " + *of_tls + ": it turns TLS on, and option tls is \"no\": leave one out"};
}

}  // namespace

Result<ClientOptions> ToClientOptions(const mydis_options* options) {
  ClientOptions defaults;
  const std::vector<std::string> addresses = std::exchange(defaults.addresses, {});
  Result<ClientOptions> read = ReadAll(options, std::move(defaults), kClientOptions, "a client");
  if (!read) return read;
  if (read->addresses.empty()) read->addresses = addresses;
  if (Status status = options == nullptr ? Status() : CheckTls(*options); !status.ok())
    return Fail(std::move(status));
  return read;
}

Result<InstanceOptions> ToInstanceOptions(const mydis_options* options) {
  return ReadAll(options, InstanceOptions(), kInstanceOptions, "an instance");
}

Result<SessionOptions> ToSessionOptions(const mydis_options* options) {
  return ReadAll(options, SessionOptions(), kSessionOptions, "a session");
}

}  // namespace mydis

mydis_error* mydis_options_new(mydis_options** out) {
  return mydis::Guarded([&] {
    if (out == nullptr) return mydis::Missing("out");
    *out = new mydis_options;
    return mydis::Status::Ok();
  });
}

mydis_error* mydis_options_set(mydis_options* options, const char* name, const char* value) {
  return mydis::Guarded([&] {
    if (options == nullptr) return mydis::Missing("options");
    if (name == nullptr || value == nullptr) return mydis::Missing("an option's name or value");
    options->values.emplace_back(name, value);
    return mydis::Status::Ok();
  });
}

void mydis_options_free(mydis_options* options) { delete options; }
