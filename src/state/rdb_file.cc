#include "state/rdb_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/codec.h"
#include "base/crc64.h"
#include "base/quoted.h"
#include "state/rdb_opcodes.h"
#include "state/rdb_skip.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

constexpr std::string_view kMagic = "REDIS";
constexpr size_t kVersionDigits = 4;
// The checksum came with version 5.
constexpr int kFirstChecked = 5;
// Longer keys are no keys.
constexpr uint64_t kLongestKey = uint64_t{512} << 20;

}  // namespace

std::optional<std::string_view> RdbFileReader::Tape::Take(size_t size) {
  const auto bytes = source_.Take(size);
  if (!bytes) return std::nullopt;
  offset_ += size;
  crc_ = Crc64(*bytes, crc_);
  if (keeping_) {
    size_ += size;
    if (size_ <= max_kept_) kept_.append(*bytes);
  }
  return bytes;
}

void RdbFileReader::Tape::Keep(std::string_view first) {
  keeping_ = true;
  kept_.clear();
  kept_.append(first);
  size_ = first.size();
}

Status RdbFileReader::Broken(std::string_view what) const {
  std::string message = fmt::format("the file is broken at byte {}: {}", tape_.offset(), what);
  if (!item_.name.empty())
    message += fmt::format(" (in what begins at byte {}, database {}, key {})", item_.offset, db_,
                           QuotedStart(item_.name));
  return {ErrorCode::kCorrupt, std::move(message)};
}

Status RdbFileReader::ReadHeader() {
  const auto bytes = tape_.Take(kMagic.size() + kVersionDigits);
  if (!bytes || !bytes->starts_with(kMagic))
    return {ErrorCode::kInvalid, "this is no RDB file: it does not begin with REDIS"};
  for (const char digit : bytes->substr(kMagic.size())) {
    if (digit < '0' || digit > '9')
      return {ErrorCode::kInvalid, "this is no RDB file: it does not begin with a version"};
    version_ = version_ * 10 + (digit - '0');
  }
  if (version_ < 1 || version_ > kRdbVersionTimed)
    return {ErrorCode::kInvalid,
            fmt::format("the file is of version {}, and {} is the highest that is known (Redis "
                        "7.4): have an older server write it",
                        version_, kRdbVersionTimed)};
  return Status::Ok();
}

Result<RdbItem> RdbFileReader::Next() {
  item_ = RdbItem{};
  item_.offset = tape_.offset();
  while (true) {
    const uint8_t opcode = in_.U8();
    if (!in_.ok()) return Fail(Broken("it is cut off"));
    if (ReadAttribute(opcode)) {
      if (!in_.ok()) return Fail(Broken("it is cut off, or what stands before a key is malformed"));
      continue;
    }
    switch (opcode) {
      case kRdbEnd:
        return ReadEnd();
      case kRdbFact:
        item_.name = in_.String();
        return ReadText(RdbItem::Kind::kFact);
      case kRdbFunctions:
        return ReadText(RdbItem::Kind::kFunctions);
      case kRdbModuleData:
        return ReadModuleData();
      case kRdbFunctionOfBeta:
        return Fail(
            Broken("it has a function of a release candidate of Redis 7.0, which no "
                   "release reads"));
      default:
        return ReadKey(opcode);
    }
  }
}

bool RdbFileReader::ReadAttribute(uint8_t opcode) {
  switch (opcode) {
    case kRdbSelect: {
      const uint64_t db = in_.Length();
      if (db > INT32_MAX) in_.Fail();
      db_ = static_cast<uint32_t>(db);
      break;
    }
    case kRdbDeadlineMs:
      item_.deadline_ms = static_cast<int64_t>(in_.U64());
      break;
    case kRdbDeadlineSeconds: {
      uint32_t seconds = 0;
      for (int shift = 0; shift < 32; shift += 8) seconds |= uint32_t{in_.U8()} << shift;
      item_.deadline_ms = int64_t{static_cast<int32_t>(seconds)} * 1000;
      break;
    }
    case kRdbIdle:
      item_.idle_s = in_.Length();
      break;
    case kRdbFrequency:
      item_.frequency = in_.U8();
      break;
    case kRdbSizes:
      in_.Length();
      in_.Length();
      break;
    case kRdbSlotSizes:
      for (int i = 0; i < 3; ++i) in_.Length();
      break;
    default:
      return false;
  }
  return true;
}

Result<RdbItem> RdbFileReader::ReadKey(uint8_t type) {
  if (RdbTypeName(type).empty())
    return Fail(Broken(fmt::format("there is no type {}, or it is of a newer version", type)));
  item_.kind = RdbItem::Kind::kKey;
  item_.db = db_;
  item_.type = type;
  item_.name = in_.String();
  if (!in_.ok() || item_.name.size() > kLongestKey) return Fail(Broken("a key is cut off"));
  const auto number = static_cast<char>(type);
  tape_.Keep({&number, 1});
  const bool known = SkipRdbValue(type, in_);
  tape_.Stop();
  if (!known)
    return Fail(Broken("the value is of a module of Redis 4 or before, which has no end"));
  return Checked();
}

Result<RdbItem> RdbFileReader::ReadText(RdbItem::Kind kind) {
  item_.kind = kind;
  std::string text = in_.String();
  *tape_.kept() = std::move(text);
  item_.bytes = tape_.kept();
  item_.size = item_.bytes->size();
  if (!in_.ok()) return Fail(Broken("it is cut off"));
  return std::move(item_);
}

Result<RdbItem> RdbFileReader::ReadModuleData() {
  item_.kind = RdbItem::Kind::kModuleData;
  item_.name = RdbModuleName(in_.Length());
  in_.Length();  // Whether before or after the keys: the number of an unsigned one,
  in_.Length();  // and that itself.
  tape_.Keep({});
  SkipRdbModule(in_);
  tape_.Stop();
  return Checked();
}

Result<RdbItem> RdbFileReader::Checked() {
  if (!in_.ok()) return Fail(Broken("it is cut off, or the value is malformed"));
  item_.bytes = tape_.kept();
  item_.size = tape_.size();
  item_.kept = tape_.complete();
  return std::move(item_);
}

Result<RdbItem> RdbFileReader::ReadEnd() {
  const uint64_t computed = tape_.crc();
  if (version_ >= kFirstChecked) {
    const uint64_t stored = in_.U64();
    if (!in_.ok()) return Fail(Broken("it is cut off in its last bytes"));
    if (stored != 0 && stored != computed)
      return Fail(Broken("its bytes are not those that were written: the checksum is another"));
  }
  if (tape_.Take(1))
    return Fail(
        Broken("there is more behind its end; if it is the beginning of an append-only "
               "file, have the server write an RDB with SAVE"));
  item_.kind = RdbItem::Kind::kEnd;
  return std::move(item_);
}

}  // namespace mydis
