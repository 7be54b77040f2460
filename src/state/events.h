// What the state tells about its changes, as they happen.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mydis {

// Redis's classes of keyspace events; the letter is that of notify-keyspace-events.
enum class EventClass : uint16_t {
  kGeneric = 1u << 0,    // g
  kString = 1u << 1,     // $
  kList = 1u << 2,       // l
  kSet = 1u << 3,        // s
  kHash = 1u << 4,       // h
  kSortedSet = 1u << 5,  // z
  kStream = 1u << 6,     // t
  kExpired = 1u << 7,    // x
  kEvicted = 1u << 8,    // e
  kKeyMiss = 1u << 9,    // m
  kNew = 1u << 10,       // n
};

// Told about changes on the applying thread, which holds the state's lock exclusively. Used by what
// must follow the data: keyspace events, invalidation, blocked clients, watches over HTTP. Must not
// change the state.
class KeyspaceListener {
 public:
  virtual ~KeyspaceListener() = default;
  // The key has a new value or deadline, or is gone.
  virtual void OnKeyChanged(uint32_t db, std::string_view key) = 0;
  // Before the key goes because its deadline has been reached; OnKeyChanged follows.
  virtual void OnKeyExpired(uint32_t db, std::string_view key) = 0;
  // Everything in `db` is gone or replaced (SWAPDB).
  virtual void OnFlush(std::optional<uint32_t> db) = 0;
  // Redis's keyspace event, in its words: "lpush", "rename_from".
  virtual void OnEvent(EventClass event_class, std::string_view event, uint32_t db,
                       std::string_view key) = 0;
};

// Told where the changes of one revision end: what KeyspaceListener has been told since the last
// call has the state's revision. The applying thread.
class RevisionListener {
 public:
  virtual ~RevisionListener() = default;
  virtual void OnRevisionEnd() = 0;
};

// Told when an entry makes many keys go at once, for who has a clock. The applying thread.
class RemovalListener {
 public:
  enum class Cause : uint8_t { kExpiry, kEviction };
  virtual ~RemovalListener() = default;
  // Some keys have gone, and more follow.
  virtual void OnManyBegin(Cause cause) = 0;
  virtual void OnManyEnd(Cause cause) = 0;
};

struct RequestTag;  // state/request_table.h

// Told when the reply to a request is remembered (request_table.h). The applying thread.
class RequestListener {
 public:
  virtual ~RequestListener() = default;
  virtual void OnRemembered(const RequestTag& tag) = 0;
};

// Takes the messages that applied commands publish, and what else clients of this instance feel.
// The applying thread, which holds the state's lock exclusively.
class MessageListener {
 public:
  virtual ~MessageListener() = default;
  // Gives the number of clients of this instance that will get it: not the same on all instances,
  // so nothing that goes into the state may depend on it.
  virtual int64_t OnMessage(bool sharded, std::string_view channel, std::string_view message) = 0;
  // Users, or what they may do, have changed.
  virtual void OnUsersChanged() = 0;
};

}  // namespace mydis
