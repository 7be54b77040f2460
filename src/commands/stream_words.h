// What the stream commands share: reading IDs, sending entries, looking groups up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/arg_parser.h"
#include "commands/values.h"
#include "state/container_edit.h"
#include "types/stream.h"

namespace mydis {

inline constexpr std::string_view kErrStreamId =
    "ERR Invalid stream ID specified as stream command argument";

// "5-3", or "5" with `missing_seq` behind it; nullopt for anything else.
std::optional<StreamId> ParseStreamId(std::string_view word, uint64_t missing_seq = 0);
// The same and "5-*", for which *sequence_given becomes false.
std::optional<StreamId> ParseNewStreamId(std::string_view word, bool* sequence_given);
// Reads one ID; without it the error has been sent.
std::optional<StreamId> ReadStreamId(std::string_view word, Reply& reply);
// Reads all words from `first` on; without it the error has been sent.
std::optional<std::vector<StreamId>> ReadStreamIds(Args args, size_t first, Reply& reply);
// One end of an interval: an ID, "-", "+", or "(ID" for what lies beyond it. A missing sequence is
// the smallest at the start and the largest at the end. Without it the error has been sent.
std::optional<StreamId> ReadIntervalStart(std::string_view word, Reply& reply);
std::optional<StreamId> ReadIntervalEnd(std::string_view word, Reply& reply);

// The number, or the error has been sent.
std::optional<int64_t> ReadInteger(std::string_view word, Reply& reply,
                                   std::string_view error = kErrNotInteger);

void SendStreamId(Reply& reply, StreamId id);
// The entry at which the iterator stands: its ID and its fields and values.
void SendStreamEntry(Reply& reply, const StreamIterator& at);
// One entry; false if it is not there, and nothing has been sent.
bool SendStreamEntry(Reply& reply, const Stream& stream, StreamId id);
// The array of the entries that are left, at most `count` (0: all).
void SendStreamEntries(Reply& reply, StreamIterator& at, uint64_t count);

// The stream at a key; nullptr if there is none. REQUIRES: the type was checked.
inline const Stream* StreamOf(const Entry* entry) {
  return entry == nullptr ? nullptr : &entry->as<Stream>();
}

// "NOGROUP No such key 'k' or consumer group 'g'".
std::string NoGroupError(std::string_view key, std::string_view group);
// "NOGROUP No such consumer group 'g' for key name 'k'".
std::string NoGroupOfKeyError(std::string_view key, std::string_view group);
// "ERR unknown subcommand or wrong number of arguments for 'x'. Try XGROUP HELP."
std::string SubcommandError(std::string_view container, std::string_view subcommand);

}  // namespace mydis
