// Typed calls: the server and the database as a whole.
#pragma once

#include <string>
#include <vector>

#include "mydis/calls/call_base.h"
#include "mydis/times.h"

namespace mydis {

template <typename Self, template <typename> class Answer>
class ServerCalls : public CallBase<Self, Answer, ServerCalls<Self, Answer>> {
 public:
  // "PONG"
  Answer<std::string> Ping(const CallOptions& options = {}) {
    return this->template Send<std::string>(CallKind::kAny, {"PING"}, options);
  }
  Answer<std::string> Echo(std::string_view text, const CallOptions& options = {}) {
    return this->template Send<std::string>(CallKind::kAny, {"ECHO", text}, options);
  }
  // The cluster's.
  Answer<TimePoint> Time(const CallOptions& options = {}) {
    return this->template Send<TimePoint>(CallKind::kAny, {"TIME"}, options);
  }
  // Lines of "name:value", and headings that begin with "#".
  Answer<std::string> Info(const Strings& sections = {}, const CallOptions& options = {}) {
    return this->template Send<std::string>(CallKind::kAny, Words{"INFO"}.Add(sections), options);
  }
  // How many keys the database has.
  Answer<int64_t> DbSize(const CallOptions& options = {}) {
    return this->template Read<int64_t>({"DBSIZE"}, options);
  }
  // Removes all keys of the database; FlushAll: of all databases.
  Answer<void> FlushDb(const CallOptions& options = {}) {
    return this->template Write<void>({"FLUSHDB"}, options);
  }
  Answer<void> FlushAll(const CallOptions& options = {}) {
    return this->template Write<void>({"FLUSHALL"}, options);
  }
  Answer<void> SwapDb(int first, int second, const CallOptions& options = {}) {
    return this->template Write<void>(Words{"SWAPDB"}.Add(first, second), options);
  }
  // Settings whose names match a pattern.
  Answer<Fields> ConfigGet(std::string_view pattern, const CallOptions& options = {}) {
    return this->template Send<Fields>(CallKind::kAny, {"CONFIG", "GET", pattern}, options);
  }
  Answer<void> ConfigSet(std::string_view name, std::string_view value,
                         const CallOptions& options = {}) {
    return this->template Send<void>(CallKind::kAny, {"CONFIG", "SET", name, value}, options);
  }
};

}  // namespace mydis
