// Strings as bitmaps: SETBIT, GETBIT, BITCOUNT, BITPOS, BITOP.
#include "commands/bitmaps.h"

#include <algorithm>
#include <vector>

#include "commands/values.h"
#include "types/bits.h"

namespace mydis {
namespace {

struct Range {
  int64_t first;
  int64_t last;
};

// The unit of a range: "BIT" or "BYTE".
bool AcceptUnit(ArgParser& parser, bool& in_bits) {
  in_bits = parser.Accept("BIT");
  if (in_bits || parser.Accept("BYTE")) return true;
  parser.Fail(kErrSyntax);
  return false;
}

// The range of bits that `range` means in a string of `size` bytes; nullopt if it is empty.
std::optional<Range> ResolveRange(Range range, size_t size, bool in_bits) {
  const auto total = static_cast<int64_t>(in_bits ? size * 8 : size);
  if (range.first < 0) range.first = std::max<int64_t>(0, range.first + total);
  if (range.last < 0) range.last = std::max<int64_t>(0, range.last + total);
  range.last = std::min(range.last, total - 1);
  if (range.first > range.last) return std::nullopt;
  if (in_bits) return range;
  return Range{range.first * 8, range.last * 8 + 7};
}

}  // namespace

std::optional<uint64_t> ReadBitOffset(std::string_view word, const State& state, Reply& reply,
                                      int scale) {
  const bool scaled = scale > 0 && word.starts_with('#');
  if (scaled) word.remove_prefix(1);
  const std::optional<int64_t> number = ParseInteger(word);
  int64_t offset = 0;
  if (!number || __builtin_mul_overflow(*number, scaled ? scale : 1, &offset) || offset < 0 ||
      static_cast<uint64_t>(offset) / 8 >= state.settings.proto_max_bulk_len()) {
    reply.Error("ERR bit offset is not an integer or out of range");
    return std::nullopt;
  }
  return static_cast<uint64_t>(offset);
}

void SetbitCommand(WriteContext& context) {
  const auto offset = ReadBitOffset(context.args[2], context.state, context.reply);
  if (!offset) return;
  const std::string_view word = context.args[3];
  if (word != "0" && word != "1")
    return context.reply.Error("ERR bit is not an integer or out of range");
  const bool bit = word == "1";
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckString(entry, context.reply)) return;

  Entry::Scratch scratch;
  const std::string_view value = StringOf(entry, scratch);
  const bool old = GetBit(value, *offset);
  const size_t size = std::max(value.size(), static_cast<size_t>(*offset / 8 + 1));
  if (old != bit || size != value.size()) {
    context.keyspace.EditString(context.db, key, [&](std::string& bytes) {
      bytes.resize(size);
      SetBit(bytes, *offset, bit);
    });
    context.keyspace.Notify(EventClass::kString, "setbit", context.db, key);
  }
  context.reply.Integer(old);
}

void GetbitCommand(ReadContext& context) {
  const auto offset = ReadBitOffset(context.args[2], context.state, context.reply);
  if (!offset) return;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckString(entry, context.reply)) return;
  Entry::Scratch scratch;
  context.reply.Integer(GetBit(StringOf(entry, scratch), *offset));
}

void BitcountCommand(ReadContext& context) {
  // As in Redis 7.2, the options of a missing key are not even looked at.
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr) return context.reply.Integer(0);
  if (!CheckString(entry, context.reply)) return;
  Entry::Scratch scratch;
  const std::string_view value = entry->string(scratch);
  if (context.args.size() == 2)
    return context.reply.Integer(static_cast<int64_t>(CountBits(value)));
  if (context.args.size() != 4 && context.args.size() != 5) return context.reply.Error(kErrSyntax);

  ArgParser parser(context.args, 2);
  const Range range{.first = parser.Integer(), .last = parser.Integer()};
  if (parser.Rejected(context.reply)) return;
  if (range.first < 0 && range.last < 0 && range.first > range.last)
    return context.reply.Integer(0);
  bool in_bits = false;
  if (context.args.size() == 5) AcceptUnit(parser, in_bits);
  if (parser.Rejected(context.reply)) return;
  const auto bits = ResolveRange(range, value.size(), in_bits);
  if (!bits) return context.reply.Integer(0);
  context.reply.Integer(static_cast<int64_t>(
      CountBits(value, static_cast<uint64_t>(bits->first), static_cast<uint64_t>(bits->last))));
}

void BitposCommand(ReadContext& context) {
  const std::optional<int64_t> wanted = ParseInteger(context.args[2]);
  if (!wanted) return context.reply.Error(kErrNotInteger);
  if (*wanted != 0 && *wanted != 1)
    return context.reply.Error("ERR The bit argument must be 1 or 0.");
  const bool bit = *wanted == 1;
  // A missing key is an endless row of zeros, whatever the range.
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr) return context.reply.Integer(bit ? -1 : 0);
  if (!CheckString(entry, context.reply)) return;
  if (context.args.size() > 6) return context.reply.Error(kErrSyntax);

  Range range{0, -1};
  bool in_bits = false;
  ArgParser parser(context.args, 3);
  if (context.args.size() > 3) range.first = parser.Integer();
  if (context.args.size() > 5) {
    ArgParser unit(context.args, 5);
    // Redis looks at the unit before the end of the range.
    if (!AcceptUnit(unit, in_bits)) parser.Fail(kErrSyntax);
  }
  const bool has_end = context.args.size() > 4;
  if (has_end) range.last = parser.Integer();
  if (parser.Rejected(context.reply)) return;

  Entry::Scratch scratch;
  const std::string_view value = entry->string(scratch);
  const auto bits = ResolveRange(range, value.size(), in_bits);
  if (!bits) return context.reply.Integer(-1);
  const auto found =
      FindBit(value, bit, static_cast<uint64_t>(bits->first), static_cast<uint64_t>(bits->last));
  if (found) return context.reply.Integer(static_cast<int64_t>(*found));
  // Without an end, the zeros after the string count too.
  const bool beyond = !bit && !has_end;
  context.reply.Integer(beyond ? static_cast<int64_t>(value.size()) * 8 : -1);
}

void BitopCommand(WriteContext& context) {
  static constexpr std::pair<std::string_view, BitOperation> kOperations[] = {
      {"AND", BitOperation::kAnd},
      {"OR", BitOperation::kOr},
      {"XOR", BitOperation::kXor},
      {"NOT", BitOperation::kNot}};
  const auto* operation = std::ranges::find_if(
      kOperations, [&](const auto& known) { return EqualsUpper(context.args[1], known.first); });
  if (operation == std::end(kOperations)) return context.reply.Error(kErrSyntax);
  const Args keys = context.args.subspan(3);
  if (operation->second == BitOperation::kNot && keys.size() != 1)
    return context.reply.Error("ERR BITOP NOT must be called with a single source key.");

  std::vector<Entry::Scratch> scratches(keys.size());
  std::vector<std::string_view> sources(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const Entry* entry = context.keyspace.Find(context.db, keys[i]);
    NotifyMiss(context, entry, keys[i]);
    if (!CheckString(entry, context.reply)) return;
    sources[i] = StringOf(entry, scratches[i]);
  }
  const std::string result = CombineBits(operation->second, sources);
  const std::string_view target = context.args[2];
  if (result.empty()) {
    if (context.keyspace.Erase(context.db, target))
      context.keyspace.Notify(EventClass::kGeneric, "del", context.db, target);
  } else {
    // Bytes, even where they look like a number.
    context.keyspace.SetText(context.db, target, result, Ttl::None(), true);
    context.keyspace.Notify(EventClass::kString, "set", context.db, target);
  }
  context.reply.Integer(static_cast<int64_t>(result.size()));
}

}  // namespace mydis
