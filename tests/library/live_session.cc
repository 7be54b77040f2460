#include "library/live_session.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "mydis/client.h"
#include "mydis/instance.h"

namespace mydis {
namespace {

[[noreturn]] void Quit(const Status& why) {
  std::fprintf(stderr, "%s\n", why.message().c_str());
  std::exit(2);
}

// The one of the two that there is.
struct Server {
  std::unique_ptr<Client> client;
  std::unique_ptr<Instance> instance;
};

Server Reach() {
  Server server;
  if (const char* const address = std::getenv("MYDIS_TEST_ADDRESS")) {
    auto client = Client::Connect({.addresses = {address}});
    if (!client) Quit(client.error());
    server.client = *std::move(client);
  } else if (const char* const folder = std::getenv("MYDIS_TEST_DIR")) {
    auto instance = Instance::Start({.data_dir = folder, .durable = false});
    if (!instance) Quit(instance.error());
    server.instance = *std::move(instance);
    const Status ready = server.instance->WaitUntilReady();
    if (!ready.ok()) Quit(ready);
  } else {
    Quit(Status(ErrorCode::kInvalid, "run this with tests/library/with_instance.py"));
  }
  return server;
}

}  // namespace

Session NewLiveSession(SessionOptions options) {
  static const Server server = Reach();
  return server.client ? server.client->NewSession(std::move(options))
                       : server.instance->NewSession(std::move(options));
}

}  // namespace mydis
