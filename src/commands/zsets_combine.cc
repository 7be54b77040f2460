// Unions, intersections and differences of sorted sets, and of sets, whose members count as having
// the score 1.
#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "commands/arg_parser.h"
#include "commands/values.h"
#include "commands/zsets.h"
#include "types/member_table.h"
#include "types/set.h"

namespace mydis {
namespace {

using Element = SortedSet::Element;

enum class Operation : uint8_t { kUnion, kIntersection, kDifference };
enum class Aggregate : uint8_t { kSum, kMin, kMax };

// A set or a sorted set; neither for a key that is not there.
struct Source {
  const SortedSet* sorted_set = nullptr;
  const Set* set = nullptr;
  double weight = 1;

  bool IsSame(const Source& other) const {
    return sorted_set == other.sorted_set && set == other.set;
  }
  size_t size() const {
    return sorted_set != nullptr ? sorted_set->size() : set != nullptr ? set->size() : 0;
  }
  std::optional<double> Score(std::string_view member) const {
    if (sorted_set != nullptr) return sorted_set->Score(member);
    if (set == nullptr || !set->Contains(member)) return std::nullopt;
    return 1;
  }
  // Calls visit(member, score) until it says false.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    bool go_on = true;
    if (sorted_set != nullptr) {
      sorted_set->ForEach(sorted_set->All(), false, [&](std::string_view member, double score) {
        go_on = go_on && visit(member, score);
      });
    } else if (set != nullptr) {
      Set::Value::Scratch scratch;
      set->ForEach(
          [&](const Set::Value& member) { go_on = go_on && visit(member.string(scratch), 1); });
    }
  }
};

struct Query {
  std::vector<Source> sources;
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  int64_t limit = 0;  // 0: none.
};

// What the commands of this file differ in.
struct Command {
  Operation operation;
  std::string_view name;
  size_t numkeys;  // Where the number of keys stands.
  bool store = false;
  bool count_only = false;
};

double Weighted(double score, double weight) {
  const double product = score * weight;
  return std::isnan(product) ? 0 : product;
}

void AddTo(double& target, double score, Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kSum:
      target += score;
      // Infinities of both signs.
      if (std::isnan(target)) target = 0;
      return;
    case Aggregate::kMin:
      if (score < target) target = score;
      return;
    case Aggregate::kMax:
      if (score > target) target = score;
      return;
  }
}

bool ReadSources(const ReadContext& context, const Command& command, Query& query) {
  const auto numkeys = ParseInteger(context.args[command.numkeys]);
  std::string error;
  if (!numkeys) {
    error = kErrNotInteger;
  } else if (*numkeys < 1) {
    error = "ERR at least 1 input key is needed for '";
    error.append(command.name).append("' command");
  } else if (static_cast<uint64_t>(*numkeys) > context.args.size() - command.numkeys - 1) {
    error = kErrSyntax;
  }
  if (!error.empty()) {
    context.reply.Error(error);
    return false;
  }
  for (const std::string_view key :
       context.args.subspan(command.numkeys + 1, static_cast<size_t>(*numkeys))) {
    const Entry* entry = context.keyspace.Find(context.db, key);
    Source source;
    if (entry != nullptr && entry->type() == ValueType::kSet) {
      source.set = &entry->as<Set>();
    } else if (CheckType(entry, ValueType::kSortedSet, context.reply)) {
      if (entry != nullptr) source.sorted_set = &entry->as<SortedSet>();
    } else {
      return false;
    }
    query.sources.push_back(source);
  }
  return true;
}

void ReadAggregate(ArgParser& parser, Query& query) {
  if (parser.Accept("SUM")) {
    query.aggregate = Aggregate::kSum;
  } else if (parser.Accept("MIN")) {
    query.aggregate = Aggregate::kMin;
  } else if (parser.Accept("MAX")) {
    query.aggregate = Aggregate::kMax;
  } else {
    parser.Fail(kErrSyntax);
  }
}

void ReadLimit(ArgParser& parser, Query& query) {
  const auto limit = ParseInteger(parser.Next());
  if (!limit || *limit < 0) return parser.Fail("ERR LIMIT can't be negative");
  query.limit = *limit;
}

bool ReadOptions(const ReadContext& context, const Command& command, Query& query) {
  const size_t sources = query.sources.size();
  ArgParser parser(context.args, command.numkeys + 1 + sources);
  const bool scores = command.operation != Operation::kDifference && !command.count_only;
  while (parser.HasNext()) {
    if (scores && parser.remaining() > sources && parser.Accept("WEIGHTS")) {
      for (Source& source : query.sources)
        source.weight = parser.Double("ERR weight value is not a float");
    } else if (scores && parser.remaining() > 1 && parser.Accept("AGGREGATE")) {
      ReadAggregate(parser, query);
    } else if (!command.store && !command.count_only && parser.Accept("WITHSCORES")) {
      query.with_scores = true;
    } else if (command.count_only && parser.remaining() > 1 && parser.Accept("LIMIT")) {
      ReadLimit(parser, query);
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  return !parser.Rejected(context.reply);
}

// Members of a result, kept beside the sets they came from, since one of those may be replaced.
class Result {
 public:
  size_t size() const { return members_.size(); }
  void Add(std::string_view member, double score) {
    members_.AddPayload(member, std::bit_cast<uint64_t>(score));
  }
  void Merge(std::string_view member, double score, Aggregate aggregate) {
    const auto [position, fresh] = members_.AddPayload(member, std::bit_cast<uint64_t>(score));
    if (fresh) return;
    auto sum = std::bit_cast<double>(members_.PayloadAt(position));
    AddTo(sum, score, aggregate);
    members_.SetPayload(position, std::bit_cast<uint64_t>(sum));
  }
  std::vector<Element> Elements() const {
    std::vector<Element> elements;
    elements.reserve(size());
    for (uint32_t i = 0; i < members_.size(); ++i)
      elements.push_back({members_.MemberAt(i), std::bit_cast<double>(members_.PayloadAt(i))});
    return elements;
  }

 private:
  MemberTable members_;
};

// Visits each member that all sources have, with its score, until the visitor says false.
template <typename Visit>
void Intersect(const Query& query, const Visit& visit) {
  const Source& first = query.sources[0];
  first.ForEach([&](std::string_view member, double score) {
    double sum = Weighted(score, first.weight);
    for (size_t i = 1; i < query.sources.size(); ++i) {
      const Source& source = query.sources[i];
      const auto other = source.IsSame(first) ? std::optional(score) : source.Score(member);
      if (!other) return true;
      AddTo(sum, *other * source.weight, query.aggregate);
    }
    return visit(member, sum);
  });
}

void Combine(const Query& query, Operation operation, Result& result) {
  if (operation == Operation::kIntersection) {
    Intersect(query, [&](std::string_view member, double score) {
      result.Add(member, score);
      return true;
    });
  } else if (operation == Operation::kUnion) {
    for (const Source& source : query.sources) {
      source.ForEach([&](std::string_view member, double score) {
        result.Merge(member, Weighted(score, source.weight), query.aggregate);
        return true;
      });
    }
  } else {
    const Source& first = query.sources[0];
    first.ForEach([&](std::string_view member, double score) {
      const auto has = [&](const Source& source) {
        return source.IsSame(first) || source.Score(member).has_value();
      };
      if (std::none_of(query.sources.begin() + 1, query.sources.end(), has))
        result.Add(member, score);
      return true;
    });
  }
}

// nullopt if the words are wrong or a source is of another type: then the error has been sent.
std::optional<Query> ReadQuery(const ReadContext& context, const Command& command) {
  Query query;
  if (!ReadSources(context, command, query) || !ReadOptions(context, command, query))
    return std::nullopt;
  // Begin with the smallest. The order also decides how sums are rounded.
  if (command.operation != Operation::kDifference)
    std::ranges::stable_sort(query.sources, {}, &Source::size);
  return query;
}

void Send(ReadContext& context, const Command& command) {
  const auto query = ReadQuery(context, command);
  if (!query) return;
  Result result;
  Combine(*query, command.operation, result);
  std::vector<Element> elements = result.Elements();
  std::ranges::sort(elements, [](const Element& a, const Element& b) {
    return a.score != b.score ? a.score < b.score : a.member < b.member;
  });
  SendElementsHeader(context.reply, elements.size(), query->with_scores);
  for (const auto& [member, score] : elements)
    SendElement(context.reply, member, score, query->with_scores);
}

void Store(WriteContext& context, const Command& command) {
  const auto query = ReadQuery(context.AsRead(), command);
  if (!query) return;
  Result result;
  Combine(*query, command.operation, result);
  StoreElements(context, context.args[1], result.Elements(), command.name);
}

}  // namespace

// ZUNION numkeys key [key ...] [WEIGHTS weight …] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]
void ZunionCommand(ReadContext& context) { Send(context, {Operation::kUnion, "zunion", 1}); }
void ZinterCommand(ReadContext& context) { Send(context, {Operation::kIntersection, "zinter", 1}); }
void ZdiffCommand(ReadContext& context) { Send(context, {Operation::kDifference, "zdiff", 1}); }

// ZINTERCARD numkeys key [key ...] [LIMIT limit]
void ZintercardCommand(ReadContext& context) {
  const auto query = ReadQuery(context, {Operation::kIntersection, "zintercard", 1, false, true});
  if (!query) return;
  int64_t count = 0;
  Intersect(*query,
            [&](std::string_view, double) { return ++count < query->limit || query->limit == 0; });
  context.reply.Integer(count);
}

// ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight …] [AGGREGATE SUM | MIN | MAX]
void ZunionstoreCommand(WriteContext& context) {
  Store(context, {Operation::kUnion, "zunionstore", 2, true});
}
void ZinterstoreCommand(WriteContext& context) {
  Store(context, {Operation::kIntersection, "zinterstore", 2, true});
}
void ZdiffstoreCommand(WriteContext& context) {
  Store(context, {Operation::kDifference, "zdiffstore", 2, true});
}

}  // namespace mydis
