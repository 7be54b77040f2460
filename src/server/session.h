// What a client's connection remembers between commands.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "commands/acl_rights.h"
#include "mydis/consistency.h"
#include "server/audience.h"
#include "server/client_batch.h"
#include "server/door.h"

namespace mydis {

struct WatchList;  // server/watches.h

// Of clients that come in by Door::kLibrary: where they are, and who they are if nobody in
// particular. No user has this name.
inline constexpr std::string_view kOwnAddress = "embedded:0";
inline constexpr std::string_view kOwnProgram = "(program)";

inline constexpr std::string_view kErrUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

// What others may see of a client (CLIENT LIST on any connection). Written by its own thread.
struct ClientRecord {
  uint64_t id = 0;
  int fd = -1;
  std::string address;                 // Of the client; never changes.
  std::string local_address;           // Of this side.
  uint64_t connected_ms = 0;           // Monotonic.
  uint32_t thread = 0;                 // Index of its I/O thread.
  std::atomic<uint64_t> active_ms{0};  // Monotonic time of the last command.
  std::atomic<const CommandSpec*> last_command{nullptr};
  std::atomic<uint32_t> db{0};
  std::atomic<int> resp_version{2};
  std::atomic<int32_t> queued{-1};  // Commands in MULTI, −1 outside.
  std::atomic<uint32_t> watched{0};
  std::atomic<uint64_t> output_bytes{0};
  std::atomic<uint64_t> input_bytes{0};
  std::atomic<uint64_t> bytes_read{0};
  std::atomic<uint64_t> bytes_written{0};
  std::atomic<bool> no_evict{false};
  std::atomic<bool> no_touch{false};
  std::atomic<bool> waiting{false};  // For a commit, a barrier, WAIT …
  std::atomic<bool> paused{false};   // By CLIENT PAUSE.
  std::atomic<bool> blocked{false};  // Waits for a key, or for other instances (WAIT).
  std::atomic<uint32_t> subscribed[kSubscriptionKinds] = {};
  std::atomic<uint32_t> watches{0};  // Of MYDIS FOLLOW and LISTEN.
  std::atomic<bool> monitor{false};
  std::atomic<bool> tracking{false};
  std::atomic<bool> tracking_broadcast{false};
  std::atomic<bool> tracking_broken{false};  // The client that it redirects to is gone.
  std::atomic<int64_t> tracking_redirect{-1};
  uint32_t Subscriptions() const { return subscribed[0] + subscribed[1] + subscribed[2]; }
  std::string UserName() {
    MutexLock guard(mutex);
    return user;
  }
  Mutex mutex;
  std::string name MYDIS_GUARDED_BY(mutex);
  std::string user MYDIS_GUARDED_BY(mutex){kDefaultUser};
  std::string lib_name MYDIS_GUARDED_BY(mutex);
  std::string lib_version MYDIS_GUARDED_BY(mutex);
};

// What a connection is subscribed to, by kind.
struct Subscriptions {
  std::set<std::string, std::less<>> names[kSubscriptionKinds];
};

// Client-side caching, as CLIENT TRACKING has set it up.
struct Tracking {
  bool broadcast = false;
  bool opt_in = false;
  bool opt_out = false;
  bool no_loop = false;
  bool caching = false;   // CLIENT CACHING was given for the next command.
  uint64_t redirect = 0;  // The connection that gets the invalidations; 0: this one.
  std::set<std::string, std::less<>> prefixes;

  // Whether the keys that a command reads now are to be remembered.
  bool Wants() const { return !broadcast && !(opt_in && !caching) && !(opt_out && caching); }
};

class BackupFile;
class RestoreUpload;

// The connection's own thread.
struct ClientSession {
  std::shared_ptr<ClientRecord> record = std::make_shared<ClientRecord>();
  Door door = Door::kRedis;
  uint32_t db = 0;
  int resp_version = 2;
  std::optional<Consistency> read_consistency;
  std::optional<Consistency> write_consistency;

  // kWithAttributes: on, and each reply has the revision before it (CLIENT ATTRIBUTES).
  enum class ReplyMode : uint8_t { kOn, kWithAttributes, kOff, kSkipNext, kSkipThis };
  ReplyMode reply_mode = ReplyMode::kOn;
  bool attributes = false;
  // The mode in which there are replies.
  ReplyMode answering() const { return attributes ? ReplyMode::kWithAttributes : ReplyMode::kOn; }

  std::unique_ptr<mydis::Subscriptions> subscriptions;  // Null: never subscribed.
  std::unique_ptr<mydis::Tracking> tracking;            // Null: off.
  std::shared_ptr<WatchList> watches;                   // Null: none.
  bool monitor = false;
  mydis::Subscriptions& Subscribed() {
    if (subscriptions == nullptr) subscriptions = std::make_unique<mydis::Subscriptions>();
    return *subscriptions;
  }
  void CountSubscriptions() {
    for (size_t i = 0; i < kSubscriptionKinds; ++i)
      record->subscribed[i] = static_cast<uint32_t>(subscriptions->names[i].size());
  }
  bool subscribed() const { return subscriptions != nullptr && record->Subscriptions() > 0; }
  // Whether it may be sent what it did not ask for.
  bool listens() const {
    return subscriptions != nullptr || tracking != nullptr || watches != nullptr || monitor;
  }

  // --- Who the client is (docs/acl.md) ---
  // While the users are of this version the client may do everything.
  uint64_t free_version = 0;
  uint64_t rights_version = 0;  // Of the users that `rights` were made from.
  // Null: the user is gone.
  std::shared_ptr<const AclRights> rights;
  uint64_t user_id = 0;
  std::string user{kDefaultUser};
  bool authenticated = false;
  // It became "default" without a password while this instance did not know yet whether it may, or
  // whom the program around has said while the users were not known.
  bool unproven = false;
  // By Door::kLibrary: whom the program around has said; empty: itself, which may do everything.
  std::string own_user;
  bool IsOwnProgram() const { return user == kOwnProgram; }

  // MULTI
  bool in_multi = false;
  bool multi_failed = false;
  bool multi_strong = false;  // A queued command was prefixed with STRONG.
  std::vector<StoredCommand> queued;
  uint64_t queued_bytes = 0;  // Of their words.
  std::vector<WatchedKey> watched;
  uint64_t watch_batch = 0;  // The batch whose marks some of them refer to yet; 0: none do.

  // What MYDIS REQUEST has said of the HTTP request at hand.
  struct Requester {
    std::string token;           // Whose user the session has.
    uint64_t users_version = 0;  // When that was found out.
    std::string error;           // Why the request's commands are refused; empty: they are not.
  };
  std::unique_ptr<Requester> requester;  // Null: not an HTTP session.

  // What MYDIS BACKUP and MYDIS RESTORE have open.
  std::shared_ptr<BackupFile> backup;
  std::shared_ptr<RestoreUpload> restore;

  uint64_t over_soft_limit_s = 0;  // How long the output has been over its soft limit.

  // The log index and revision of this connection's last write, for WAIT.
  uint64_t last_write_index = 0;
  uint64_t last_write_revision = 0;
};

}  // namespace mydis
