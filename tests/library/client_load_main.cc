// Works through the library's client from several threads until a line comes on its input, then
// says what it has done and what the cluster has of it: tests/cluster/client_library_test.py ends
// instances meanwhile.
//
//     client_load [--token TOKEN] [--tls-ca FILE] HOST:PORT…
//
// Output: "progress N" while it works, N answers so far; then "NAME done=N unknown=N stored=N" for
// each kind of work, and a line "error …" for each thing that is wrong.
#include <fmt/core.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mydis/client.h"

namespace {

using mydis::ErrorCode;
using mydis::Result;
using mydis::Session;
using mydis::Status;
using mydis::Value;

std::atomic<bool> stopped = false;
std::atomic<uint64_t> answers = 0;
std::mutex output;

void Print(const std::string& line) {
  const std::lock_guard lock(output);
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

// What one kind of work has come to.
struct Count {
  const char* name;
  std::atomic<int64_t> done = 0;
  std::atomic<int64_t> unknown = 0;

  // Whether the work was done; or it may have been.
  template <typename T>
  bool Take(const Result<T>& result) {
    if (result) {
      ++done;
      ++answers;
      return true;
    }
    if (result.error().code() == ErrorCode::kUnknown) {
      ++unknown;
    } else {
      Print(fmt::format("error {}: {}", name, result.error().message()));
      stopped = true;
    }
    return false;
  }
  void Report(int64_t stored) {
    Print(
        fmt::format("{} done={} unknown={} stored={}", name, done.load(), unknown.load(), stored));
  }
};

int64_t NumberOf(const Result<Value>& answer) {
  if (!answer) {
    Print("error reading what is stored: " + answer.error().message());
    return -1;
  }
  return answer->is_null()                         ? 0
         : answer->kind() == Value::Kind::kInteger ? answer->integer()
                                                   : std::stoll(answer->string());
}

const mydis::CallOptions kStrong{.consistency = mydis::Consistency::kStrong};

// ---- Kinds of work ----

void Increment(Session session, Count& count) {
  while (!stopped) count.Take(session.Incr("counter"));
}

// Many under way at a time, of which each thread's arrive in order.
void Append(Session session, Count& count) {
  for (int64_t next = 0; !stopped;) {
    mydis::Pipeline pipeline = session.NewPipeline();
    std::vector<mydis::Future<Value>> futures;
    for (int i = 0; i < 32; ++i) {
      const std::string number = std::to_string(next++);
      futures.push_back(pipeline.Command({"RPUSH", "list", number}));
    }
    pipeline.Send();
    for (auto& future : futures) count.Take(future.Get());
  }
}

// Two keys that always have the same number, which nobody else may change in between.
void ChangeTwo(Session session, Count& count) {
  const std::string_view keys[] = {"left", "right"};
  while (!stopped) {
    const Status status = session.Transact(
        keys,
        [](Session& reads, mydis::Transaction& changes) {
          const auto left = reads.Get("left");
          if (!left) return left.error();
          const std::string next = std::to_string(left->has_value() ? std::stoll(**left) + 1 : 1);
          changes.Set("left", next);
          changes.Incr("right");
          return Status::Ok();
        },
        // The others may be at a faster instance.
        1'000'000);
    count.Take(status.ok() ? Result<void>() : mydis::Fail(status));
  }
}

void Produce(Session session, Count& count) {
  for (int64_t job = 0; !stopped; ++job) {
    const std::string name = std::to_string(job);
    count.Take(session.Command({"RPUSH", "queue", name}));
  }
}

// Every job is popped once.
void Consume(Session session, Count& count, const Count& produced) {
  std::map<std::string, int> jobs;
  while (!stopped || count.done < produced.done) {
    const Result<Value> popped = session.Command({"BLPOP", "queue", "1"});
    if (popped && popped->is_null()) {
      if (stopped) break;
      continue;
    }
    if (count.Take(popped)) ++jobs[popped->elements()[1].string()];
  }
  for (const auto& [job, times] : jobs) {
    if (times > 1) Print(fmt::format("error job {} was popped {} times", job, times));
  }
}

void Publish(Session session, Count& count) {
  for (int64_t i = 1; !stopped; ++i) {
    const std::string number = std::to_string(i);
    count.Take(session.Set("watched:key", number));
  }
}

// Hears of each change of a key, in order, none of them twice.
class ChangeCounter {
 public:
  explicit ChangeCounter(Session session) {
    mydis::WatchHandlers handlers;
    handlers.on_change = [this](const mydis::KeyChange& change) { Take(change); };
    handlers.on_end = [](const Status& why, uint64_t) {
      Print("error the watch has ended: " + why.message());
    };
    auto watch = session.Watch({.name = "watched:"}, std::move(handlers));
    if (watch) {
      watch_ = *std::move(watch);
    } else {
      Print("error cannot watch: " + watch.error().message());
    }
  }
  // Waits until it has heard of the change that has this revision.
  void WaitFor(uint64_t revision) {
    std::unique_lock lock(mutex_);
    const bool heard =
        more_.wait_for(lock, std::chrono::seconds(60), [&] { return last_ >= revision; });
    if (!heard) Print(fmt::format("error no change of revision {}, only {}", revision, last_));
  }
  int64_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  void Take(const mydis::KeyChange& change) {
    const std::lock_guard lock(mutex_);
    if (change.revision <= last_)
      Print(fmt::format("error change {} after {}", change.revision, last_));
    last_ = change.revision;
    ++count_;
    more_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable more_;
  uint64_t last_ = 0;
  int64_t count_ = 0;
  mydis::Subscription watch_;
};

// ---- All of it ----

void CheckOrder(Session session) {
  const Result<Value> list = session.Command({"LRANGE", "list", "0", "-1"}, kStrong);
  if (!list) return Print("error reading the list: " + list.error().message());
  int64_t before = -1;
  for (const Value& element : list->elements()) {
    const int64_t number = std::stoll(element.string());
    if (number <= before) Print(fmt::format("error {} stands behind {}", number, before));
    before = number;
  }
}

void Work(mydis::Client& client) {
  Count increments{"incr"}, appended{"append"}, changed{"transact"}, produced{"produce"},
      consumed{"consume"}, published{"publish"};
  ChangeCounter watched(client.NewSession());
  std::vector<std::thread> threads;
  const auto run = [&](std::function<void(Session)> work) {
    threads.emplace_back(
        [work = std::move(work), session = client.NewSession()] { work(session); });
  };
  for (int i = 0; i < 2; ++i) run([&](Session s) { Increment(s, increments); });
  for (int i = 0; i < 2; ++i) run([&](Session s) { ChangeTwo(s, changed); });
  run([&](Session s) { Append(s, appended); });
  run([&](Session s) { Produce(s, produced); });
  run([&](Session s) { Consume(s, consumed, produced); });
  run([&](Session s) { Publish(s, published); });
  std::thread progress([] {
    for (std::string line; std::getline(std::cin, line) && line != "stop";)
      Print(fmt::format("progress {}", answers.load()));
    stopped = true;
  });
  for (std::thread& thread : threads) thread.join();
  Session session = client.NewSession();
  increments.Report(NumberOf(session.Command({"GET", "counter"}, kStrong)));
  appended.Report(NumberOf(session.Command({"LLEN", "list"}, kStrong)));
  changed.Report(NumberOf(session.Command({"GET", "left"}, kStrong)));
  changed.Report(NumberOf(session.Command({"GET", "right"}, kStrong)));
  const int64_t left = NumberOf(session.Command({"LLEN", "queue"}, kStrong));
  produced.Report(consumed.done + left);
  consumed.Report(consumed.done);
  const std::string_view key[] = {"watched:key"};
  const auto revision = session.Revisions(key, kStrong);
  if (revision) watched.WaitFor((*revision)[0]);
  published.Report(watched.count());
  CheckOrder(session);
  progress.join();
}

}  // namespace

int main(int argc, char** argv) {
  mydis::ClientOptions options;
  options.addresses.clear();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--token" && i + 1 < argc) {
      options.token = argv[++i];
    } else if (word == "--tls-ca" && i + 1 < argc) {
      options.tls.on = true;
      options.tls.ca_file = argv[++i];
    } else {
      options.addresses.push_back(word);
    }
  }
  const auto client = mydis::Client::Connect(std::move(options));
  if (!client) {
    Print("error cannot connect: " + client.error().message());
    return 1;
  }
  Work(**client);
  return 0;
}
