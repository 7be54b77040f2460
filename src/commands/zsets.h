// Handlers of the sorted set commands; the records are in zsets_family.cc, zsets_range_family.cc
// and, with their handlers, those that wait in zsets_blocking.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "commands/spec.h"
#include "types/sorted_set.h"

namespace mydis {

std::span<const CommandSpec> SortedSetFamily();
std::span<const CommandSpec> SortedSetRangeFamily();
std::span<const CommandSpec> BlockingSortedSetFamily();

// zsets_add.cc
void ZaddCommand(WriteContext& context);
void ZincrbyCommand(WriteContext& context);
void ZremCommand(WriteContext& context);
void ZremrangebyrankCommand(WriteContext& context);
void ZremrangebyscoreCommand(WriteContext& context);
void ZremrangebylexCommand(WriteContext& context);

// zsets.cc
void ZcardCommand(ReadContext& context);
void ZcountCommand(ReadContext& context);
void ZlexcountCommand(ReadContext& context);
void ZscoreCommand(ReadContext& context);
void ZmscoreCommand(ReadContext& context);
void ZrankCommand(ReadContext& context);
void ZrevrankCommand(ReadContext& context);
void ZrandmemberCommand(ReadContext& context);
void ZscanCommand(ReadContext& context);

// zsets_range.cc
void ZrangeCommand(ReadContext& context);
void ZrevrangeCommand(ReadContext& context);
void ZrangebyscoreCommand(ReadContext& context);
void ZrevrangebyscoreCommand(ReadContext& context);
void ZrangebylexCommand(ReadContext& context);
void ZrevrangebylexCommand(ReadContext& context);
void ZrangestoreCommand(WriteContext& context);

// zsets_pop.cc
void ZpopminCommand(WriteContext& context);
void ZpopmaxCommand(WriteContext& context);
void ZmpopCommand(WriteContext& context);

// zsets_combine.cc
void ZunionCommand(ReadContext& context);
void ZinterCommand(ReadContext& context);
void ZdiffCommand(ReadContext& context);
void ZintercardCommand(ReadContext& context);
void ZunionstoreCommand(WriteContext& context);
void ZinterstoreCommand(WriteContext& context);
void ZdiffstoreCommand(WriteContext& context);

// --- What these commands and the geo commands share ---

// The sorted set at a key, nullptr if there is none. False if it is of another type: then the error
// has been sent.
bool FindSortedSet(const ReadContext& context, std::string_view key, const SortedSet** set);
// Sends an array of elements: members, or members and scores, which are flat in RESP2 and pairs in
// RESP3. The caller sends each element.
void SendElementsHeader(Reply& reply, size_t count, bool with_scores);
void SendElement(Reply& reply, std::string_view member, double score, bool with_scores);

// The ends of a range; nullopt if the words are none: then the error has been sent.
std::optional<ScoreRange> ReadScoreRange(std::string_view min, std::string_view max, Reply& reply);
std::optional<LexRange> ReadLexRange(std::string_view min, std::string_view max, Reply& reply);
// Ranks from `start` to `stop`, both included; negative ones count from the end.
RankRange RankRangeOf(int64_t start, int64_t stop, size_t size);

// ZADD of elements whose scores are numbers, to the key that is the command's first word, with its
// reply. REQUIRES: !elements.empty(); only one if `options` say increment.
void AddElements(WriteContext& context, std::span<const SortedSet::Element> elements,
                 SortedSet::AddOptions options, bool count_changed);
// Sets the key to different members in any order, with the event, and sends how many; without
// members the key is deleted.
void StoreElements(WriteContext& context, std::string_view key,
                   std::span<const SortedSet::Element> elements, std::string_view event);

// --- What the blocking forms share with these ---

enum class PopEnd : uint8_t { kMin, kMax };
enum class PopForm : uint8_t {
  kFlat,      // ZPOPMIN: member, score …
  kPairs,     // ZPOPMIN with a count in RESP3: [member, score] …
  kKeyFlat,   // BZPOPMIN: key, member, score
  kKeyPairs,  // ZMPOP: key, [[member, score] …]
};
// Takes up to `count` elements from the first of `keys` that is there and sends them, or an error.
// False if none is there; then nothing has been sent. REQUIRES: count > 0.
bool PopFromFirst(WriteContext& context, std::span<const std::string_view> keys, PopEnd end,
                  size_t count, PopForm form);

// What ZMPOP has behind its name, and BZMPOP behind its time-out.
struct SortedSetPopOptions {
  std::span<const std::string_view> keys;
  PopEnd end = PopEnd::kMin;
  size_t count = 1;
};
// Reads `numkeys key … MIN|MAX [COUNT count]`. nullopt if it is wrong; then `error` says why.
std::optional<SortedSetPopOptions> ReadSortedSetPopOptions(Args args, size_t first,
                                                           std::string_view* error);

}  // namespace mydis
