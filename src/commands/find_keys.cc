// Where the keys stand among a command's words, by its key specifications.
#include "base/ascii.h"
#include "commands/arg_parser.h"
#include "commands/table.h"

namespace mydis {
namespace {

// Positions are signed here: specifications count from both ends.
using Position = int64_t;

// The position after the keyword, or 0 if the keyword is not there. A negative start searches from
// the end towards the front, and never at the words before the second.
Position AfterKeyword(const KeySpec& spec, Args args) {
  const Position words = static_cast<Position>(args.size());
  const bool forward = spec.start_from > 0;
  const Position start = forward ? spec.start_from : words + spec.start_from;
  const Position end = forward ? words - 1 : 1;
  const Position step = start <= end ? 1 : -1;
  for (Position i = start; i != end && i >= 1 && i < words; i += step) {
    if (EqualsIgnoreCase(args[static_cast<size_t>(i)], spec.keyword)) return i + 1;
  }
  return 0;
}

struct Range {
  Position first;
  Position last;
};

enum class Found : uint8_t { kRange, kNone, kMalformed };

Found CountedRange(const CommandSpec& command, const KeySpec& spec, Args args, Position begin,
                   Range* range) {
  const Position words = static_cast<Position>(args.size());
  const Position at = begin + spec.count_index;
  if (at < 0 || at >= words) return Found::kMalformed;
  const auto count = ParseInteger(args[static_cast<size_t>(at)]);
  if (!count || *count < 0 || *count > words) return Found::kMalformed;
  if (*count == 0 && (command.flags & kNoMandatoryKeys) != 0) return Found::kNone;
  range->first = begin + spec.first_key;
  range->last = range->first + (*count - 1) * spec.step;
  return Found::kRange;
}

Found Locate(const CommandSpec& command, const KeySpec& spec, Args args, Range* range) {
  const Position words = static_cast<Position>(args.size());
  Position begin = spec.index;
  if (spec.begin == KeySpec::Begin::kUnknown) return Found::kMalformed;
  if (spec.begin == KeySpec::Begin::kKeyword) begin = AfterKeyword(spec, args);
  if (begin == 0) return Found::kNone;

  switch (spec.find) {
    case KeySpec::Find::kUnknown:
      return Found::kMalformed;
    case KeySpec::Find::kKeyNum:
      return CountedRange(command, spec, args, begin, range);
    case KeySpec::Find::kRange:
      break;
  }
  range->first = begin;
  if (spec.last >= 0) {
    range->last = begin + spec.last;
  } else if (spec.limit == 0) {
    range->last = words + spec.last;
  } else {
    range->last = begin + (words - begin) / spec.limit + spec.last;
  }
  return Found::kRange;
}

}  // namespace

bool FindKeys(const CommandSpec& spec, Args args, std::vector<FoundKey>* keys) {
  keys->clear();
  if (spec.find_keys != nullptr) return spec.find_keys(args, keys);
  for (const KeySpec& key_spec : spec.keys) {
    if ((key_spec.flags & kKeyNotKey) != 0) continue;
    Range range{};
    const Found found = Locate(spec, key_spec, args, &range);
    if (found == Found::kNone) continue;
    const bool inside = range.first >= 1 && range.first <= range.last &&
                        range.last < static_cast<Position>(args.size());
    if (found == Found::kMalformed || !inside || (key_spec.flags & kKeyIncomplete) != 0) {
      keys->clear();
      return false;
    }
    for (Position i = range.first; i <= range.last; i += key_spec.step) {
      keys->push_back({static_cast<size_t>(i), key_spec.flags});
    }
  }
  return true;
}

}  // namespace mydis
