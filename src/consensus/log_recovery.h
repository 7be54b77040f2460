// Reads a log back from its files and decides whether it is whole. The rules:
//
//  - Segments are numbered without a gap, and each begins where the one before ends: sequence, last
//    index and term must agree.
//  - In all but the last segment every group up to the next segment's first one must be valid.
//  - In the last segment the first group that is not valid ends the log, if nothing behind it
//  proves that
//    it once was on disk: no later group that names it durable, no kContinued mark.
//
// Nothing on disk is changed before all of that has been found true. Then the part of a torn tail
// that could be mistaken for a group later is wiped, and groups that nothing proves durable are
// written once more: after a failed sync the system may show bytes that the disk does not have.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consensus/disk.h"
#include "consensus/log_index.h"
#include "consensus/log_segment.h"

namespace mydis {

struct RecoveredLog {
  std::vector<std::shared_ptr<LogSegment>> segments;  // At least one; the last is written on.
  LogIndex index;
  HardState hard_state;
  uint64_t next_sequence = 1;
};

// `names` are the names in `directory`. Errors as for LogStore::Open.
Result<RecoveredLog> RecoverLog(Disk& disk, const std::string& directory,
                                const std::vector<std::string>& names);

}  // namespace mydis
