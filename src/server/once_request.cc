#include "server/once_request.h"

#include "base/hash.h"
#include "server/client_batch.h"

namespace mydis {
namespace {

// Part of log entries and snapshots.
constexpr uint64_t kTransactionSeed = 1;

template <typename Words>
uint64_t AddWords(uint64_t hash, uint32_t db, const Words& words) {
  hash = Hash64({}, hash ^ db ^ uint64_t{words.size()} << 32);
  for (const auto& word : words) hash = Hash64(word, hash);
  return hash;
}

}  // namespace

uint64_t HashOfWords(uint32_t db, Args args) { return AddWords(0, db, args); }

uint64_t HashOfWords(std::span<const StoredCommand> commands) {
  uint64_t hash = Hash64({}, kTransactionSeed);
  for (const StoredCommand& command : commands)
    // Whether it is among the entry's commands counts, since the reply is made of theirs.
    hash = AddWords(hash + command.local(), command.db, command.words);
  return hash;
}

}  // namespace mydis
