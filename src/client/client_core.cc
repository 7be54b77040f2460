#include "client/client_core.h"

#include <algorithm>
#include <utility>

#include "base/no_signals.h"
#include "client/may_wait.h"
#include "client/remote_channel.h"

namespace mydis {
namespace {

constexpr uint64_t kTickMs = 50;
constexpr uint32_t kQuietTicks = 40;  // After so many with nothing under way it stops ticking.
constexpr size_t kMostIdentities = 1024;
constexpr size_t kNameWords = 2;  // Of 64 bits each.

}  // namespace

Result<std::shared_ptr<ClientCore>> ClientCore::Create(std::shared_ptr<Dialer> dialer,
                                                       Options options) {
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  if (!loop) return Fail(loop.error());
  std::shared_ptr<ClientCore> core(
      new ClientCore(std::move(dialer), std::move(options), *std::move(loop)));
  core->thread_ = ThreadWithoutSignals([raw = core.get()] { raw->Run(); });
  return core;
}

ClientCore::ClientCore(std::shared_ptr<Dialer> dialer, Options options,
                       std::unique_ptr<EventLoop> loop)
    : options_(std::move(options)),
      loop_(std::move(loop)),
      dialer_(std::move(dialer)),
      random_(RandomSeed()),
      next_choice_(random_.Next() >> 1) {}

ClientCore::~ClientCore() { Stop(); }

void ClientCore::Run() {
  thread_id_ = std::this_thread::get_id();
  BringsAnswers();
  loop_->Run();
}

void ClientCore::Stop() {
  if (OnCoreThread()) {
    ThreadWithoutSignals([core = shared_from_this()] { core->Stop(); }).detach();
    return;
  }
  {
    MutexLock lock(mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  loop_->Post([this] {
    CloseAll();
    loop_->Stop();
  });
  thread_.join();
  thread_id_ = std::thread::id();  // Another thread may get it.
  {
    MutexLock lock(post_mutex_);
    ended_ = true;
  }
  // What was posted behind the thread's last turn: callbacks, which are called once each.
  loop_->RunOnce(0);
  MutexLock lock(mutex_);
  lanes_.clear();
  idle_.clear();
  leaving_.clear();
}

bool ClientCore::TryPost(EventLoop::Task& task) {
  MutexLock lock(post_mutex_);
  if (ended_) return false;
  loop_->Post(std::move(task));
  return true;
}

void ClientCore::CloseAll() {
  const Status why(ErrorCode::kUnavailable, "the client, or the instance, has been closed");
  std::vector<std::shared_ptr<Lane>> lanes;
  std::vector<std::weak_ptr<Closable>> closables;
  {
    MutexLock lock(mutex_);
    for (const auto& [raw, lane] : lanes_) lanes.push_back(lane);
    closables.swap(closables_);
  }
  for (const auto& lane : lanes) lane->Close(why);
  for (const auto& weak : closables) {
    if (const auto closable = weak.lock()) closable->CloseNow(why);
  }
}

void ClientCore::RunCallback(std::move_only_function<void()> callback) {
  const auto run = [this](std::move_only_function<void()> now) {
    if (options_.executor) return options_.executor(std::move(now));
    now();
  };
  if (OnCoreThread()) return run(std::move(callback));
  PostDelivery([run, callback = std::move(callback)]() mutable { run(std::move(callback)); });
}

void ClientCore::PostDelivery(EventLoop::Task delivery) {
  deliveries_posted_.fetch_add(1);
  EventLoop::Task task = [this, delivery = std::move(delivery)]() mutable {
    delivery();
    deliveries_posted_.fetch_sub(1);
  };
  if (!TryPost(task)) task();
}

// ---- Lanes ----

WriterIdentity ClientCore::NewIdentity() {
  if (!identities_.empty()) {
    WriterIdentity identity = std::move(identities_.back());
    identities_.pop_back();
    return identity;
  }
  constexpr char kDigits[] = "0123456789abcdef";
  WriterIdentity identity;
  for (size_t i = 0; i < kNameWords; ++i) {
    // Two clients of one name would take each other's writes for their own.
    for (uint64_t bits = RandomSeed(), n = 0; n < 16; ++n, bits >>= 4)
      identity.name += kDigits[bits & 15];
  }
  return identity;
}

std::shared_ptr<Lane> ClientCore::TakeLane(const SessionOptions& settings,
                                           std::shared_ptr<SessionRevisions> revisions) {
  const auto fits = [&settings](const std::shared_ptr<Lane>& lane) {
    const SessionOptions& own = lane->settings();
    return own.database == settings.database && own.read_consistency == settings.read_consistency &&
           own.write_consistency == settings.write_consistency && own.name == settings.name &&
           own.user == settings.user && lane->connected();
  };
  std::shared_ptr<Lane> lane;
  MutexLock lock(mutex_);
  if (const auto found = std::ranges::find_if(idle_, fits); found != idle_.end()) {
    lane = std::move(*found);
    idle_.erase(found);
  } else {
    lane = std::make_shared<Lane>(*this, settings, NewIdentity(), next_choice_++);
    if (stopped_) {
      lane->Close(Status(ErrorCode::kUnavailable, "the client, or the instance, has been closed"));
    } else {
      lanes_.emplace(lane.get(), lane);
    }
  }
  lane->Serve(std::move(revisions));
  return lane;
}

void ClientCore::GiveBack(std::shared_ptr<Lane> lane) {
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    if (lane->under_way() > 0) {
      leaving_.push_back(std::move(lane));
      return;
    }
  }
  KeepOrClose(lane);
}

void ClientCore::KeepOrClose(const std::shared_ptr<Lane>& lane) {
  std::vector<std::shared_ptr<Lane>> closing;
  if (lane->connected()) {
    lane->Rest();
  } else {
    closing.push_back(lane);
  }
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    if (closing.empty()) idle_.push_back(lane);
    // What no session can use makes room, and then what none has used for longest.
    std::erase_if(idle_, [&closing](const std::shared_ptr<Lane>& idle) {
      if (idle->connected()) return false;
      closing.push_back(idle);
      return true;
    });
    if (idle_.size() > options_.idle_connections) {
      closing.push_back(std::move(idle_.front()));
      idle_.erase(idle_.begin());
    }
  }
  for (const auto& each : closing) Post([this, each] { CloseLane(each); });
}

void ClientCore::CloseLane(const std::shared_ptr<Lane>& lane) {
  lane->Close(Status(ErrorCode::kUnavailable, "the session has ended"));
  MutexLock lock(mutex_);
  if (identities_.size() < kMostIdentities) identities_.push_back(lane->identity());
  lanes_.erase(lane.get());
}

bool ClientCore::Register(const std::shared_ptr<Closable>& closable) {
  MutexLock lock(mutex_);
  if (stopped_) return false;
  std::erase_if(closables_, [](const auto& weak) { return weak.expired(); });
  closables_.push_back(closable);
  return true;
}

// ---- Time ----

void ClientCore::WatchTime() {
  if (ticking_.load() || ticking_.exchange(true)) return;
  Post([this] {
    quiet_ticks_ = 0;
    loop_->AddTimer(kTickMs, [this] { Tick(); });
  });
}

void ClientCore::Tick() {
  std::vector<std::shared_ptr<Lane>> lanes;
  std::vector<std::shared_ptr<Lane>> done;
  {
    MutexLock lock(mutex_);
    for (const auto& [raw, lane] : lanes_) lanes.push_back(lane);
    std::erase_if(leaving_, [&done](std::shared_ptr<Lane>& lane) {
      if (lane->under_way() > 0) return false;
      done.push_back(std::move(lane));
      return true;
    });
  }
  for (const auto& lane : done) KeepOrClose(lane);
  const uint64_t now_us = NowUs();
  bool busy = false;
  for (const auto& lane : lanes) {
    lane->CheckTime(now_us);
    busy |= lane->under_way() > 0;
  }
  quiet_ticks_ = busy ? 0 : quiet_ticks_ + 1;
  if (quiet_ticks_ < kQuietTicks) {
    loop_->AddTimer(kTickMs, [this] { Tick(); });
    return;
  }
  ticking_.store(false);
  // Who has started something before that store relies on this look.
  MutexLock lock(mutex_);
  if (std::ranges::any_of(lanes_, [](const auto& l) { return l.second->under_way() > 0; }))
    WatchTime();
}

// ---- Sessions ----

Session ClientCore::NewSession(SessionOptions options) {
  return Session(std::make_shared<RemoteChannel>(shared_from_this(), std::move(options)));
}

}  // namespace mydis
