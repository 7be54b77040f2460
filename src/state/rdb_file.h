// Redis's file of everything (RDB), which `SAVE` writes:
//
//   "REDIS" and the version in four digits | item … | 255 | u64 CRC-64 of all before it, 0: none
//   item:
//     254 number                    the keys that follow are of this database
//     253 i32 seconds | 252 i64 ms | 248 idle seconds | 249 u8 frequency    of the next key
//     250 name value                a fact about the file
//     245 code                      a function library
//     247 module's number, when, …  what a module keeps beside the keys
//     251, 244                      sizes to expect
//     a type's number, key, value   a key
//
// Numbers without a size and strings are as rdb_bytes.h has them, values as rdb_value.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mydis/status.h"
#include "types/rdb_bytes.h"

namespace mydis {

struct RdbItem {
  enum class Kind : uint8_t { kKey, kFunctions, kFact, kModuleData, kEnd };
  Kind kind = Kind::kEnd;
  uint64_t offset = 0;  // In the file, where it begins.
  std::string name;     // Of the key, the fact, the module.
  // Of a key its type's number and the value; a library's code; a fact's value. Valid until the
  // next call, which the reader's user may spoil: it may be moved away.
  std::string* bytes = nullptr;
  uint64_t size = 0;  // Of the bytes, also if they are too many to be kept.
  bool kept = true;   // False: `bytes` is not the whole.

  // --- Of a key ---
  uint32_t db = 0;
  uint8_t type = 0;
  std::optional<int64_t> deadline_ms;  // Unix time.
  std::optional<uint64_t> idle_s;
  std::optional<uint8_t> frequency;
};

// Reads a file from its beginning to its end, in memory that depends on its largest value alone.
// One thread.
class RdbFileReader {
 public:
  // `source` outlives the reader. Of a value of more than `max_value` bytes only the size is told.
  RdbFileReader(ByteSource& source, uint64_t max_value) : tape_(source, max_value), in_(tape_) {}

  // REQUIRES: the first call. kInvalid: this is no such file, or a newer one than is known;
  // kCorrupt as below.
  Status ReadHeader();
  int version() const { return version_; }
  // kEnd once, when the checksum has been found to be right. kCorrupt, naming the offset and the
  // key at hand, if the file is broken or cut off.
  Result<RdbItem> Next();
  // How far it has been read.
  uint64_t offset() const { return tape_.offset(); }

 private:
  // Counts what goes by and takes its checksum; keeps what is to be kept.
  class Tape final : public ByteSource {
   public:
    Tape(ByteSource& source, uint64_t max_kept) : source_(source), max_kept_(max_kept) {}
    std::optional<std::string_view> Take(size_t size) override;
    // What comes from now on is kept, behind `first`.
    void Keep(std::string_view first);
    void Stop() { keeping_ = false; }

    uint64_t offset() const { return offset_; }
    uint64_t crc() const { return crc_; }
    std::string* kept() { return &kept_; }
    uint64_t size() const { return size_; }
    bool complete() const { return size_ == kept_.size(); }

   private:
    ByteSource& source_;
    const uint64_t max_kept_;
    uint64_t offset_ = 0;
    uint64_t crc_ = 0;
    bool keeping_ = false;
    std::string kept_;
    uint64_t size_ = 0;  // What would have been kept without a limit.
  };

  // Takes what an opcode says about the next key; false: it is none of those.
  bool ReadAttribute(uint8_t opcode);
  Result<RdbItem> ReadKey(uint8_t type);
  Result<RdbItem> ReadText(RdbItem::Kind kind);
  Result<RdbItem> ReadModuleData();
  Result<RdbItem> ReadEnd();
  // Whatever has been read has been so well.
  Result<RdbItem> Checked();
  Status Broken(std::string_view what) const;

  Tape tape_;
  RdbReader in_;
  int version_ = 0;
  uint32_t db_ = 0;
  RdbItem item_;  // What is known of the item being read.
};

}  // namespace mydis
