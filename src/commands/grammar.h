// The grammar of a command's words, as the records write it (CommandSpec::arguments), turned into
// the tree that COMMAND DOCS shows and hints are made from.
//
//   words      := alternative                       the words after the command's name
//   alternative := item { item }
//   item       := word | group | repeat
//   group      := '[' inside ']' [ since ]          optional
//               | '<' inside '>' [ since ]          not optional
//   inside     := [ name ':' ] alternative { '|' alternative }
//   repeat     := '[' { item } '...' ']'            what stands before it may be repeated: the same
//                                                   items, or the last one if there are none inside
//   word       := core [ '/' shown ] [ since ]
//   core       := NAME | name ':' type | TOKEN | name ':' TOKEN
//   since      := '@' version
//
// A word without lower-case letters, or between single quotes, is a TOKEN: it stands for itself and
// belongs to the value that follows it. In a group that starts with a token and two values, it
// belongs to the group. Types: string integer double key pattern unix-time; those of common names
// are known (key, seconds, pattern …), the others are strings. `key#1` gives the number of the key
// specification; without it keys are counted in order.
//
//   key value [condition: NX | XX] [GET] [expiration: EX seconds | PX milliseconds | KEEPTTL]
//   key value [data: key value ...]
//   key [LIMIT offset count] [GET pattern [GET pattern ...]] [AGGREGATE <SUM | MIN | MAX>]
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"

namespace mydis {

struct Argument {
  enum class Type : uint8_t {
    kString,
    kInteger,
    kDouble,
    kKey,
    kPattern,
    kUnixTime,
    kPureToken,
    kOneOf,
    kBlock,
  };
  Type type = Type::kString;
  std::string name;
  std::string shown;  // In place of the name, for people; empty: the name.
  std::string token;
  std::string since;
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;      // The token is repeated with the value.
  int key_spec = -1;                // Number of the key specification; -1: not a key.
  std::vector<Argument> arguments;  // Of kOneOf and kBlock.

  bool operator==(const Argument&) const = default;
};

// `key_specs` is how many key specifications the command has.
Result<std::vector<Argument>> ParseGrammar(std::string_view grammar, size_t key_specs);

// The same in Redis's notation for people: "key value [NX | XX] [GET] [EX seconds | …]".
std::string RenderArguments(const std::vector<Argument>& arguments);

// "pure-token", "oneof" … as COMMAND DOCS has them.
std::string_view ArgumentTypeName(Argument::Type type);

}  // namespace mydis
