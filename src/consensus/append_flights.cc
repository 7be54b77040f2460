#include "consensus/append_flights.h"

#include <algorithm>

#include "base/codec.h"
#include "consensus/engine.h"

namespace mydis {
namespace {

struct AppendAnswer {
  uint64_t index = 0;
  bool reject = false;
};

// raftpb.Message, of which the numbers come first: type 1, to 2, from 3, term 4, log term 5,
// index 6, commit 8, reject 10. False if `bytes` is no answer to an append.
bool DecodeAnswer(std::string_view bytes, AppendAnswer* answer) {
  constexpr uint64_t kType = 1, kIndex = 6, kReject = 10;
  constexpr uint64_t kVarint = 0, kLength = 2;
  Decoder in(bytes);
  bool is_answer = false;
  while (in.ok() && !in.AtEnd()) {
    const uint64_t tag = in.Varint();
    if ((tag & 7) == kLength) {
      in.Bytes();
      continue;
    }
    if ((tag & 7) != kVarint) return false;
    const uint64_t value = in.Varint();
    if (tag >> 3 == kType) {
      is_answer = value == static_cast<uint64_t>(MessageType::kAppendResponse);
      if (!is_answer) return false;
    }
    if (tag >> 3 == kIndex) answer->index = value;
    if (tag >> 3 == kReject) answer->reject = value != 0;
  }
  return in.ok() && is_answer;
}

}  // namespace

bool AppendFlights::UnderWay(uint64_t to, uint64_t index, uint64_t now_us) const {
  const auto it = flights_.find(to);
  if (it == flights_.end() || now_us - it->second.since_us >= kLostAfterUs) return false;
  return std::ranges::any_of(it->second.messages, [index](const Message& message) {
    return message.first <= index && index <= message.last;
  });
}

void AppendFlights::Sent(uint64_t to, uint64_t first, uint64_t last, uint64_t now_us) {
  Flight& flight = flights_[to];
  flight.since_us = now_us;
  flight.messages.push_back({first, last});
}

void AppendFlights::StillMoving(uint64_t to, uint64_t now_us) {
  if (const auto it = flights_.find(to); it != flights_.end()) it->second.since_us = now_us;
}

void AppendFlights::Received(uint64_t from, std::string_view bytes) {
  const auto it = flights_.find(from);
  AppendAnswer answer;
  if (it == flights_.end() || !DecodeAnswer(bytes, &answer)) return;
  // An answer in the middle of a message may be all that this one will get. A refusal comes behind
  // the answers to all that was sent before, and means one of all that was sent later.
  if (!answer.reject)
    std::erase_if(it->second.messages, [&](const Message& m) { return m.first <= answer.index; });
  if (answer.reject || it->second.messages.empty()) flights_.erase(it);
}

}  // namespace mydis
