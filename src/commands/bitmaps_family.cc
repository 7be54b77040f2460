// The records of the bitmap commands.
#include "commands/arg_parser.h"
#include "commands/bitmaps.h"

namespace mydis {
namespace {

constexpr KeySpec kReadKeys[] = {OneKey(kKeyRO | kKeyAccess)};
constexpr KeySpec kChangeKeys[] = {OneKey(kKeyRW | kKeyAccess | kKeyUpdate)};
constexpr KeySpec kFieldKeys[] = {OneKey(kKeyRW | kKeyAccess | kKeyUpdate | kKeyVariable)};
constexpr KeySpec kBitopKeys[] = {OneKey(kKeyOW | kKeyUpdate, 2),
                                  KeyRange(kKeyRO | kKeyAccess, 3, -1)};

// BITFIELD only reads when all its subcommands are GET; malformed ones count as writing.
bool FindBitfieldKeys(Args args, std::vector<FoundKey>* keys) {
  ArgParser parser(args, 2);
  bool reads = true;
  while (reads && parser.HasNext()) {
    if (parser.remaining() > 2 && parser.Accept("GET")) {
      parser.Next();
      parser.Next();
    } else if (parser.remaining() > 1 && parser.Accept("OVERFLOW")) {
      parser.Next();
    } else {
      reads = false;
    }
  }
  const int flags = reads ? kKeyRO | kKeyAccess : kKeyRW | kKeyAccess | kKeyUpdate;
  keys->push_back({1, static_cast<uint16_t>(flags)});
  return true;
}

constexpr CommandSpec kCommands[] = {
    {
        .name = "bitcount",
        .arity = -2,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadKeys,
        .group = Group::kBitmap,
        .since = "2.6.0",
        .complexity = "O(N) with N the length of the range",
        .summary = "Counts the bits that are 1 in a string or in a part of it.",
        .arguments = "key [range: start end [unit: BYTE | BIT]@7.0.0]",
        .example = "SET k foobar; BITCOUNT k",
        .example_reply = ":26",
        .handler = BitcountCommand,
        .history = "7.0.0: Added `BYTE` and `BIT`.",
    },
    {
        .name = "bitfield",
        .arity = -2,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kFieldKeys,
        .group = Group::kBitmap,
        .since = "3.2.0",
        .complexity = "O(1) for each subcommand",
        .summary = "Reads and changes integers of any width at any bit of a string.",
        .arguments = "key [<operation: <get-block: GET encoding offset> | <write: [OVERFLOW "
                     "<overflow-block: WRAP | SAT | FAIL>] <write-operation: <set-block: SET "
                     "encoding offset value:integer> | <incrby-block: INCRBY encoding offset "
                     "increment:integer>>>> [...]]",
        .example = "BITFIELD k SET u8 0 255 INCRBY u8 0 10 GET u4 4",
        .example_reply = "*3\n  :0\n  :9\n  :9",
        .handler = BitfieldCommand,
        .find_keys = FindBitfieldKeys,
    },
    {
        .name = "bitfield_ro",
        .arity = -2,
        .effect = Effect::kRead,
        .flags = kFast,
        .keys = kReadKeys,
        .group = Group::kBitmap,
        .since = "6.0.0",
        .complexity = "O(1) for each subcommand",
        .summary = "Reads integers of any width at any bit of a string.",
        .arguments = "key [GET encoding offset [get-block: GET encoding offset ...]]",
        .example = "SET k A; BITFIELD_RO k GET u8 0",
        .example_reply = "*1\n  :65",
        .handler = BitfieldRoCommand,
    },
    {
        .name = "bitop",
        .arity = -4,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kBitopKeys,
        .group = Group::kBitmap,
        .since = "2.6.0",
        .complexity = "O(N) with N the length of the longest string",
        .summary = "Combines the bits of several strings and stores the result.",
        .arguments = "<operation: AND | OR | XOR | NOT> destkey:key key [key ...]",
        .example = "MSET a foobar b abcdef; BITOP AND dest a b",
        .example_reply = ":6",
        .handler = BitopCommand,
    },
    {
        .name = "bitpos",
        .arity = -3,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadKeys,
        .group = Group::kBitmap,
        .since = "2.8.7",
        .complexity = "O(N) with N the length of the range",
        .summary = "Finds the first bit that is 1, or 0, in a string or in a part of it.",
        .arguments =
            "key bit:integer [range: start [end-unit-block: end [unit: BYTE | BIT]@7.0.0]]",
        .example = "SET k \"\\x00\\xff\\xf0\"; BITPOS k 1",
        .example_reply = ":8",
        .handler = BitposCommand,
        .history = "7.0.0: Added `BYTE` and `BIT`.",
    },
    {
        .name = "getbit",
        .arity = 3,
        .effect = Effect::kRead,
        .flags = kFast,
        .keys = kReadKeys,
        .group = Group::kBitmap,
        .since = "2.2.0",
        .complexity = "O(1)",
        .summary = "Gives the bit at an offset in a string.",
        .arguments = "key offset",
        .example = "SETBIT k 7 1; GETBIT k 7",
        .example_reply = ":1",
        .handler = GetbitCommand,
    },
    {
        .name = "setbit",
        .arity = 4,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kChangeKeys,
        .group = Group::kBitmap,
        .since = "2.2.0",
        .complexity = "O(1)",
        .summary = "Sets or clears the bit at an offset in a string, which grows if it must.",
        .arguments = "key offset value:integer",
        .example = "SETBIT k 7 1",
        .example_reply = ":0",
        .handler = SetbitCommand,
    },
};

}  // namespace

std::span<const CommandSpec> BitmapFamily() { return kCommands; }

}  // namespace mydis
