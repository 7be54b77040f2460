#include "cli/bench_load.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/assert.h"
#include "base/clock.h"
#include "cli/bench_worker.h"
#include "net/resolver.h"
#include "net/unique_fd.h"

namespace mydis {
namespace {

constexpr int kProgressMs = 100;

// The workers of one run, and what they tell the thread that waits for them.
class Run {
 public:
  Run(const LoadOptions& options, const CommandTemplate& command, int interrupt_fd)
      : interrupt_fd_(interrupt_fd), wake_(eventfd(0, EFD_CLOEXEC)) {
    MYDIS_ASSERT(wake_.valid(), "no file descriptor left");
    const BenchWorker::Events events = {[this] { Tell(ready_); }, [this] { Tell(done_); },
                                        [this] { Tell(failed_); }};
    for (uint64_t i = 0; i < options.threads; ++i)
      workers_.push_back(std::make_unique<BenchWorker>(options, command, resolver_, i, events));
  }

  Result<LoadResult> Go(const LoadProgress& progress) {
    for (const auto& worker : workers_) {
      if (Status s = worker->Start(); !s.ok()) return Fail(std::move(s));
      ++started_;
    }
    // Answers are counted from the time when all connections stand.
    while (ready_ < workers_.size() && failed_ == 0) {
      if (Wait()) return Fail(ErrorCode::kBusy, "interrupted");
    }
    const uint64_t start = clock_.MonotonicUs();
    if (failed_ == 0) Measure(start, progress);
    return Collect(start);
  }

  ~Run() {
    for (size_t i = 0; i < started_; ++i) workers_[i]->Join();
  }

 private:
  void Measure(uint64_t start, const LoadProgress& progress) {
    for (const auto& worker : workers_) worker->Begin(start);
    bool finishing = false;
    while (done_ < workers_.size()) {
      const bool interrupted = Wait();
      interrupted_ = interrupted_ || interrupted;
      uint64_t answered = 0;
      for (const auto& worker : workers_) answered += worker->answered();
      progress(answered, clock_.MonotonicUs() - start);
      if (finishing || !(interrupted || failed_ > 0)) continue;
      finishing = true;
      for (const auto& worker : workers_) worker->Finish();
    }
  }

  Result<LoadResult> Collect(uint64_t start) {
    for (size_t i = 0; i < started_; ++i) workers_[i]->Join();
    started_ = 0;
    LoadResult sum;
    uint64_t end = start;
    for (const auto& worker : workers_) {
      if (!worker->failure().ok()) return Fail(worker->failure());
      const LoadResult& part = worker->result();
      sum.latency.Merge(part.latency);
      sum.errors += part.errors;
      sum.nulls += part.nulls;
      sum.lost += part.lost;
      sum.late += part.late;
      sum.reconnects += part.reconnects;
      if (sum.first_error.empty()) sum.first_error = part.first_error;
      end = std::max(end, worker->end_us());
    }
    sum.interrupted = interrupted_;
    sum.seconds = static_cast<double>(end - start) / 1e6;
    return sum;
  }

  void Tell(std::atomic<size_t>& count) {
    ++count;
    const uint64_t one = 1;
    MYDIS_ASSERT(write(wake_.get(), &one, sizeof one) == sizeof one, "an eventfd takes a number");
  }

  // Until a worker tells something, or it is time to show progress. True: the user wants an end.
  bool Wait() {
    pollfd fds[2] = {{wake_.get(), POLLIN, 0}, {interrupt_fd_, POLLIN, 0}};
    poll(fds, 2, kProgressMs);
    uint64_t told;
    if ((fds[0].revents & POLLIN) != 0 && read(wake_.get(), &told, sizeof told) < 0) return false;
    return (fds[1].revents & POLLIN) != 0;
  }

  const int interrupt_fd_;
  UniqueFd wake_;
  SystemClock clock_;
  Resolver resolver_;
  std::vector<std::unique_ptr<BenchWorker>> workers_;
  size_t started_ = 0;
  std::atomic<size_t> ready_{0};
  std::atomic<size_t> done_{0};  // Failed ones too.
  std::atomic<size_t> failed_{0};
  bool interrupted_ = false;
};

}  // namespace

Result<LoadResult> RunLoad(const LoadOptions& options, const CommandTemplate& command,
                           int interrupt_fd, const LoadProgress& progress) {
  return Run(options, command, interrupt_fd).Go(progress);
}

}  // namespace mydis
