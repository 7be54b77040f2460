// What subscribers and watchers are told. Standard library only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mydis/status.h"

namespace mydis {

// Said on a channel.
struct Message {
  std::string channel;
  std::string pattern;  // That it came by; empty: the channel itself was subscribed to.
  std::string payload;
  uint64_t revision = 0;  // Of a listener with resumption, else 0.
};

// What has become of a key.
struct KeyChange {
  enum class Kind : uint8_t {
    kPut,     // It has a value, of type `type`.
    kDelete,  //
    kExpire,  // Its time came.
    kEvict,   // It made room for others.
    kFlush,   // All keys of the database are gone; there is no `key`.
    kSwap,    // All keys of the database are others now; there is no `key`.
  };
  Kind kind = Kind::kPut;
  std::string key;
  std::string type;  // As TYPE says it: "string", "hash" …
  // With WatchOptions::values, of a string of at most 1 MiB: its value, which may be newer than the
  // change, never older.
  std::optional<std::string> value;
  uint64_t revision = 0;
  // Nothing else of this revision comes: it is what to go on from, WatchOptions::from_revision.
  bool last = false;
};

// Publish/subscribe as in Redis: what is said while there is no connection is missed.
struct SubscribeOptions {
  std::vector<std::string> channels = {};
  std::vector<std::string> patterns = {};
};

// Handlers are called one at a time, in order, on the session's executor.
struct SubscribeHandlers {
  std::function<void(const Message&)> on_message = {};
  // The connection was lost and is there again: messages may have been missed. May be empty.
  std::function<void()> on_gap = {};
};

// Watches go on at another instance where they were: nothing is missed or told twice.
struct WatchOptions {
  enum class Of : uint8_t { kKeys, kChannel, kPattern };
  Of of = Of::kKeys;
  std::string name = {};  // The prefix of the keys (empty: all), the channel, or the pattern.
  // Tells what comes after this revision; 0: after now. Where nobody has watched for an hour, it
  // has to be the present one (docs/watching.md).
  uint64_t from_revision = 0;
  bool values = false;  // kKeys: with the values of strings.
};

struct WatchHandlers {
  std::function<void(const KeyChange&)> on_change = {};  // kKeys
  std::function<void(const Message&)> on_message = {};   // kChannel, kPattern
  // Nothing else up to this revision. May be empty.
  std::function<void(uint64_t revision)> on_revision = {};
  // The watch has ended: what came after its revision is not kept any more (kNotFound, with the
  // revision to read and to watch from anew), or it is not allowed (kNoPermission). May be empty.
  std::function<void(const Status& why, uint64_t current_revision)> on_end = {};
};

}  // namespace mydis
