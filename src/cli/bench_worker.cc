#include "cli/bench_worker.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mydis {
namespace {

// How long answers may take after the last request was sent, and after Ctrl-C.
constexpr uint64_t kDrainLimitMs = 10'000;
constexpr uint64_t kInterruptedDrainMs = 1000;
// How long there may be no connection at all.
constexpr uint64_t kAllLostLimitUs = 15'000'000;

// The part of `total` that is the `share`-th of `shares`.
uint64_t Part(uint64_t total, uint64_t share, uint64_t shares) {
  return total * (share + 1) / shares - total * share / shares;
}

}  // namespace

BenchWorker::BenchWorker(const LoadOptions& options, const CommandTemplate& command,
                         Resolver& resolver, uint64_t share, Events events)
    : options_(options),
      command_(command),
      resolver_(resolver),
      share_(share),
      events_(std::move(events)),
      random_(RandomSeed()),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      quota_(options.requests == 0 ? UINT64_MAX : Part(options.requests, share, options.threads)) {}

BenchWorker::~BenchWorker() {
  if (thread_.joinable()) Join();
}

Status BenchWorker::Start() {
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop) return loop.error();
  loop_ = std::move(*loop);
  if (!timer_.valid()) return {ErrorCode::kIo, std::strerror(errno)};
  if (Status s = loop_->Add(timer_.get(), EPOLLIN, this); !s.ok()) return s;
  const uint64_t first = options_.clients * share_ / options_.threads;
  const uint64_t count = Part(options_.clients, share_, options_.threads);
  for (uint64_t i = 0; i < count; ++i) {
    clients_.push_back(std::make_unique<BenchClient>(*this, first + i));
    clients_.back()->Connect();
  }
  thread_ = std::thread([this] { loop_->Run(); });
  return Status::Ok();
}

void BenchWorker::Join() {
  loop_->Stop();
  thread_.join();
}

void BenchWorker::Begin(uint64_t start_us) {
  loop_->Post([this, start_us] {
    if (ended_) return;
    start_us_ = start_us;
    running_ = true;
    if (options_.duration_ms > 0) {
      stop_us_ = start_us + options_.duration_ms * 1000;
      loop_->AddTimerAt(stop_us_, [this] { StopSending(kDrainLimitMs); });
    }
    for (const auto& client : clients_) ClientIdle(*client);
  });
}

void BenchWorker::Finish() {
  loop_->Post([this] { StopSending(kInterruptedDrainMs); });
}

void BenchWorker::ClientReady() {
  ++ready_clients_;
  if (ready_clients_ < clients_.size() || told_ready_) return;
  told_ready_ = true;
  events_.ready();
}

// Before the load begins each connection tries every address once, and then gives up.
void BenchWorker::ConnectFailed(size_t failures, const Status& why) {
  if (!told_ready_ && failures >= options_.addresses.size()) return Fail(why);
  if (told_ready_ && ready_clients_ == 0 && NowUs() > lost_all_us_ + kAllLostLimitUs) Fail(why);
}

void BenchWorker::ClientLost(uint64_t on_the_way) {
  --ready_clients_;
  if (ready_clients_ == 0) lost_all_us_ = NowUs();
  if (ended_) return;
  ++result_.reconnects;
  result_.lost += on_the_way;
  on_the_way_ -= on_the_way;
  EndIfAnswered();
}

void BenchWorker::ClientIdle(BenchClient& client) {
  if (!running_) return;
  if (options_.rate == 0) {
    if (client.on_the_way() == 0) SendBatch(client);
    return;
  }
  if (!client.waits_for_work && client.room() > 0) {
    client.waits_for_work = true;
    idle_.push_back(&client);
  }
  SendDue();
}

void BenchWorker::SendBatch(BenchClient& client) {
  const uint64_t now = NowUs();
  const uint64_t count = std::min(client.room(), quota_ - sent_);
  if (quota_ == sent_ || now >= stop_us_) return StopSending(kDrainLimitMs);
  Send(client, count, now);
}

void BenchWorker::Send(BenchClient& client, uint64_t count, uint64_t since_us) {
  client.Send(count, since_us);
  sent_ += count;
  on_the_way_ += count;
}

uint64_t BenchWorker::DueAt(uint64_t request) const {
  const auto nth = static_cast<double>(request * options_.threads + share_);
  return start_us_ + static_cast<uint64_t>(nth * 1e6 / options_.rate);
}

void BenchWorker::SendDue() {
  const uint64_t now = NowUs();
  while (running_) {
    if (sent_ == quota_) return StopSending(kDrainLimitMs);
    const uint64_t due = DueAt(sent_);
    if (due >= stop_us_) return;
    if (due > now) return SetTimer(due);
    while (!idle_.empty() && idle_.front()->room() == 0) {
      idle_.front()->waits_for_work = false;
      idle_.pop_front();
    }
    if (idle_.empty()) return;
    // In turn, so that all connections take part.
    BenchClient& client = *idle_.front();
    idle_.pop_front();
    Send(client, 1, due);
    client.waits_for_work = client.room() > 0;
    if (client.waits_for_work) idle_.push_back(&client);
  }
}

void BenchWorker::SetTimer(uint64_t at_us) {
  itimerspec spec{};
  spec.it_value.tv_sec = static_cast<time_t>(at_us / 1'000'000);
  spec.it_value.tv_nsec = static_cast<long>(at_us % 1'000'000 * 1000);
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void BenchWorker::OnEvents(uint32_t) {
  uint64_t times;
  if (read(timer_.get(), &times, sizeof times) > 0) SendDue();
}

void BenchWorker::Answered(uint64_t since_us, uint64_t now_us, const ReplyScanner& scanner) {
  result_.latency.Add(now_us - std::min(since_us, now_us));
  if (scanner.kind() == ReplyScanner::Kind::kNull) ++result_.nulls;
  if (scanner.kind() == ReplyScanner::Kind::kError) {
    if (result_.errors == 0) result_.first_error = scanner.error();
    ++result_.errors;
  }
  answered_.store(result_.latency.count(), std::memory_order_relaxed);
  end_us_ = now_us;
  --on_the_way_;
  EndIfAnswered();
}

void BenchWorker::StopSending(uint64_t drain_ms) {
  if (!running_) return;
  running_ = false;
  if (options_.rate > 0) {
    const uint64_t until = std::min(NowUs(), stop_us_);
    for (uint64_t k = sent_; k < quota_ && DueAt(k) < until; ++k) ++result_.late;
  }
  loop_->AddTimer(drain_ms, [this] {
    result_.lost += on_the_way_;
    End();
  });
  EndIfAnswered();
}

void BenchWorker::EndIfAnswered() {
  if (start_us_ > 0 && !running_ && on_the_way_ == 0) End();
}

void BenchWorker::End() {
  if (ended_) return;
  ended_ = true;
  if (end_us_ == 0) end_us_ = NowUs();
  events_.done();
}

void BenchWorker::Fail(Status why) {
  if (ended_) return;
  failure_ = std::move(why);
  running_ = false;
  events_.failed();
  End();
}

}  // namespace mydis
