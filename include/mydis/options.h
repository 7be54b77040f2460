// What a call, and a session, may ask for. Standard library only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mydis/consistency.h"

namespace mydis {

// Of one call. What is not said is the session's.
struct CallOptions {
  std::optional<Consistency> consistency = {};
  // The whole of the call, with everything that is tried again; kForever: none; 0 or less:
  // kInvalid. A write whose limit passes while it is under way gives kUnknown; it may take effect
  // later.
  std::optional<std::chrono::milliseconds> time_limit = {};
  // The call sees a state of at least this revision: with what Session::revision() of another
  // session gave, everything that one has written or read. 0: none is asked for.
  uint64_t min_revision = 0;
  // A write with a request id is carried out once, whoever sends it again and wherever; whoever
  // does gets the first answer, for as long as the cluster keeps it (`request-retention`, 300 s).
  // For requests that have an id already. Without one, the session numbers its writes itself, so
  // that those that it sends again are carried out once all the same. It must outlive the call, not
  // more.
  std::string_view request_id = {};
};

// Of a session. A plain value.
struct SessionOptions {
  int database = 0;
  std::optional<Consistency> read_consistency = {};  // The instance's otherwise.
  std::optional<Consistency> write_consistency =
      {};                                        // The instance's, or the cluster's, otherwise.
  std::chrono::milliseconds time_limit{15'000};  // For each call; see CallOptions.
  // The first call sees at least this revision; see CallOptions.
  uint64_t min_revision = 0;
  // What CLIENT LIST shows; empty: nothing.
  std::string name = {};
  // Of an Instance: the session has this user's rights; empty: it may do everything. A Client's
  // sessions are who the client is.
  std::string user = {};
};

}  // namespace mydis
