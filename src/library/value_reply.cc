#include "library/value_reply.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {

constexpr size_t kReservedAtMost = 1024;  // A count is a promise: memory is taken as it is kept.

}  // namespace

void ValueReply::Open(Value::Kind kind, size_t count) {
  Collection& made = open_.emplace_back(Collection{kind, count, false, {}});
  made.elements.reserve(std::min(count, kReservedAtMost));
  CloseFull();
}

void ValueReply::AttributeHeader(size_t pairs) {
  open_.push_back({Value::Kind::kMap, 2 * pairs, true, {}});
  CloseFull();
}

size_t ValueReply::OpenArray() {
  open_.push_back({Value::Kind::kArray, kUntilClosed, false, {}});
  return open_.size();
}

void ValueReply::CloseArray(size_t token, size_t count) {
  MYDIS_ASSERT(token == open_.size() && open_.back().elements.size() == count,
               "arrays are closed in the order in which they are nested");
  CloseLast();
  CloseFull();
}

void ValueReply::PutInside(Value value) {
  Collection& last = open_.back();
  last.elements.push_back(std::move(value));
  if (last.missing != kUntilClosed) --last.missing;
  CloseFull();
}

void ValueReply::CloseFull() {
  while (!open_.empty() && open_.back().missing == 0) CloseLast();
}

void ValueReply::CloseLast() {
  Collection last = std::move(open_.back());
  open_.pop_back();
  if (last.dropped) return;
  Value value = Value::Collection(last.kind, std::move(last.elements));
  if (open_.empty()) {
    root_ = std::move(value);
    return;
  }
  open_.back().elements.push_back(std::move(value));
  if (open_.back().missing != kUntilClosed) --open_.back().missing;
}

}  // namespace mydis
