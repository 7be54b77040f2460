// Whatever bytes are read as Redis's file of everything: the reader ends, keeps within its limit,
// and finds a value's end where the one who makes the value finds it.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "state/rdb_file.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

constexpr uint64_t kMaxValue = 4096;

void CheckKey(const RdbItem& item) {
  MYDIS_ASSERT(item.kept == (item.bytes->size() == item.size), "it says what it has kept");
  MYDIS_ASSERT(item.bytes->size() <= kMaxValue, "it keeps no more than it may");
  if (!item.kept) return;
  MemorySource source(*item.bytes);
  RdbReader in(source);
  MYDIS_ASSERT(in.U8() == item.type, "the value begins with its type");
  if (ReadRdbValue(item.type, in, EncodingLimits()))
    MYDIS_ASSERT(!source.Take(1), "a value ends where it was found to end");
}

void ReadFile(std::string_view bytes) {
  MemorySource source(bytes);
  RdbFileReader reader(source, kMaxValue);
  if (!reader.ReadHeader().ok()) return;
  while (true) {
    const uint64_t before = reader.offset();
    auto item = reader.Next();
    if (!item || item->kind == RdbItem::Kind::kEnd) return;
    MYDIS_ASSERT(item->offset == before && reader.offset() > before, "it goes on");
    MYDIS_ASSERT(reader.offset() <= bytes.size(), "it reads what is there");
    if (item->kind == RdbItem::Kind::kKey) CheckKey(*item);
  }
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::ReadFile({reinterpret_cast<const char*>(data), size});
  return 0;
}
