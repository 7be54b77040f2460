#include "net/resolver.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include <memory>
#include <utility>

#include "base/no_signals.h"

namespace mydis {

std::string SocketAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(in->sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(in->sin6_port));
  }
  return {};
}

Result<std::vector<SocketAddress>> ResolveNow(const std::string& host, uint16_t port,
                                              bool passive) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(),
                                &hints, &list);
  if (error != 0) {
    return Fail(ErrorCode::kIo,
                fmt::format("cannot resolve the host name \"{}\": {}", host, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    SocketAddress address;
    memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
    address.size = a->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

namespace {
bool IsNumeric(const std::string& host) {
  in6_addr ignored;
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}
}  // namespace

Resolver::Resolver() : thread_(ThreadWithoutSignals([this] { Run(); })) {}

Resolver::~Resolver() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Resolver::Resolve(EventLoop& loop, std::string host, uint16_t port, OnResolved done) {
  if (IsNumeric(host)) {
    // No lookup, so no need to queue behind names whose server is slow to answer.
    loop.Post([result = ResolveNow(host, port, false), done = std::move(done)]() mutable {
      done(std::move(result));
    });
    return;
  }
  {
    MutexLock lock(mutex_);
    requests_.push_back({&loop, std::move(host), port, std::move(done)});
  }
  wake_.notify_one();
}

void Resolver::Run() {
  while (true) {
    Request request;
    {
      MutexLock lock(mutex_);
      while (!stop_ && requests_.empty()) wake_.wait(mutex_);
      if (stop_) return;
      request = std::move(requests_.front());
      requests_.pop_front();
    }
    auto result = ResolveNow(request.host, request.port, false);
    request.loop->Post([result = std::move(result), done = std::move(request.done)]() mutable {
      done(std::move(result));
    });
  }
}

}  // namespace mydis
