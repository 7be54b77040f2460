#include "server/transport_security.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "base/log.h"

namespace mydis {
namespace {

constexpr auto kLookEvery = std::chrono::seconds(1);

// Changes when a file is written, replaced, or its rights change; what a link points to counts.
std::string StampOf(const std::vector<std::string>& files) {
  std::string stamp;
  for (const std::string& file : files) {
    struct stat found {};
    if (stat(file.c_str(), &found) != 0) {
      stamp += "missing;";
      continue;
    }
    stamp += fmt::format("{}:{}:{}:{}.{}:{}.{};", found.st_dev, found.st_ino, found.st_size,
                         found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_ctim.tv_sec,
                         found.st_ctim.tv_nsec);
  }
  return stamp;
}

void WarnIfReadable(const std::string& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) == 0 && (found.st_mode & S_IRWXO) != 0) {
    LogWarning("--tls-key: everybody on this machine has access to {} (mode {:04o}): chmod o= {}",
               file, found.st_mode & 07777, file);
  }
}

Result<TransportSecurity::Context> ReadClusterKeys(const std::string& file) {
  auto keys = LoadClusterKeys(file);
  if (!keys)
    return Fail(keys.error().code(), fmt::format("--cluster-key-file: {}", keys.error().message()));
  const std::string names = NamesOf(*keys);
  auto context = TlsContext::ForCluster(std::move(*keys));
  if (!context) return Fail(context.error());
  LogInfo("connections between instances are encrypted; cluster keys, the first to connect: {}",
          names);
  return *std::move(context);
}

Result<TransportSecurity::Context> ReadCertificates(const ServerOptions& options) {
  WarnIfReadable(options.tls_key);
  auto context = TlsContext::ForServer({options.tls_cert, "--tls-cert"},
                                       {options.tls_key, "--tls-key"}, {options.tls_ca, "--tls-ca"},
                                       options.tls_auth_clients == ClientCertificates::kYes);
  if (!context) return Fail(context.error());
  LogInfo("clients' connections are encrypted; certificate: {}", options.tls_cert);
  return *std::move(context);
}

}  // namespace

TransportSecurity::TransportSecurity(const ServerOptions& options) {
  if (!options.cluster_key_file.empty()) cluster_.files = {options.cluster_key_file};
  cluster_.read = [file = options.cluster_key_file] { return ReadClusterKeys(file); };
  if (!options.tls_cert.empty()) clients_.files = {options.tls_cert, options.tls_key};
  if (!options.tls_ca.empty()) clients_.files.push_back(options.tls_ca);
  clients_.read = [options] { return ReadCertificates(options); };
}

TransportSecurity::~TransportSecurity() { Stop(); }

TransportSecurity::Context TransportSecurity::Current(const Source& source) const {
  MutexLock guard(mutex_);
  return source.current;
}

Status TransportSecurity::Read(Source& source) {
  // Before the files are read: a change meanwhile is seen the next time.
  source.stamp = StampOf(source.files);
  Result<Context> context = source.read();
  if (!context) return context.error();
  MutexLock guard(mutex_);
  source.current = *std::move(context);
  return Status::Ok();
}

Status TransportSecurity::Load() {
  for (Source* source : {&cluster_, &clients_}) {
    if (source->files.empty()) continue;
    if (Status status = Read(*source); !status.ok()) return status;
  }
  return Status::Ok();
}

bool TransportSecurity::Refresh(Source& source, bool anyway) {
  if (source.files.empty() || (!anyway && StampOf(source.files) == source.stamp)) return false;
  const Status status = Read(source);
  if (!status.ok())
    LogError("{}; what was read before stays in use: put the file right", status.message());
  return status.ok();
}

void TransportSecurity::Watch(std::function<void(Context)> on_keys) {
  if (cluster_.files.empty() && clients_.files.empty()) return;
  on_keys_ = std::move(on_keys);
  thread_ = std::thread([this] { Run(); });
}

void TransportSecurity::Run() {
  while (true) {
    bool anyway = false;
    {
      MutexLock lock(mutex_);
      if (!reload_ && !stop_) wake_.wait_for(mutex_, kLookEvery);
      if (stop_) return;
      anyway = std::exchange(reload_, false);
    }
    if (Refresh(cluster_, anyway)) on_keys_(cluster());
    Refresh(clients_, anyway);
  }
}

void TransportSecurity::Reload() {
  MutexLock guard(mutex_);
  reload_ = true;
  wake_.notify_all();
}

void TransportSecurity::Stop() {
  {
    MutexLock guard(mutex_);
    stop_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace mydis
