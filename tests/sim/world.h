// Simulated time: everything that happens in a run, in one order, from one seed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"

namespace mydis::sim {

// One thread.
class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {}

  uint64_t now() const { return now_us_; }
  Random& random() { return random_; }
  // A number in [low, high].
  uint64_t Between(uint64_t low, uint64_t high) { return low + random_.Below(high - low + 1); }

  void At(uint64_t time_us, std::move_only_function<void()> event) {
    events_.emplace(std::make_pair(std::max(time_us, now_us_), ++sequence_), std::move(event));
  }
  void After(uint64_t delay_us, std::move_only_function<void()> event) {
    At(now_us_ + delay_us, std::move(event));
  }
  // Runs the next event; false if there is none before `until_us` (then it is that time).
  bool Step(uint64_t until_us) {
    if (events_.empty() || events_.begin()->first.first > until_us) {
      now_us_ = std::max(now_us_, until_us);
      return false;
    }
    auto node = events_.extract(events_.begin());
    now_us_ = node.key().first;
    node.mapped()();
    return true;
  }

  // Everything observable goes in here; equal hashes mean equal runs.
  void Trace(uint64_t a, uint64_t b = 0, std::string_view bytes = {}) {
    const uint64_t words[] = {now_us_, a, b};
    trace_ = Hash64({reinterpret_cast<const char*>(words), sizeof words}, trace_);
    trace_ = Hash64(bytes, trace_);
  }
  uint64_t trace() const { return trace_; }

 private:
  Random random_;
  uint64_t now_us_ = 1'000'000;
  uint64_t sequence_ = 0;
  uint64_t trace_ = 0;
  std::map<std::pair<uint64_t, uint64_t>, std::move_only_function<void()>> events_;
};

// One machine's clocks: they run at a rate of their own, and its wall clock may jump.
class SimClock final : public Clock {
 public:
  SimClock(World& world, uint64_t offset_us, uint32_t rate_ppm)
      : world_(world), offset_us_(offset_us), rate_ppm_(rate_ppm) {}
  uint64_t MonotonicUs() override {
    return offset_us_ + world_.now() / 1'000'000 * rate_ppm_ +
           world_.now() % 1'000'000 * rate_ppm_ / 1'000'000;
  }
  uint64_t WallMs() override {
    return static_cast<uint64_t>(static_cast<int64_t>(1'700'000'000'000 + world_.now() / 1000) +
                                 wall_offset_ms_);
  }
  void JumpWall(int64_t ms) { wall_offset_ms_ += ms; }
  // World time at which MonotonicUs() will have reached `us`.
  uint64_t WorldTime(uint64_t us) const {
    if (us <= offset_us_) return 0;
    const uint64_t local = us - offset_us_;
    return local / rate_ppm_ * 1'000'000 + local % rate_ppm_ * 1'000'000 / rate_ppm_ + 1;
  }

 private:
  World& world_;
  uint64_t offset_us_;
  uint64_t rate_ppm_;  // Of a million.
  int64_t wall_offset_ms_ = 0;
};

}  // namespace mydis::sim
