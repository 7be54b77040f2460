#include "client/remote_dialer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace mydis {
namespace {

constexpr uint16_t kDefaultPort = 2381;
// A dead instance's connection is given up after about so long, if nothing is sent over it.
constexpr int kKeepaliveSeconds = 15;

// Whoever says how TLS is to be does not want to speak without.
bool IsOn(const TlsOptions& tls) {
  return tls.on || !tls.ca_file.empty() || !tls.cert_file.empty() || !tls.key_file.empty() ||
         !tls.server_name.empty();
}

}  // namespace

Status RemoteDialer::SetLogin(const ClientOptions& options) {
  const bool named = !options.user.empty() || !options.password.empty();
  hello_ = {"HELLO", "3"};
  if (!options.token.empty()) {
    if (named) return {ErrorCode::kInvalid, "token: give a token, or user and password, not both"};
    // HELLO's form names a user; where the default one needs no password, it takes any for it.
    login_ = {"AUTH", options.token};
  } else if (named) {
    hello_.insert(hello_.end(),
                  {"AUTH", options.user.empty() ? "default" : options.user, options.password});
  }
  return Status::Ok();
}

Result<std::shared_ptr<RemoteDialer>> RemoteDialer::Create(const ClientOptions& options) {
  std::shared_ptr<RemoteDialer> dialer(new RemoteDialer);
  if (options.addresses.empty()) return Fail(ErrorCode::kInvalid, "addresses: name one at least");
  for (const std::string& text : options.addresses) {
    Result<HostPort> address = ParseHostPort(text, kDefaultPort);
    if (!address)
      return Fail(ErrorCode::kInvalid, fmt::format("addresses: {}", address.error().message()));
    dialer->addresses_.push_back(*std::move(address));
  }
  if (Status status = dialer->SetLogin(options); !status.ok()) return Fail(std::move(status));
  dialer->connect_timeout_ms_ = static_cast<uint32_t>(
      std::clamp<int64_t>(options.connect_timeout.count(), 1, std::numeric_limits<int32_t>::max()));
  if (IsOn(options.tls)) {
    if (options.tls.cert_file.empty() != options.tls.key_file.empty())
      return Fail(ErrorCode::kInvalid, "tls: cert_file and key_file belong together: give both");
    auto context = TlsContext::ForClient({options.tls.ca_file}, {options.tls.cert_file},
                                         {options.tls.key_file});
    if (!context)
      return Fail(ErrorCode::kInvalid, fmt::format("tls: {}", context.error().message()));
    dialer->tls_ = *std::move(context);
    dialer->tls_server_name_ = options.tls.server_name;
  }
  return dialer;
}

void RemoteDialer::Dial(EventLoop& loop, const SessionOptions&, uint64_t choice, OnDialed done) {
  const HostPort& address = addresses_[choice % addresses_.size()];
  const uint64_t round = choice / addresses_.size();
  resolver_.Resolve(loop, address.host, address.port,
                    [this, &loop, &address, round, done = std::move(done)](auto found) mutable {
                      Resolved(loop, address, round, std::move(found), std::move(done));
                    });
}

// A name stands for all its addresses: each round takes another one.
void RemoteDialer::Resolved(EventLoop& loop, const HostPort& address, uint64_t round,
                            Result<std::vector<SocketAddress>> found, OnDialed done) {
  if (!found) return done(Fail(found.error()));
  const std::string numeric = (*found)[round % found->size()].ToString();
  const Result<HostPort> one = ParseHostPort(numeric);
  if (!one) return done(Fail(one.error()));
  Connect(loop, address, one->host, std::move(done));
}

void RemoteDialer::Connect(EventLoop& loop, const HostPort& address, std::string numeric,
                           OnDialed done) {
  const uint64_t attempt = next_attempt_++;
  auto finish = [this, attempt, &address, done = std::move(done)](Result<int> connected) mutable {
    // Taken out first: what is done next may dial again.
    const std::unique_ptr<TcpConnector> self = std::move(attempts_[attempt]);
    attempts_.erase(attempt);
    if (!connected) return done(Fail(connected.error()));
    TuneSocket(*connected, kKeepaliveSeconds);
    const std::string& host = tls_server_name_.empty() ? address.host : tls_server_name_;
    done(DialedConnection{.fd = UniqueFd(*connected),
                          .filter = tls_ ? tls_->MakeFilter(true, host) : nullptr,
                          .peer = address.ToString()});
  };
  attempts_.emplace(
      attempt, std::make_unique<TcpConnector>(loop, resolver_, std::move(numeric), address.port,
                                              connect_timeout_ms_, std::move(finish)));
}

}  // namespace mydis
