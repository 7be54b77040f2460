// HyperLogLogs: PFADD, PFCOUNT, PFMERGE and what tests them.
#include "commands/hyperloglogs.h"

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "commands/arg_parser.h"
#include "commands/values.h"
#include "types/hyperloglog.h"

namespace mydis {
namespace {

namespace hll = hyperloglog;

constexpr std::string_view kErrNotHyperLogLog =
    "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr std::string_view kErrCorrupted = "INVALIDOBJ Corrupted HLL object detected";

// The bytes of a HyperLogLog. nullopt for anything else: then the error has been sent.
std::optional<std::string_view> BytesOf(const Entry& entry, Reply& reply) {
  if (!CheckString(&entry, reply)) return std::nullopt;
  if (entry.is_integer() || !hll::IsHyperLogLog(entry.text())) {
    reply.Error(kErrNotHyperLogLog);
    return std::nullopt;
  }
  if (!hll::IsIntact(entry.text())) {
    reply.Error(kErrCorrupted);
    return std::nullopt;
  }
  return entry.text();
}

// The count of the value that a key has had since a revision. Nothing else can have been there
// under this name: changes after it carry later revisions.
struct KnownCount {
  uint64_t lineage = 0;
  uint64_t revision = 0;
  uint32_t db = 0;
  std::string key;
  uint64_t count = 0;
};
constexpr size_t kKnownCounts = 4096;
constexpr size_t kMaxKnownKey = 256;

// Where this thread keeps the count of an entry; nullptr if it may still change without getting
// another revision. A memory beside the state: it changes no result.
KnownCount* PlaceOf(const ReadContext& context, const Entry& entry) {
  // lint: thread-ok readers are many, and each has its own
  static thread_local std::vector<KnownCount> known(kKnownCounts);
  const Keyspace& keyspace = context.keyspace;
  if (entry.revision() >= keyspace.revision() || entry.key().size() > kMaxKnownKey) return nullptr;
  return &known[keyspace.HashOf(entry.key()) % kKnownCounts];
}

bool IsOf(const KnownCount& known, const ReadContext& context, const Entry& entry) {
  return known.lineage == context.keyspace.lineage() && known.revision == entry.revision() &&
         known.db == context.db && known.key == entry.key();
}

// nullopt after an error.
std::optional<uint64_t> CountOf(const ReadContext& context, const Entry& entry) {
  KnownCount* const known = PlaceOf(context, entry);
  if (known != nullptr && IsOf(*known, context, entry)) return known->count;
  const auto bytes = BytesOf(entry, context.reply);
  if (!bytes) return std::nullopt;
  const auto cached = hll::CachedCount(*bytes);
  const uint64_t count = cached ? *cached : hll::Count(*bytes);
  if (known != nullptr) {
    *known = {context.keyspace.lineage(), entry.revision(), context.db, std::string(entry.key()),
              count};
  }
  return count;
}

// Merges all keys that are there; false after an error.
bool MergeAll(const ReadContext& context, Args keys, hll::Registers& registers, bool* any_dense) {
  for (const std::string_view key : keys) {
    const Entry* entry = context.keyspace.Find(context.db, key);
    if (entry == nullptr) continue;
    const auto bytes = BytesOf(*entry, context.reply);
    if (!bytes) return false;
    *any_dense = *any_dense || hll::IsDense(*bytes);
    hll::MergeInto(registers, *bytes);
  }
  return true;
}

void SendRegisters(Reply& reply, std::string_view bytes) {
  hll::Registers registers{};
  hll::MergeInto(registers, bytes);
  reply.ArrayHeader(registers.size());
  for (const uint8_t run : registers) reply.Integer(run);
}

// What a self-test found, empty if all is well.
std::string CheckDenseRegisters(Random& random) {
  std::string value = hll::Empty();
  hll::MakeDense(value);
  hll::Registers registers{};
  for (int i = 0; i < 20'000; ++i) {
    const auto index = static_cast<uint32_t>(random.Below(hll::kRegisters));
    const auto run = static_cast<uint8_t>(1 + random.Below(51));
    hll::Raise(value, {index, run}, 0);
    registers[index] = std::max(registers[index], run);
  }
  hll::Registers read{};
  hll::MergeInto(read, value);
  return read == registers ? "" : "TESTFAILED A register is not what was stored";
}

std::string CheckEstimates(Random& random, size_t sparse_max_bytes) {
  constexpr uint64_t kMost = 100'000;
  const double error = 1.04 / std::sqrt(hll::kRegisters);
  const uint64_t seed = random.Next();
  std::string value = hll::Empty();
  std::string dense = hll::Empty();
  hll::MakeDense(dense);
  uint64_t next = 1;
  for (uint64_t i = 1; i <= kMost; ++i) {
    const uint64_t element = i ^ seed;
    const hll::Mark mark = hll::MarkOf({reinterpret_cast<const char*>(&element), sizeof element});
    hll::Raise(value, mark, sparse_max_bytes);
    hll::Raise(dense, mark, sparse_max_bytes);
    if (i != next) continue;
    next *= 10;
    const uint64_t count = hll::Count(dense);
    if (hll::Count(value) != count) return "TESTFAILED dense/sparse disagree";
    const auto allowed = std::max(1.0, std::ceil(error * 6 * static_cast<double>(i)));
    if (std::abs(static_cast<double>(count) - static_cast<double>(i)) > allowed)
      return "TESTFAILED Too big error. card:" + std::to_string(i);
  }
  return "";
}

}  // namespace

// PFADD key [element [element ...]]
void PfaddCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  const Args elements = context.args.subspan(2);
  const Entry* entry = context.keyspace.Find(context.db, key);
  size_t first = 0;
  if (entry != nullptr) {
    const auto bytes = BytesOf(*entry, context.reply);
    if (!bytes) return;
    // Elements that change nothing must not count as a change.
    const auto is_known = [&](std::string_view element) {
      const hll::Mark mark = hll::MarkOf(element);
      return hll::RegisterAt(*bytes, mark.index) >= mark.run;
    };
    while (first < elements.size() && is_known(elements[first])) ++first;
    if (first == elements.size()) return context.reply.Integer(0);
  }
  const size_t sparse_max_bytes = context.state.settings.encoding_limits().hll_sparse_max_bytes;
  context.keyspace.EditString(context.db, key, [&](std::string& value) {
    if (value.empty()) value = hll::Empty();
    for (const std::string_view element : elements.subspan(first))
      hll::Raise(value, hll::MarkOf(element), sparse_max_bytes);
    hll::Invalidate(value);
  });
  context.keyspace.Notify(EventClass::kString, "pfadd", context.db, key);
  context.reply.Integer(1);
}

// PFCOUNT key [key ...]
void PfcountCommand(ReadContext& context) {
  const Args keys = context.args.subspan(1);
  uint64_t count = 0;
  if (keys.size() == 1) {
    const Entry* entry = context.keyspace.Find(context.db, keys[0]);
    if (entry == nullptr) return context.reply.Integer(0);
    const auto known = CountOf(context, *entry);
    if (!known) return;
    count = *known;
  } else {
    hll::Registers registers{};
    bool any_dense = false;
    if (!MergeAll(context, keys, registers, &any_dense)) return;
    count = hll::Count(registers);
  }
  context.reply.Integer(static_cast<int64_t>(count));
}

// PFMERGE destkey [sourcekey [sourcekey ...]]
void PfmergeCommand(WriteContext& context) {
  const std::string_view key = context.args[1];
  hll::Registers registers{};
  bool any_dense = false;
  if (!MergeAll(context.AsRead(), context.args.subspan(1), registers, &any_dense)) return;
  const size_t sparse_max_bytes = context.state.settings.encoding_limits().hll_sparse_max_bytes;
  context.keyspace.EditString(context.db, key, [&](std::string& value) {
    if (value.empty()) value = hll::Empty();
    if (any_dense) {
      hll::MakeDense(value);
      hll::SetRegisters(value, registers);
      return hll::Invalidate(value);
    }
    for (uint32_t i = 0; i < hll::kRegisters; ++i) {
      if (registers[i] > 0) hll::Raise(value, {i, registers[i]}, sparse_max_bytes);
    }
    hll::Invalidate(value);
  });
  context.keyspace.Notify(EventClass::kString, "pfadd", context.db, key);
  context.reply.Ok();
}

// PFDEBUG GETREG | DECODE | ENCODING | TODENSE key
void PfdebugCommand(WriteContext& context) {
  const std::string_view what = context.args[1];
  const std::string_view key = context.args[2];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (entry == nullptr) return context.reply.Error("ERR The specified key does not exist");
  const auto bytes = BytesOf(*entry, context.reply);
  if (!bytes) return;
  const bool dense = hll::IsDense(*bytes);
  const auto make_dense = [&] {
    if (dense) return;
    context.keyspace.EditString(context.db, key, [](std::string& value) { hll::MakeDense(value); });
  };
  if (EqualsUpper(what, "GETREG")) {
    SendRegisters(context.reply, *bytes);
    make_dense();
  } else if (EqualsUpper(what, "DECODE")) {
    if (dense) return context.reply.Error("ERR HLL encoding is not sparse");
    context.reply.Bulk(hll::Describe(*bytes));
  } else if (EqualsUpper(what, "ENCODING")) {
    context.reply.Simple(dense ? "dense" : "sparse");
  } else if (EqualsUpper(what, "TODENSE")) {
    context.reply.Integer(dense ? 0 : 1);
    make_dense();
  } else {
    context.reply.Error(std::string("ERR Unknown PFDEBUG subcommand '").append(what).append("'"));
  }
}

// PFSELFTEST
void PfselftestCommand(ReadContext& context) {
  std::string failure = CheckDenseRegisters(context.random);
  if (failure.empty()) {
    failure = CheckEstimates(context.random,
                             context.state.settings.encoding_limits().hll_sparse_max_bytes);
  }
  failure.empty() ? context.reply.Ok() : context.reply.Error(failure);
}

}  // namespace mydis
