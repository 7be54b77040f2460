// Whatever bytes Load lets pass is a sorted set that can be read, changed, and saved as it came.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "types/sorted_set.h"

namespace mydis {
namespace {

std::string Saved(const SortedSet& set) {
  std::string bytes;
  Encoder out(bytes);
  set.Save(out);
  return bytes;
}

void ReadAndChange(SortedSet& set) {
  set.CheckInvariants();
  SortedSet again;
  const std::string saved = Saved(set);
  Decoder in(saved);
  MYDIS_ASSERT(SortedSet::Load(in, &again) && Saved(again) == saved, "what was saved loads");
  const EncodingLimits limits;
  std::vector<std::string> members;
  set.ForEach(set.All(), true,
              [&](std::string_view member, double) { members.emplace_back(member); });
  for (size_t i = 0; i < members.size(); ++i) {
    MYDIS_ASSERT(set.Rank(members[i])->rank == members.size() - 1 - i, "ranks are in order");
  }
  for (size_t i = 0; i < members.size(); i += 2)
    set.Add(members[i], static_cast<double>(i), {}, limits);
  set.CheckInvariants();
  for (const std::string& member : members) MYDIS_ASSERT(set.Remove(member), "a member is there");
  MYDIS_ASSERT(set.size() == 0, "all are gone");
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::Decoder in({reinterpret_cast<const char*>(data), size});
  mydis::SortedSet set;
  if (mydis::SortedSet::Load(in, &set)) mydis::ReadAndChange(set);
  return 0;
}
