#include "mydis/client.h"

#include <utility>

#include "base/time_limit.h"
#include "client/client_core.h"
#include "client/remote_channel.h"
#include "client/remote_dialer.h"

namespace mydis {

class Client::Impl {
 public:
  Impl(std::shared_ptr<RemoteDialer> dialer, std::shared_ptr<ClientCore> core)
      : core_(std::move(core)), dialer_(std::move(dialer)) {}
  ~Impl() {
    core_->Stop();
    dialer_->Cancel();
  }
  ClientCore& core() { return *core_; }
  std::shared_ptr<ClientCore> share() { return core_; }

 private:
  const std::shared_ptr<ClientCore> core_;
  const std::shared_ptr<RemoteDialer> dialer_;  // Goes before the core, whose loop it uses.
};

Result<std::unique_ptr<Client>> Client::Connect(ClientOptions options) {
  Result<std::shared_ptr<RemoteDialer>> dialer = RemoteDialer::Create(options);
  if (!dialer) return Fail(dialer.error());
  auto core = ClientCore::Create(
      *dialer, {.executor = options.executor, .idle_connections = options.idle_connections});
  if (!core) return Fail(core.error());
  std::unique_ptr<Client> client(
      new Client(std::make_unique<Impl>(*std::move(dialer), *std::move(core))));
  // Each of the addresses may take its time to connect, and to answer.
  SessionOptions session;
  session.time_limit =
      2 * Bounded(options.connect_timeout) * static_cast<int>(options.addresses.size());
  const Status status = RemoteChannel(client->impl_->share(), std::move(session)).TryOut();
  if (!status.ok()) return Fail(status);
  return client;
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Session Client::NewSession(SessionOptions options) {
  return impl_->core().NewSession(std::move(options));
}

}  // namespace mydis
