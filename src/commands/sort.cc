#include "commands/sort.h"

#include "commands/arg_parser.h"
#include "commands/values.h"
#include "types/list.h"

namespace mydis {
namespace {

constexpr std::string_view kErrWeight = "ERR One or more scores can't be converted into double";

bool CheckSortable(const Entry* entry, Reply& reply) {
  if (entry == nullptr || entry->type() == ValueType::kList || entry->type() == ValueType::kSet ||
      entry->type() == ValueType::kSortedSet)
    return true;
  reply.Error(kErrWrongType);
  return false;
}

void SendResults(const Sorting& sorting, Reply& reply) {
  reply.ArrayHeader(sorting.result_size());
  sorting.ForEachResult([&reply](std::optional<std::string_view> value) {
    value ? reply.Bulk(*value) : reply.Null();
  });
}

// Puts the results into a list, which takes the place of whatever the key held.
void StoreResults(WriteContext& context, const Sorting& sorting, std::string_view key) {
  const size_t size = sorting.result_size();
  if (size == 0) {
    if (context.keyspace.Erase(context.db, key))
      context.keyspace.Notify(EventClass::kGeneric, "del", context.db, key);
    return context.reply.Integer(0);
  }
  std::vector<Listpack> packs(1);
  const EncodingLimits& limits = context.state.settings.encoding_limits();
  const ListNodeLimit limit(limits.list_max_listpack_size);
  size_t in_last = 0;
  sorting.ForEachResult([&](std::optional<std::string_view> value) {
    const std::string_view element = value.value_or(std::string_view{});
    if (in_last > 0 && !limit.AllowsOneMore(packs.back().byte_size(), in_last, element.size())) {
      packs.emplace_back();
      in_last = 0;
    }
    packs.back().Append(element);
    ++in_last;
  });
  context.keyspace.Put(context.db, key, List::FromPacks(std::move(packs), limits), Ttl::None());
  context.keyspace.Notify(EventClass::kList, "sortstore", context.db, key);
  context.reply.Integer(static_cast<int64_t>(size));
}

}  // namespace

std::optional<SortOptions> ReadSortOptions(Args args, bool may_store, Reply& reply) {
  SortOptions options;
  ArgParser parser(args, 2);
  while (parser.HasNext()) {
    // An option without its value is none.
    const size_t values = parser.remaining() - 1;
    if (parser.Accept("ASC")) {
      options.descending = false;
    } else if (parser.Accept("DESC")) {
      options.descending = true;
    } else if (parser.Accept("ALPHA")) {
      options.alpha = true;
    } else if (values >= 2 && parser.Accept("LIMIT")) {
      options.limit_start = parser.Integer();
      options.limit_count = parser.Integer();
    } else if (may_store && values >= 1 && parser.Accept("STORE")) {
      options.store = parser.Next();
    } else if (values >= 1 && parser.Accept("BY")) {
      options.by = parser.Next();
      if (options.by->find('*') == std::string_view::npos) options.sorts = false;
    } else if (values >= 1 && parser.Accept("GET")) {
      options.gets.push_back(parser.Next());
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  if (parser.Rejected(reply)) return std::nullopt;
  return options;
}

void SortCommand(WriteContext& context) {
  std::optional<SortOptions> options = ReadSortOptions(context.args, true, context.reply);
  if (!options) return;
  options->in_script = context.in_script;
  const std::optional<std::string_view> store = options->store;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckSortable(entry, context.reply)) return;
  Sorting sorting(context.keyspace, context.db, std::move(*options));
  if (!sorting.Run(entry)) return context.reply.Error(kErrWeight);
  store ? StoreResults(context, sorting, *store) : SendResults(sorting, context.reply);
}

void SortRoCommand(ReadContext& context) {
  std::optional<SortOptions> options = ReadSortOptions(context.args, false, context.reply);
  if (!options) return;
  options->in_script = context.in_script;
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckSortable(entry, context.reply)) return;
  Sorting sorting(context.keyspace, context.db, std::move(*options));
  if (!sorting.Run(entry)) return context.reply.Error(kErrWeight);
  SendResults(sorting, context.reply);
}

}  // namespace mydis
