#include "consensus/read_barriers.h"

#include <iterator>

namespace mydis {
namespace {

constexpr uint64_t kScanUs = 20'000;

}  // namespace

void ReadBarriers::Add(uint64_t deadline_us, Callback done) {
  waiting_.push_back(Read{deadline_us, std::move(done)});
}

bool ReadBarriers::Start(uint64_t now_us, bool leader_known, uint64_t* context) {
  if (!leader_known) return false;
  if (round_.empty()) {
    if (waiting_.empty()) return false;
  } else if (asked_us_ != 0 && now_us - asked_us_ < retry_us_) {
    return false;
  }
  // Whoever waits joins a round that has to be asked for again anyway.
  std::move(waiting_.begin(), waiting_.end(), std::back_inserter(round_));
  waiting_.clear();
  asked_us_ = now_us;
  *context = ++context_;
  return true;
}

void ReadBarriers::Answered(uint64_t context, uint64_t index) {
  if (context != context_ || round_.empty()) return;
  auto& list = applying_[index];
  std::move(round_.begin(), round_.end(), std::back_inserter(list));
  round_.clear();
}

std::vector<ReadBarriers::Due> ReadBarriers::TakeDue(uint64_t applied, uint64_t now_us,
                                                     bool leader_known) {
  std::vector<Due> due;
  while (!applying_.empty() && applying_.begin()->first <= applied) {
    for (Read& read : applying_.begin()->second) due.push_back(Due{std::move(read.done), {}});
    applying_.erase(applying_.begin());
  }
  if (now_us < next_scan_us_) return due;
  next_scan_us_ = now_us + kScanUs;
  const Status late =
      leader_known
          ? Status(ErrorCode::kTimeout, "the leader could not be confirmed in time; try again")
          : Status(ErrorCode::kUnavailable, "no leader can be reached; try again");
  const auto scan = [&](std::vector<Read>& reads) {
    std::erase_if(reads, [&](Read& read) {
      if (read.deadline_us > now_us) return false;
      due.push_back(Due{std::move(read.done), late});
      return true;
    });
  };
  scan(waiting_);
  scan(round_);
  for (auto& [index, reads] : applying_) scan(reads);
  return due;
}

void ReadBarriers::FailAll(const Status& status, std::vector<Due>* due) {
  const auto fail = [&](std::vector<Read>& reads) {
    for (Read& read : reads) due->push_back(Due{std::move(read.done), status});
    reads.clear();
  };
  fail(waiting_);
  fail(round_);
  for (auto& [index, reads] : applying_) fail(reads);
  applying_.clear();
}

}  // namespace mydis
