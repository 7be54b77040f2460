// What follows the envelope in a log entry's payload.
//
//   kRegister:  the instance id, to the end; the envelope's sequence is the origin it replaces
//   kCommands:  `operations` times:
//     u8 opcode
//     1 command:      varint database, varint words, then each word as bytes
//     2 transaction:  varint watched keys, each { varint database, bytes key, u64 revision },
//                     varint commands, each { varint database, varint words, bytes … }
//     3 as user:      bytes user, then one of the above, whose scripts have that user's rights
//     4 behind:       varint distance, then one of the above, which is not run if the operation so
//                     many places before it would have blocked, or was not run itself
//     5 mark:         then one of the above; the revision before it is noted, under the next of
//                     the numbers 0, 1, 2 …
//     6 once:         bytes user, bytes id, u64 hash of the words, u8 version of the client's
//                     protocol, varint number, unless that is 0 varint oldest number, then one of
//                     the first three, which is carried out only if the state remembers no reply to
//                     that user's id, or client's number (request_table.h)
//   A watched key's revision is what Keyspace::WatchRevision has to give; or, beside kAtMark, the
//   number of a mark before it in the entry, since which the key must not have changed.
//   kPulse:     nothing, or the keys that the leader would let go (EvictionList::Save)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "base/envelope.h"
#include "state/request_table.h"

namespace mydis {

enum class Opcode : uint8_t {
  kCommand = 1,
  kTransaction = 2,
  kAsUser = 3,
  kBehind = 4,
  kMark = 5,
  kOnce = 6,
};

// Of a watched key's revision: it is the number of a mark, in the lower 32 bits. No revision is so
// high, no client can say one (int64_t), and it is none of Keyspace's watch revisions.
inline constexpr uint64_t kAtMark = uint64_t{3} << 62;
inline bool IsAtMark(uint64_t revision) { return revision >> 32 == kAtMark >> 32; }

struct WatchedKey {
  uint32_t db;
  std::string key;
  uint64_t revision;  // As Keyspace::IsUnchanged takes it.
};

// Appends operations to a payload whose first kEnvelopeSize bytes are left free for the envelope.
class EntryBuilder {
 public:
  EntryBuilder() { Clear(); }
  // The number of a mark before the next operation, to be referred to by transactions behind it.
  // To be called before Behind, Once and AsUser of that operation.
  uint32_t Mark();
  // The next operation is run only if the one `distance` places before it did not block and was run
  // itself. REQUIRES: there is one.
  void Behind(uint32_t distance);
  // The next operation is a request that may be sent again. After Behind, if both are said.
  // REQUIRES: tag.given().
  void Once(const RequestTag& tag);
  // The next operation's scripts run with this user's rights. After Behind and Once, if they are
  // said.
  void AsUser(std::string_view user);
  void AddCommand(uint32_t db, std::span<const std::string_view> words);
  // Opens a transaction; exactly `commands` calls of AddElement must follow.
  void BeginTransaction(std::span<const WatchedKey> watched, size_t commands);
  void AddElement(uint32_t db, std::span<const std::string_view> words);
  uint32_t operations() const { return operations_; }
  size_t bytes() const { return payload_.size() - kEnvelopeSize; }
  // The payload with kind and count filled in (origin, sequence, time and seed are still zero);
  // the builder is empty afterwards.
  std::string Take();
  void Clear();

 private:
  std::string payload_;
  uint32_t operations_ = 0;
  uint32_t marks_ = 0;
  bool marked_ = false;  // What is written last is a mark.
};

// A payload that registers an origin in the place of `replaces` (0: none).
std::string RegistrationPayload(uint64_t origin, uint64_t replaces, std::string_view instance);

// Reads operations in order. Views point into the payload. After a malformed one ok() is false.
class EntryReader {
 public:
  EntryReader(std::string_view body, uint32_t operations) : in_(body), left_(operations) {}
  bool ok() const { return in_.ok() && !failed_; }
  bool HasNext() const { return left_ > 0 && ok(); }
  // The kind of the next operation, kCommand or kTransaction.
  Opcode NextOpcode();
  // With whose rights the operation at hand runs scripts; empty: they may do everything.
  std::string_view user() const { return user_; }
  // How many places before it the operation is on which it depends; 0: none.
  uint64_t behind() const { return behind_; }
  // Whether it is to be carried out once, and as which request; not given(): it is none.
  const RequestTag& request() const { return request_; }
  // Whether there is a mark before it.
  bool marked() const { return marked_; }
  // After kCommand, and for each element of a transaction. The words live until the next call.
  std::span<const std::string_view> Command(uint32_t* db);
  // After kTransaction: the number of watched keys, then each, then the number of commands.
  uint64_t Count() { return in_.Varint(); }
  void Watched(uint32_t* db, std::string_view* key, uint64_t* revision);
  // In place of all that, after NextOpcode: goes over the operation. Gives ok().
  bool SkipOperation(Opcode opcode);

 private:
  Opcode Next() { return static_cast<Opcode>(in_.U8()); }

  Decoder in_;
  uint32_t left_;
  bool failed_ = false;
  bool marked_ = false;
  uint64_t behind_ = 0;
  RequestTag request_;
  std::string_view user_;
  std::vector<std::string_view> words_;
};

}  // namespace mydis
