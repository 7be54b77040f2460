// Connects to instances over the network.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/host_port.h"
#include "client/dialer.h"
#include "mydis/client.h"
#include "net/resolver.h"
#include "net/tcp.h"
#include "net/tls.h"

namespace mydis {

class RemoteDialer final : public Dialer {
 public:
  // Errors name the option.
  static Result<std::shared_ptr<RemoteDialer>> Create(const ClientOptions& options);

  void Dial(EventLoop& loop, const SessionOptions& session, uint64_t choice,
            OnDialed done) override;
  size_t choices() const override { return addresses_.size(); }
  std::vector<std::string> Login() const override { return login_; }
  std::vector<std::string> Hello() const override { return hello_; }
  // Of the loop's thread, or after that has ended.
  void Cancel() { attempts_.clear(); }

 private:
  RemoteDialer() = default;
  Status SetLogin(const ClientOptions& options);
  void Resolved(EventLoop& loop, const HostPort& address, uint64_t round,
                Result<std::vector<SocketAddress>> found, OnDialed done);
  void Connect(EventLoop& loop, const HostPort& address, std::string numeric, OnDialed done);

  std::vector<HostPort> addresses_;
  std::vector<std::string> login_;
  std::vector<std::string> hello_;
  uint32_t connect_timeout_ms_ = 0;
  std::shared_ptr<const TlsContext> tls_;  // Null: connections are plain.
  std::string tls_server_name_;
  Resolver resolver_;
  // Under way, by number. The loop's thread.
  uint64_t next_attempt_ = 0;
  std::unordered_map<uint64_t, std::unique_ptr<TcpConnector>> attempts_;
};

}  // namespace mydis
