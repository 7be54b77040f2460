// Lists by index, by range and by element.
#include "commands/lists.h"

#include <algorithm>
#include <limits>

#include "commands/arg_parser.h"
#include "commands/values.h"
#include "state/container_edit.h"

namespace mydis {
namespace {

constexpr std::string_view kErrRankZero =
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
    "negative to start from the end of the list";
constexpr std::string_view kErrRankRange =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
constexpr std::string_view kErrCountNegative = "ERR COUNT can't be negative";
constexpr std::string_view kErrMaxlenNegative = "ERR MAXLEN can't be negative";

// Elements of a list, from `first` on.
struct Range {
  size_t first = 0;
  size_t count = 0;
};

// What indexes, both included and negative ones counted from the end, mean in a list of that size.
Range RangeOf(int64_t start, int64_t stop, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (start < 0) start = std::max<int64_t>(start + length, 0);
  if (stop < 0) stop += length;
  stop = std::min(stop, length - 1);
  if (start > stop) return {};
  return {static_cast<size_t>(start), static_cast<size_t>(stop - start + 1)};
}

// The position that an index means; nullopt if there is none.
std::optional<size_t> PositionOf(int64_t index, size_t size) {
  const auto length = static_cast<int64_t>(size);
  if (index < 0) index += length;
  if (index < 0 || index >= length) return std::nullopt;
  return static_cast<size_t>(index);
}

struct PosOptions {
  int64_t rank = 1;
  std::optional<int64_t> count;
  int64_t maxlen = 0;  // 0: no limit.
};

// False if they are wrong: then the error has been sent.
bool ReadPosOptions(Args args, PosOptions* options, Reply& reply) {
  ArgParser parser(args, 3);
  const auto positive = [&parser](std::string_view error) {
    const int64_t number = parser.Integer(error);
    if (number < 0) parser.Fail(error);
    return number;
  };
  while (parser.HasNext()) {
    if (parser.remaining() < 2) {
      parser.Fail(kErrSyntax);
    } else if (parser.Accept("RANK")) {
      options->rank = parser.Integer();
      if (options->rank == std::numeric_limits<int64_t>::min()) parser.Fail(kErrRankRange);
      if (options->rank == 0) parser.Fail(kErrRankZero);
    } else if (parser.Accept("COUNT")) {
      options->count = positive(kErrCountNegative);
    } else if (parser.Accept("MAXLEN")) {
      options->maxlen = positive(kErrMaxlenNegative);
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  return !parser.Rejected(reply);
}

// Calls `found` with the positions of elements equal to `element`, in the order of the search,
// until it says false.
template <typename Found>
void Search(const List& list, std::string_view element, const PosOptions& options, Found found) {
  const bool forward = options.rank > 0;
  const ListpackNeedle needle(element);
  size_t left = options.maxlen == 0 ? list.size() : static_cast<size_t>(options.maxlen);
  size_t index = forward ? 0 : list.size() - 1;
  int64_t skipped = std::abs(options.rank) - 1;
  for (List::Cursor cursor(list, index, forward); cursor.valid() && left > 0; --left) {
    if (needle.Matches(cursor.value()) && --skipped < 0 && !found(index)) return;
    forward ? ++index : --index;
    cursor.Next();
  }
}

}  // namespace

void LlenCommand(ReadContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  context.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(entry->as<List>().size()));
}

void LindexCommand(ReadContext& context) {
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr) return context.reply.Null();
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  const std::optional<int64_t> index = ParseInteger(context.args[2]);
  if (!index) return context.reply.Error(kErrNotInteger);
  const List& list = entry->as<List>();
  const std::optional<size_t> position = PositionOf(*index, list.size());
  if (!position) return context.reply.Null();
  SendElement(context.reply, list.At(*position));
}

void LrangeCommand(ReadContext& context) {
  const std::optional<int64_t> start = ParseInteger(context.args[2]);
  const std::optional<int64_t> stop = ParseInteger(context.args[3]);
  if (!start || !stop) return context.reply.Error(kErrNotInteger);
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (entry == nullptr) return context.reply.ArrayHeader(0);
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  const List& list = entry->as<List>();
  const Range range = RangeOf(*start, *stop, list.size());
  context.reply.ArrayHeader(range.count);
  List::Cursor cursor(list, range.first);
  for (size_t i = 0; i < range.count; ++i, cursor.Next())
    SendElement(context.reply, cursor.value());
}

void LposCommand(ReadContext& context) {
  PosOptions options;
  if (!ReadPosOptions(context.args, &options, context.reply)) return;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  if (entry == nullptr) return options.count ? context.reply.ArrayHeader(0) : context.reply.Null();
  const List& list = entry->as<List>();
  if (!options.count) {
    std::optional<size_t> position;
    Search(list, context.args[2], options, [&position](size_t found) {
      position = found;
      return false;
    });
    if (!position) return context.reply.Null();
    return context.reply.Integer(static_cast<int64_t>(*position));
  }
  const size_t array = context.reply.OpenArray();
  int64_t count = 0;
  Search(list, context.args[2], options, [&](size_t found) {
    context.reply.Integer(static_cast<int64_t>(found));
    return ++count != *options.count;
  });
  context.reply.CloseArray(array, static_cast<size_t>(count));
}

void LinsertCommand(WriteContext& context) {
  const bool after = EqualsUpper(context.args[2], "AFTER");
  if (!after && !EqualsUpper(context.args[2], "BEFORE")) return context.reply.Error(kErrSyntax);
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (entry == nullptr) return context.reply.Integer(0);
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  std::optional<size_t> pivot;
  Search(entry->as<List>(), context.args[3], {}, [&pivot](size_t found) {
    pivot = found;
    return false;
  });
  if (!pivot) return context.reply.Integer(-1);
  ContainerEdit<List> edit(context.keyspace, context.db, key);
  edit->Insert(*pivot, after, context.args[4], context.state.settings.encoding_limits());
  context.reply.Integer(static_cast<int64_t>(edit->size()));
  edit.Changed(EventClass::kList, "linsert");
}

void LsetCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (entry == nullptr) return context.reply.Error(kErrNoSuchKey);
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  const std::optional<int64_t> index = ParseInteger(context.args[2]);
  if (!index) return context.reply.Error(kErrNotInteger);
  const std::optional<size_t> position = PositionOf(*index, entry->as<List>().size());
  if (!position) return context.reply.Error(kErrOutOfRange);
  ContainerEdit<List> edit(context.keyspace, context.db, key);
  edit->Replace(*position, context.args[3], context.state.settings.encoding_limits());
  edit.Changed(EventClass::kList, "lset");
  context.reply.Ok();
}

void LremCommand(WriteContext& context) {
  const std::optional<int64_t> count = ParseInteger(context.args[2]);
  if (!count) return context.reply.Error(kErrNotInteger);
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (entry == nullptr) return context.reply.Integer(0);
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  const ListEnd from = *count < 0 ? ListEnd::kBack : ListEnd::kFront;
  const uint64_t magnitude =
      *count < 0 ? uint64_t{0} - static_cast<uint64_t>(*count) : static_cast<uint64_t>(*count);
  const size_t limit = magnitude == 0 ? std::numeric_limits<size_t>::max() : magnitude;
  ContainerEdit<List> edit(context.keyspace, context.db, key);
  const size_t removed =
      edit->Remove(context.args[3], limit, from, context.state.settings.encoding_limits());
  if (removed > 0) edit.Changed(EventClass::kList, "lrem");
  context.reply.Integer(static_cast<int64_t>(removed));
}

void LtrimCommand(WriteContext& context) {
  const std::optional<int64_t> start = ParseInteger(context.args[2]);
  const std::optional<int64_t> stop = ParseInteger(context.args[3]);
  if (!start || !stop) return context.reply.Error(kErrNotInteger);
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckType(entry, ValueType::kList, context.reply)) return;
  if (entry == nullptr) return context.reply.Ok();
  const EncodingLimits& limits = context.state.settings.encoding_limits();
  ContainerEdit<List> edit(context.keyspace, context.db, key);
  const Range kept = RangeOf(*start, *stop, edit->size());
  edit->Pop(ListEnd::kBack, edit->size() - kept.first - kept.count, limits);
  edit->Pop(ListEnd::kFront, kept.first, limits);
  edit.Changed(EventClass::kList, "ltrim");
  context.reply.Ok();
}

}  // namespace mydis
