// Whatever bytes Validate lets pass can be read from both ends and changed.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "types/listpack.h"

namespace mydis {
namespace {

void ReadAndChange(std::string_view bytes) {
  Listpack listpack = Listpack::FromBytes(bytes);
  listpack.CheckInvariants();
  std::vector<Listpack::Pos> positions;
  ListpackValue::Scratch scratch;
  size_t read = 0;
  for (Listpack::Pos pos = listpack.First(); pos != Listpack::kNone; pos = listpack.Next(pos)) {
    positions.push_back(pos);
    for (const char c : listpack.Get(pos).string(scratch)) read += static_cast<uint8_t>(c);
  }
  MYDIS_ASSERT(positions.size() == listpack.size(), "a walk meets every element");
  for (Listpack::Pos pos = listpack.Last(); pos != Listpack::kNone; pos = listpack.Prev(pos)) {
    MYDIS_ASSERT(!positions.empty() && positions.back() == pos, "both ways meet the same elements");
    positions.pop_back();
  }
  MYDIS_ASSERT(positions.empty(), "a walk back meets every element");
  if (listpack.empty()) return;
  listpack.Replace(listpack.Seek(static_cast<int64_t>(read % listpack.size())), "replaced");
  listpack.CheckInvariants();
  listpack.Erase(listpack.First());
  listpack.CheckInvariants();
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < mydis::Listpack::kEmptyBytes) return 0;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  // Chance hardly finds the size and the end mark.
  mydis::StoreLittle(bytes.data(), static_cast<uint32_t>(size));
  bytes.back() = '\xff';
  if (mydis::Listpack::Validate(bytes)) mydis::ReadAndChange(bytes);
  return 0;
}
