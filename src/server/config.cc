#include "server/config.h"

#include <fmt/format.h>

#include <charconv>

#include "base/glob.h"
#include "base/log.h"

namespace mydis {

Config::Config(const ServerOptions& options) {
  for (const ConfigSpec& spec : ConfigSpecs())
    settings_[std::string(spec.name)] = {&spec, std::string(spec.initial)};
  const auto own = [this](std::string_view name, std::string value) MYDIS_REQUIRES(mutex_) {
    settings_.find(name)->second.value = std::move(value);
  };
  own("bind", options.bind_address);
  own("dir", options.data_dir);
  own("io-threads", fmt::format("{}", std::max(1, static_cast<int>(options.io_threads))));
  own("appendfsync", options.durability == DurabilityMode::kCommit ? "always" : "everysec");
  own("protected-mode", options.protected_mode ? "yes" : "no");
  own("tls-cert-file", options.tls_cert);
  own("tls-key-file", options.tls_key);
  own("tls-ca-cert-file", options.tls_ca);
  const bool optional = options.tls_auth_clients == ClientCertificates::kOptional;
  own("tls-auth-clients", options.tls_ca.empty() ? "no" : optional ? "optional" : "yes");
  own("tls-auth-clients-user", options.tls_user_from_certificate ? "CN" : "off");
  for (const auto& [name, setting] : settings_) Apply(name, setting.value);
}

void Config::NotePort(int port) {
  MutexLock lock(mutex_);
  const auto own = [&](std::string_view name) MYDIS_REQUIRES(mutex_) {
    settings_.find(name)->second.value = fmt::format("{}", port);
  };
  own("port");
  if (!settings_.find("tls-cert-file")->second.value.empty()) own("tls-port");
}

void Config::Apply(std::string_view name, const std::string& value) {
  const auto number = [&value] {
    uint64_t parsed = 0;
    std::from_chars(value.data(), value.data() + value.size(), parsed);
    return parsed;
  };
  if (name == "maxclients") max_clients = number();
  if (name == "timeout") idle_timeout_s = number();
  if (name == "tcp-keepalive") keepalive_s = number();
  if (name == "protected-mode") protected_mode = value == "yes";
  if (name == "client-query-buffer-limit") query_buffer_limit = number();
  if (name == "tracking-table-max-keys") tracking_max_keys = number();
  if (name == "acllog-max-len") acl_log_size = number();
  if (name == "slowlog-max-len") slowlog_size = number();
  if (name == "latency-monitor-threshold") latency_threshold_ms = number();
  if (name == "slowlog-log-slower-than") {
    int64_t limit_us = -1;
    std::from_chars(value.data(), value.data() + value.size(), limit_us);
    slowlog_us = limit_us;
  }
  const bool calls = slowlog_us >= 0 || latency_threshold_ms > 0;
  timing_ = !calls                                 ? Timing::kNone
            : slowlog_us >= 0 && slowlog_us < 1000 ? Timing::kAll
                                                   : Timing::kLong;
  if (name == "client-output-buffer-limit") {
    output_normal.Set(OutputLimitOf("normal", value));
    output_pubsub.Set(OutputLimitOf("pubsub", value));
  }
}

const Config::Setting* Config::Find(std::string_view name) const {
  if (auto it = settings_.find(name); it != settings_.end()) return &it->second;
  for (const auto& [key, setting] : settings_) {
    if (!setting.spec->alias.empty() && setting.spec->alias == name) return &setting;
  }
  return nullptr;
}

std::vector<std::pair<std::string, std::string>> Config::Get(std::string_view pattern) const {
  MutexLock guard(mutex_);
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, setting] : settings_) {
    for (std::string_view name : {setting.spec->name, setting.spec->alias}) {
      if (name.empty()) continue;
      if (setting.spec->hidden ? name == pattern : GlobMatches(pattern, name, true))
        out.emplace_back(name, setting.value);
    }
  }
  return out;
}

bool Config::Knows(std::string_view name) const {
  MutexLock guard(mutex_);
  return Find(name) != nullptr;
}

Result<std::string> Config::Canonical(std::string_view name, std::string_view value) const {
  const Setting* setting = Find(name);
  if (setting == nullptr)
    return Fail(ErrorCode::kNotFound, fmt::format("there is no setting '{}'", name));
  const ConfigSpec& spec = *setting->spec;
  // What Redis never changes while it runs.
  if (spec.use == ConfigSpec::Use::kFixed && spec.why.empty())
    return Fail(ErrorCode::kInvalid, "can't set immutable config");
  auto canonical = CanonicalConfig(spec, setting->value, value);
  if (spec.use == ConfigSpec::Use::kFixed && canonical && *canonical != setting->value) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("'{}' stays '{}' here: {}", name, setting->value, spec.why));
  }
  return canonical;
}

Status Config::Check(std::string_view name, std::string_view value) const {
  MutexLock guard(mutex_);
  auto canonical = Canonical(name, value);
  return canonical ? Status::Ok() : canonical.error();
}

Status Config::Set(std::string_view name, std::string_view value) {
  MutexLock guard(mutex_);
  auto canonical = Canonical(name, value);
  if (!canonical) return canonical.error();
  Setting& setting = settings_.find(Find(name)->spec->name)->second;
  if (setting.spec->use == ConfigSpec::Use::kIdle && *canonical != setting.value) {
    LogInfo("CONFIG SET {} {}: kept and shown, changes nothing in this server", setting.spec->name,
            *canonical);
  }
  setting.value = *std::move(canonical);
  Apply(setting.spec->name, setting.value);
  return Status::Ok();
}

}  // namespace mydis
