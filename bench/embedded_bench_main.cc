// How many calls a second a program gets from an instance that is part of it: GETs that are
// answered in its own threads, alone and while others write, and SETs.
//
//     embedded_bench [KEYS] [SECONDS]
//
// Prints one line a measurement: what, calls a second, and nanoseconds of CPU of the threads that
// call, each.
#include <fmt/core.h>
#include <sys/resource.h>
#include <time.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "mydis/mydis.h"

namespace {

using mydis::Session;

constexpr size_t kValueBytes = 32;
constexpr int kBetweenLooks = 256;

// "key:" and a number, without an allocation.
class Key {
 public:
  std::string_view Of(uint64_t number) {
    return {text_, static_cast<size_t>(std::to_chars(text_ + 4, text_ + sizeof text_, number).ptr -
                                       text_)};
  }

 private:
  char text_[32] = {'k', 'e', 'y', ':'};
};

uint64_t CpuNs() {
  timespec spent;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<uint64_t>(spent.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(spent.tv_nsec);
}

struct Bench {
  mydis::Instance& instance;
  uint64_t keys;
  std::chrono::duration<double> time;

  // Each of `threads` threads calls `call(session, key)` again and again, with random keys.
  template <typename Call>
  void Measure(const std::string& what, int threads, Call call) {
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> calls{0}, cpu_ns{0};
    std::vector<std::thread> callers;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < threads; ++i) {
      callers.emplace_back([&, i] {
        Session session = instance.NewSession();
        uint64_t random = static_cast<uint64_t>(i) + 1, count = 0;
        Key key;
        while (!stop.load(std::memory_order_relaxed)) {
          for (int n = 0; n < kBetweenLooks; ++n, ++count) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            call(session, key.Of((random >> 33) % keys));
          }
        }
        calls += count;
        cpu_ns += CpuNs();
      });
    }
    std::this_thread::sleep_for(time);
    stop = true;
    for (std::thread& caller : callers) caller.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    fmt::print("{:<36} {:>12.0f} calls/s {:>8.0f} ns CPU each\n", what,
               static_cast<double>(calls) / took.count(),
               static_cast<double>(cpu_ns) / static_cast<double>(calls));
  }
};

void Check(bool ok, std::string_view what) {
  if (ok) return;
  fmt::print(stderr, "embedded_bench: {}\n", what);
  std::exit(1);
}

void Get(Session& session, std::string_view key) {
  Check(session.Get(key).value().has_value(), "a key is not there");
}

void Fill(Session session, uint64_t keys) {
  constexpr uint64_t kTogether = 1000;
  const std::string value(kValueBytes, 'v');
  Key key;
  for (uint64_t i = 0; i < keys; i += kTogether) {
    mydis::Pipeline pipeline = session.NewPipeline();
    std::vector<mydis::Future<void>> answers;
    for (uint64_t n = i; n < std::min(keys, i + kTogether); ++n)
      answers.push_back(pipeline.Set(key.Of(n), value));
    pipeline.Send();
    for (auto& answer : answers) Check(answer.Get().has_value(), "a key was not written");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 3;
  char folder[] = "/tmp/embedded_bench.XXXXXX";
  Check(mkdtemp(folder) != nullptr, "no folder for the data");
  {
    auto instance = mydis::Instance::Start({.data_dir = folder});
    Check(instance.has_value(), "the instance does not start");
    Check((*instance)->WaitUntilReady().ok(), "the instance is not ready");
    Fill((*instance)->NewSession(), keys);
    Bench bench{**instance, keys, std::chrono::duration<double>(seconds)};
    bench.Measure("GET, one thread", 1, Get);
    bench.Measure("GET, two threads", 2, Get);
    {
      std::atomic<bool> stop{false};
      std::thread writer([&] {
        Session session = (*instance)->NewSession();
        Key key;
        for (uint64_t i = 0; !stop; ++i)
          Check(session.Set(key.Of(i % keys), "w").has_value(), "SET");
      });
      bench.Measure("GET, one thread, another writes", 1, Get);
      stop = true;
      writer.join();
    }
    bench.Measure("SET, one thread", 1, [](Session& session, std::string_view key) {
      Check(session.Set(key, "w").has_value(), "SET");
    });
  }
  std::filesystem::remove_all(folder);
}
