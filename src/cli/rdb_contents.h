// What stands in an RDB file, as import and verify go through it. Main thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "cli/key_summary.h"
#include "cli/progress.h"
#include "mydis/status.h"
#include "state/rdb_file.h"

namespace mydis {

struct RdbContents {
  int version = 0;
  uint64_t bytes = 0;
  std::map<std::string, std::string> facts;  // What the file tells of itself.
  uint64_t libraries = 0;
  std::set<std::string> modules;  // Whose data beside the keys is in it.
  KeySummary keys;

  // "RDB version 11, of Redis 7.2.4, written 2026-11-29 08:00 UTC, 2.9 GB"
  std::string Title() const;
  // For people or programs: the title, keys by database and type, the rest. Ends with a newline.
  std::string Text(bool people) const;
};

// Reads from `fd` to its end, adds to `contents`, and shows how far it is. `visit` gets every item
// but the end; what it returns ends the reading unless it is ok. Of values with more than
// `max_value` bytes the size is told.
using RdbVisit = std::function<Status(RdbItem& item)>;
Status ReadRdb(int fd, uint64_t max_value, Progress& progress, RdbContents* contents,
               const RdbVisit& visit);

}  // namespace mydis
