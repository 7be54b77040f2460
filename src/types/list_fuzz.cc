// Whatever bytes a list is loaded from, it is whole, saves as the same bytes and can be changed.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "types/list.h"

namespace mydis {
namespace {

void LoadAndChange(std::string_view bytes) {
  Decoder in(bytes);
  List list;
  if (!List::Load(in, &list)) return;
  list.CheckInvariants();
  std::string saved;
  Encoder out(saved);
  list.Save(out);
  Decoder again(saved);
  List copy;
  MYDIS_ASSERT(List::Load(again, &copy) && again.AtEnd(), "what a list saves can be loaded");
  MYDIS_ASSERT(copy.size() == list.size() && copy.MemoryBytes() == list.MemoryBytes(),
               "what comes out of the saved form is the same");
  size_t walked = 0;
  for (List::Cursor cursor(list, 0); cursor.valid(); cursor.Next()) ++walked;
  MYDIS_ASSERT(walked == list.size(), "a walk meets every element");
  const EncodingLimits limits;
  list.Push(ListEnd::kFront, "pushed", limits);
  list.Insert(list.size() / 2, true, std::string(9000, 'x'), limits);
  list.Erase(0, list.size() / 2, limits);
  list.CheckInvariants();
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::LoadAndChange({reinterpret_cast<const char*>(data), size});
  return 0;
}
