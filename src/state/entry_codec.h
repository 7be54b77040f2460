// What follows the envelope in a log entry's payload.
//
//   kRegister:  the instance id, to the end; the envelope's sequence is the origin it replaces
//   kCommands:  `operations` times:
//     u8 opcode
//     1 command:      varint database, varint words, then each word as bytes
//     2 transaction:  varint watched keys, each { varint database, bytes key, u64 revision },
//                     varint commands, each { varint database, varint words, bytes … }
//     3 as user:      bytes user, then one of the above, whose scripts have that user's rights
//   kPulse:     nothing, or the keys that the leader would let go (EvictionList::Save)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "base/envelope.h"

namespace mydis {

enum class Opcode : uint8_t { kCommand = 1, kTransaction = 2, kAsUser = 3 };

struct WatchedKey {
  uint32_t db;
  std::string key;
  uint64_t revision;  // As Keyspace::IsUnchanged takes it.
};

// Appends operations to a payload whose first kEnvelopeSize bytes are left free for the envelope.
class EntryBuilder {
 public:
  EntryBuilder() { Clear(); }
  // The next operation's scripts run with this user's rights.
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
  // After kCommand, and for each element of a transaction. The words live until the next call.
  std::span<const std::string_view> Command(uint32_t* db);
  // After kTransaction: the number of watched keys, then each, then the number of commands.
  uint64_t Count() { return in_.Varint(); }
  void Watched(uint32_t* db, std::string_view* key, uint64_t* revision);

 private:
  Decoder in_;
  uint32_t left_;
  bool failed_ = false;
  std::string_view user_;
  std::vector<std::string_view> words_;
};

}  // namespace mydis
