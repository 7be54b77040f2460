#include "state/rdb_skip.h"

#include "state/rdb_types.h"

namespace mydis {
namespace {

// A module's value whose length nobody but the module knows, up to 4.0; and since then.
constexpr uint8_t kOldModule = 6;
constexpr uint8_t kModule = 7;
// What stands before each part of what a module writes.
constexpr uint64_t kModuleEnd = 0;
constexpr uint64_t kModuleSigned = 1;
constexpr uint64_t kModuleUnsigned = 2;
constexpr uint64_t kModuleFloat = 3;
constexpr uint64_t kModuleDouble = 4;
constexpr uint64_t kModuleString = 5;

constexpr uint64_t kIdBytes = 16;
constexpr uint64_t kTimeBytes = 8;
constexpr uint64_t kScoreBytes = 8;

void SkipStrings(RdbReader& in, uint64_t each) {
  for (uint64_t n = in.Length(); n > 0 && in.ok(); --n)
    for (uint64_t i = 0; i < each; ++i) in.SkipString();
}

void SkipNodes(RdbReader& in) {
  for (uint64_t n = in.Length(); n > 0 && in.ok(); --n) {
    in.Length();  // How the node is kept.
    in.SkipString();
  }
}

void SkipScored(RdbReader& in, bool texts) {
  for (uint64_t n = in.Length(); n > 0 && in.ok(); --n) {
    in.SkipString();
    if (texts) {
      in.TextDouble();
    } else {
      in.Skip(kScoreBytes);
    }
  }
}

void SkipTimedFields(RdbReader& in) {
  in.Skip(kTimeBytes);
  for (uint64_t n = in.Length(); n > 0 && in.ok(); --n) {
    in.Length();
    in.SkipString();
    in.SkipString();
  }
}

void SkipGroup(RdbType type, RdbReader& in) {
  in.SkipString();
  in.Length();
  in.Length();
  if (type != RdbType::kStream) in.Length();
  for (uint64_t n = in.Length(); n > 0 && in.ok(); --n) {
    in.Skip(kIdBytes + kTimeBytes);
    in.Length();
  }
  for (uint64_t n = in.Length(); n > 0 && in.ok(); --n) {
    in.SkipString();
    in.Skip(type == RdbType::kStream3 ? 2 * kTimeBytes : kTimeBytes);
    for (uint64_t pending = in.Length(); pending > 0 && in.ok(); --pending) in.Skip(kIdBytes);
  }
}

// rdb_stream.cc has the grammar.
void SkipStream(RdbType type, RdbReader& in) {
  SkipStrings(in, 2);
  const int numbers = type == RdbType::kStream ? 3 : 8;
  for (int i = 0; i < numbers; ++i) in.Length();
  for (uint64_t n = in.Length(); n > 0 && in.ok(); --n) SkipGroup(type, in);
}

// The values of these types are one string each.
bool IsPacked(RdbType type) {
  switch (type) {
    case RdbType::kString:
    case RdbType::kHashZipmap:
    case RdbType::kListZiplist:
    case RdbType::kSetIntset:
    case RdbType::kSortedSetZiplist:
    case RdbType::kHashZiplist:
    case RdbType::kHashListpack:
    case RdbType::kSortedSetListpack:
    case RdbType::kSetListpack:
      return true;
    default:
      return false;
  }
}

// Of all types but those of modules; false for others.
bool SkipKnown(RdbType type, RdbReader& in) {
  switch (type) {
    case RdbType::kList:
    case RdbType::kSet:
    case RdbType::kListOfZiplists:
      SkipStrings(in, 1);
      return true;
    case RdbType::kHash:
      SkipStrings(in, 2);
      return true;
    case RdbType::kListOfListpacks:
      SkipNodes(in);
      return true;
    case RdbType::kSortedSetOfTexts:
    case RdbType::kSortedSet:
      SkipScored(in, type == RdbType::kSortedSetOfTexts);
      return true;
    case RdbType::kHashTimed:
      SkipTimedFields(in);
      return true;
    case RdbType::kHashListpackTimed:
      in.Skip(kTimeBytes);
      in.SkipString();
      return true;
    case RdbType::kStream:
    case RdbType::kStream2:
    case RdbType::kStream3:
      SkipStream(type, in);
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string_view RdbTypeName(uint8_t type) {
  if (type == kOldModule || type == kModule) return "module";
  switch (static_cast<RdbType>(type)) {
    case RdbType::kString:
      return "string";
    case RdbType::kList:
    case RdbType::kListZiplist:
    case RdbType::kListOfZiplists:
    case RdbType::kListOfListpacks:
      return "list";
    case RdbType::kSet:
    case RdbType::kSetIntset:
    case RdbType::kSetListpack:
      return "set";
    case RdbType::kSortedSetOfTexts:
    case RdbType::kSortedSet:
    case RdbType::kSortedSetZiplist:
    case RdbType::kSortedSetListpack:
      return "zset";
    case RdbType::kHash:
    case RdbType::kHashZipmap:
    case RdbType::kHashZiplist:
    case RdbType::kHashListpack:
    case RdbType::kHashTimed:
    case RdbType::kHashListpackTimed:
      return "hash";
    case RdbType::kStream:
    case RdbType::kStream2:
    case RdbType::kStream3:
      return "stream";
  }
  return {};
}

bool SkipRdbValue(uint8_t number, RdbReader& in) {
  const auto type = static_cast<RdbType>(number);
  if (IsPacked(type)) {
    in.SkipString();
    return true;
  }
  if (number == kModule) {
    in.Length();
    SkipRdbModule(in);
    return true;
  }
  return SkipKnown(type, in);
}

std::string RdbModuleName(uint64_t id) {
  // Nine letters of six bits each; the ten bits below are the version of its data.
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  constexpr int kNameLetters = 9;
  std::string name(kNameLetters, ' ');
  id >>= 10;
  for (int i = kNameLetters - 1; i >= 0; --i) {
    name[static_cast<size_t>(i)] = kLetters[id & 63];
    id >>= 6;
  }
  return name;
}

void SkipRdbModule(RdbReader& in) {
  while (in.ok()) {
    switch (in.Length()) {
      case kModuleEnd:
        return;
      case kModuleSigned:
      case kModuleUnsigned:
        in.Length();
        break;
      case kModuleFloat:
        in.Skip(sizeof(float));
        break;
      case kModuleDouble:
        in.Skip(sizeof(double));
        break;
      case kModuleString:
        in.SkipString();
        break;
      default:
        in.Fail();
    }
  }
}

}  // namespace mydis
