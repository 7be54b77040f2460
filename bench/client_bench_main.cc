// What the library's client costs beside a bare socket and hiredis, against the same server in one
// run: how long one GET takes that is waited for, and how many SETs and GETs a second go through
// when many are under way.
//
//     client_bench HOST:PORT [COUNT [WHAT]]
//
// Prints one line a measurement: what, operations a second, microseconds each, and CPU of this
// process an operation. WHAT: only measurements whose name has this in it, so that a profiler sees
// nothing else.
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/host_port.h"
#include "mydis/client.h"
#include "net/resolver.h"
#include "net/tcp.h"

#if defined(MYDIS_HAS_HIREDIS)
#include <hiredis/hiredis.h>
#endif

namespace {

using mydis::Session;

constexpr size_t kUnderWay = 512;  // In the asynchronous measurements.
constexpr size_t kPipeline = 16;   // As redis-benchmark -P 16.

uint64_t CpuUs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000 + static_cast<uint64_t>(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

std::string wanted;

// Runs `work`, which does `count` operations.
void Measure(const std::string& what, size_t count, const std::function<void()>& work) {
  if (what.find(wanted) == std::string::npos) return;
  mydis::SystemClock clock;
  const uint64_t cpu = CpuUs();
  const uint64_t begin = clock.MonotonicUs();
  work();
  const auto us = static_cast<double>(clock.MonotonicUs() - begin);
  const auto n = static_cast<double>(count);
  fmt::print("{:<44} {:>10.0f} ops/s {:>8.2f} us each {:>8.2f} us CPU each\n", what, n * 1e6 / us,
             us / n, static_cast<double>(CpuUs() - cpu) / n);
}

[[noreturn]] void Die(const std::string& why) {
  fmt::print(stderr, "client_bench: {}\n", why);
  std::exit(1);
}

template <typename T>
T Must(mydis::Result<T> result) {
  if (!result) Die(result.error().message());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// ---- A bare socket ----

int ConnectTo(const mydis::HostPort& address) {
  const auto found = Must(mydis::ResolveNow(address.host, address.port, false));
  const int fd = socket(found[0].get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, found[0].get(), found[0].size) != 0) Die("cannot connect");
  mydis::TuneSocket(fd, 0);
  return fd;
}

// Sends `request`, and reads until as many bytes have come as the answer has.
void Exchange(int fd, const std::string& request, size_t answer_size) {
  char buffer[64 * 1024];
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) Die("cannot send");
  for (size_t got = 0; got < answer_size;) {
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) Die("the connection ended");
    got += static_cast<size_t>(n);
  }
}

void BareSocket(const mydis::HostPort& address, size_t count) {
  const int fd = ConnectTo(address);
  const std::string get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
  const size_t answer = std::string("$5\r\nvalue\r\n").size();
  Measure("one GET at a time, bare socket", count / 10, [&] {
    for (size_t i = 0; i < count / 10; ++i) Exchange(fd, get, answer);
  });
  std::string batch;
  for (size_t i = 0; i < kPipeline; ++i) batch += get;
  Measure("GET, 16 a pipeline, bare socket", count, [&] {
    for (size_t i = 0; i < count; i += kPipeline) Exchange(fd, batch, kPipeline * answer);
  });
  close(fd);
}

// ---- hiredis ----

#if defined(MYDIS_HAS_HIREDIS)
void Hiredis(const mydis::HostPort& address, size_t count) {
  redisContext* context = redisConnect(address.host.c_str(), address.port);
  if (context == nullptr || context->err != 0) Die("hiredis cannot connect");
  Measure("one GET at a time, hiredis", count / 10, [&] {
    for (size_t i = 0; i < count / 10; ++i) freeReplyObject(redisCommand(context, "GET %s", "k"));
  });
  const auto pipeline = [&](const char* what, const char* format, const char* value) {
    Measure(what, count, [&] {
      for (size_t i = 0; i < count; i += kPipeline) {
        for (size_t j = 0; j < kPipeline; ++j) redisAppendCommand(context, format, "k", value);
        for (size_t j = 0; j < kPipeline; ++j) {
          void* reply = nullptr;
          if (redisGetReply(context, &reply) != REDIS_OK) Die("hiredis lost its connection");
          freeReplyObject(reply);
        }
      }
    });
  };
  pipeline("GET, 16 a pipeline, hiredis", "GET %s", "");
  pipeline("SET, 16 a pipeline, hiredis", "SET %s %s", "value");
  redisFree(context);
}
#endif

// ---- The library ----

// Keeps kUnderWay calls under way.
template <typename T>
void Windowed(size_t count, const std::function<mydis::Future<T>()>& start) {
  std::deque<mydis::Future<T>> window;
  for (size_t i = 0; i < count; ++i) {
    if (window.size() == kUnderWay) {
      for (size_t j = 0; j < kUnderWay / 2; ++j) {
        Must(window.front().Get());
        window.pop_front();
      }
    }
    window.push_back(start());
  }
  for (auto& future : window) Must(future.Get());
}

template <typename Add>
void Pipelines(Session& session, size_t count, Add add) {
  for (size_t i = 0; i < count; i += kPipeline) {
    mydis::Pipeline pipeline = session.NewPipeline();
    std::vector<decltype(add(pipeline))> futures;
    futures.reserve(kPipeline);
    for (size_t j = 0; j < kPipeline; ++j) futures.push_back(add(pipeline));
    pipeline.Send();
    for (auto& future : futures) Must(future.Get());
  }
}

void Library(Session session, size_t count) {
  using Found = std::optional<std::string>;
  Measure("one GET at a time, mydis::Session", count / 10, [&] {
    for (size_t i = 0; i < count / 10; ++i) Must(session.Get("k"));
  });
  Measure("one SET at a time, mydis::Session", count / 10, [&] {
    for (size_t i = 0; i < count / 10; ++i) Must(session.Set("k", "value"));
  });
  Measure("GET, 16 a pipeline, mydis::Session", count,
          [&] { Pipelines(session, count, [](auto& pipeline) { return pipeline.Get("k"); }); });
  Measure("SET, 16 a pipeline, mydis::Session", count, [&] {
    Pipelines(session, count, [](auto& pipeline) { return pipeline.Set("k", "value"); });
  });
  auto async = session.Async();
  Measure("GET, 512 under way, mydis::Session::Async", count,
          [&] { Windowed<Found>(count, [&] { return async.Get("k"); }); });
  Measure("SET, 512 under way, mydis::Session::Async", count,
          [&] { Windowed<void>(count, [&] { return async.Set("k", "value"); }); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) Die("usage: client_bench HOST:PORT [COUNT [WHAT]]");
  const size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 400'000;
  if (argc > 3) wanted = argv[3];
  const mydis::HostPort address = Must(mydis::ParseHostPort(argv[1], 2381));
  mydis::ClientOptions options;
  options.addresses = {argv[1]};
  const auto client = Must(mydis::Client::Connect(std::move(options)));
  Session session = client->NewSession();
  Must(session.Set("k", "value"));
  BareSocket(address, count);
#if defined(MYDIS_HAS_HIREDIS)
  Hiredis(address, count);
#endif
  Library(session, count);
  return 0;
}
