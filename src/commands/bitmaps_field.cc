// Strings as arrays of integers: BITFIELD, BITFIELD_RO.
#include <algorithm>
#include <vector>

#include "commands/bitmaps.h"
#include "commands/values.h"
#include "types/bits.h"

namespace mydis {
namespace {

struct Operation {
  enum class Kind : uint8_t { kGet, kSet, kIncrby };
  Kind kind;
  Overflow overflow;
  BitField field;
  uint64_t offset;
  int64_t operand = 0;

  bool writes() const { return kind != Kind::kGet; }
  uint64_t end() const { return offset + field.bits; }
};

std::optional<Overflow> ParseOverflow(std::string_view word) {
  if (EqualsUpper(word, "WRAP")) return Overflow::kWrap;
  if (EqualsUpper(word, "SAT")) return Overflow::kSaturate;
  if (EqualsUpper(word, "FAIL")) return Overflow::kFail;
  return std::nullopt;
}

std::optional<Operation::Kind> AcceptKind(ArgParser& parser) {
  if (parser.remaining() > 2 && parser.Accept("GET")) return Operation::Kind::kGet;
  if (parser.remaining() > 3 && parser.Accept("SET")) return Operation::Kind::kSet;
  if (parser.remaining() > 3 && parser.Accept("INCRBY")) return Operation::Kind::kIncrby;
  return std::nullopt;
}

// The subcommands in order; false if the words are none: then the error has been sent.
bool ParseOperations(Args args, const State& state, std::vector<Operation>& operations,
                     Reply& reply) {
  ArgParser parser(args, 2);
  Overflow overflow = Overflow::kWrap;
  while (parser.HasNext()) {
    if (parser.remaining() > 1 && parser.Accept("OVERFLOW")) {
      const auto mode = ParseOverflow(parser.Next());
      if (!mode) parser.Fail("ERR Invalid OVERFLOW type specified");
      overflow = mode.value_or(overflow);
      continue;
    }
    const auto kind = AcceptKind(parser);
    if (!kind) {
      parser.Fail(kErrSyntax);
      break;
    }
    const auto field = ParseBitField(parser.Next());
    if (!field) {
      parser.Fail(
          "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported "
          "but i64 is.");
      break;
    }
    const auto offset = ReadBitOffset(parser.Next(), state, reply, field->bits);
    if (!offset) return false;
    operations.push_back({*kind, overflow, *field, *offset});
    if (operations.back().writes()) operations.back().operand = parser.Integer();
  }
  return !parser.Rejected(reply);
}

// What an operation answers (null if it failed) and what it stores, if that changes anything.
struct Outcome {
  std::optional<int64_t> answer;
  std::optional<int64_t> store;
};

Outcome Evaluate(const Operation& operation, std::string_view bytes) {
  const int64_t old = ReadField(bytes, operation.offset, operation.field);
  if (operation.kind == Operation::Kind::kGet) return {old, std::nullopt};
  const bool sets = operation.kind == Operation::Kind::kSet;
  const std::optional<int64_t> fresh =
      sets ? FitField(operation.operand, operation.field, operation.overflow)
           : AddToField(old, operation.operand, operation.field, operation.overflow);
  if (!fresh) return {std::nullopt, std::nullopt};
  return {sets ? old : *fresh, *fresh == old ? std::nullopt : fresh};
}

void SendAnswer(Reply& reply, const Outcome& outcome) {
  if (outcome.answer) {
    reply.Integer(*outcome.answer);
  } else {
    reply.Null();
  }
}

}  // namespace

void BitfieldCommand(WriteContext& context) {
  std::vector<Operation> operations;
  if (!ParseOperations(context.args, context.state, operations, context.reply)) return;
  const std::string_view key = context.args[1];
  const Entry* entry = context.keyspace.Find(context.db, key);
  if (!CheckString(entry, context.reply)) return;
  Entry::Scratch scratch;
  const std::string_view value = StringOf(entry, scratch);
  uint64_t size = value.size();
  for (const Operation& operation : operations) {
    if (operation.writes()) size = std::max(size, (operation.end() + 7) / 8);
  }

  context.reply.ArrayHeader(operations.size());
  // As long as nothing changes the key is only read; a string that must grow changes at once, even
  // if every operation then fails.
  auto next = operations.begin();
  if (size == value.size()) {
    for (; next != operations.end(); ++next) {
      const Outcome outcome = Evaluate(*next, value);
      if (outcome.store) break;
      SendAnswer(context.reply, outcome);
    }
    if (next == operations.end()) return;
  }
  const bool grows = size != value.size();
  bool changed = false;
  context.keyspace.EditString(context.db, key, [&](std::string& bytes) {
    bytes.resize(size);
    for (; next != operations.end(); ++next) {
      const Outcome outcome = Evaluate(*next, bytes);
      if (outcome.store) WriteField(bytes, next->offset, next->field, *outcome.store);
      changed |= outcome.store || (grows && next->writes() && outcome.answer);
      SendAnswer(context.reply, outcome);
    }
  });
  if (changed) context.keyspace.Notify(EventClass::kString, "setbit", context.db, key);
}

void BitfieldRoCommand(ReadContext& context) {
  std::vector<Operation> operations;
  if (!ParseOperations(context.args, context.state, operations, context.reply)) return;
  if (std::ranges::any_of(operations, &Operation::writes))
    return context.reply.Error("ERR BITFIELD_RO only supports the GET subcommand");
  const Entry* entry = context.keyspace.Find(context.db, context.args[1]);
  if (!CheckString(entry, context.reply)) return;
  Entry::Scratch scratch;
  const std::string_view value = StringOf(entry, scratch);
  context.reply.ArrayHeader(operations.size());
  for (const Operation& operation : operations)
    SendAnswer(context.reply, Evaluate(operation, value));
}

}  // namespace mydis
