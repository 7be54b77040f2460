#include "linearizability.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "base/hash.h"

namespace mydis::sim {
namespace {

using Value = std::optional<std::string>;

// What the operation answers and makes of the value.
std::string Run(const Operation& op, Value& value) {
  switch (op.kind) {
    case OpKind::kSet:
      value = op.argument;
      return "+OK";
    case OpKind::kGetSet: {
      std::string old = value ? "$" + *value : "_";
      value = op.argument;
      return old;
    }
    case OpKind::kIncr:
      value = std::to_string((value ? std::stoll(*value) : 0) + 1);
      return ":" + *value;
    case OpKind::kDel: {
      const bool was = value.has_value();
      value.reset();
      return was ? ":1" : ":0";
    }
    case OpKind::kGet:
      return value ? "$" + *value : "_";
    case OpKind::kCas:
      if ((value ? "$" + *value : "_") != op.expected) return "_";
      value = op.argument;
      return "+OK";
  }
  return {};
}

// Depth first over the orders, as Wing and Gong do, remembering which sets of operations have led
// to which value before.
class Search {
 public:
  explicit Search(const std::vector<Operation>& operations)
      : ops_(operations), done_(operations.size(), false) {
    std::sort(ops_.begin(), ops_.end(),
              [](const Operation& a, const Operation& b) { return a.called < b.called; });
  }

  Verdict Check() {
    const bool found = Go(Value());
    if (found) return Verdict::kLinearizable;
    return steps_ > kMostSteps ? Verdict::kTooHard : Verdict::kNot;
  }

 private:
  static constexpr uint64_t kMostSteps = 2'000'000;

  uint64_t Fingerprint(const Value& value) const {
    uint64_t hash = Hash64(value ? "1" + *value : "0");
    std::string bits;
    for (bool done : done_) bits.push_back(done ? '1' : '0');
    return Hash64(bits, hash);
  }

  bool Go(const Value& value) {
    if (++steps_ > kMostSteps) return false;
    // Whoever returned first bounds who can be next.
    uint64_t first_return = Operation::kNever;
    bool open = false;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (done_[i]) continue;
      if (ops_[i].returned != Operation::kNever) open = true;
      first_return = std::min(first_return, ops_[i].returned);
    }
    if (!open) return true;  // The rest need never have happened.
    if (!seen_.insert(Fingerprint(value)).second) return false;
    for (size_t i = 0; i < ops_.size() && ops_[i].called <= first_return; ++i) {
      if (done_[i]) continue;
      Value next = value;
      const std::string answer = Run(ops_[i], next);
      if (!ops_[i].answer.empty() && ops_[i].answer != answer) continue;
      done_[i] = true;
      if (Go(next)) return true;
      done_[i] = false;
    }
    return false;
  }

  std::vector<Operation> ops_;
  std::vector<bool> done_;
  std::unordered_set<uint64_t> seen_;
  uint64_t steps_ = 0;
};

}  // namespace

Verdict CheckLinearizable(const std::vector<Operation>& operations) {
  return Search(operations).Check();
}

}  // namespace mydis::sim
