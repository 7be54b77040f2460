#include "types/stream.h"

namespace mydis {

StreamIterator::StreamIterator(const Stream& stream, StreamId start, StreamId end,
                               Direction direction)
    : start_(start), end_(end), direction_(direction), node_(stream.nodes().Begin()) {
  if (direction == Direction::kBackward) {
    node_ = stream.nodes().Floor(end);
    // All nodes come later: nothing to see.
    if (!node_.valid()) end_ = StreamId{};
  } else if (!start.zero()) {
    const auto floor = stream.nodes().Floor(start);
    if (floor.valid()) node_ = floor;
  }
}

void StreamIterator::Enter() {
  entries_ = &node_->entries;
  header_ = StreamNodeHeader(*node_);
}

bool StreamIterator::Next() {
  return direction_ == Direction::kForward ? NextForward() : NextBackward();
}

bool StreamIterator::NextForward() {
  while (true) {
    if (entries_ == nullptr || position_ == Listpack::kNone) {
      if (entries_ != nullptr) node_.Next();
      if (!node_.valid()) return false;
      Enter();
      position_ = header_.FirstEntry(*entries_);
    }
    entry_ = header_.ReadEntry(*entries_, position_);
    position_ = StreamNodeHeader::After(*entries_, entry_);
    if (entry_.deleted() || entry_.id < start_) continue;
    return entry_.id <= end_;
  }
}

bool StreamIterator::NextBackward() {
  while (true) {
    if (!node_.valid()) return false;
    if (entries_ == nullptr) {
      Enter();
      position_ = StreamNodeHeader::Before(*entries_, Listpack::kNone);
    }
    if (position_ == Listpack::kNone) {
      node_.Previous();
      entries_ = nullptr;
      continue;
    }
    entry_ = header_.ReadEntry(*entries_, position_);
    position_ = StreamNodeHeader::Before(*entries_, position_);
    if (entry_.deleted() || entry_.id > end_) continue;
    return entry_.id >= start_;
  }
}

}  // namespace mydis
