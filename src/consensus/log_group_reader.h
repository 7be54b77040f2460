// Reads groups out of a segment. For recovery, by one thread.
#pragma once

#include <optional>
#include <string>

#include "consensus/log_record.h"
#include "consensus/log_segment.h"

namespace mydis {

// A group as read: head and data, both verified.
struct StoredGroup {
  GroupHead head;
  std::string data;
};

class GroupReader {
 public:
  explicit GroupReader(LogSegment& segment) : segment_(segment) {}

  // The valid group at `offset`; none if there is no such thing. kIo when the disk cannot read.
  Result<std::optional<StoredGroup>> ReadGroup(uint64_t offset);
  // Its head alone: enough to know that the group was written. None if that is not valid.
  Result<std::optional<GroupHead>> ReadHead(uint64_t offset);
  // The first place at or after `offset` where a block claims to be a group of this segment; none
  // if no block does.
  Result<std::optional<uint64_t>> FindClaim(uint64_t offset);

 private:
  LogSegment& segment_;
  std::string window_;  // What FindClaim() has read ahead, from window_offset_ on.
  uint64_t window_offset_ = 0;
};

}  // namespace mydis
