// Whatever bytes a set is loaded from, it is sound, can be read and changed, and saves as the same.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "types/set.h"

namespace mydis {
namespace {

std::string Saved(const Set& set) {
  std::string bytes;
  Encoder out(bytes);
  set.Save(out);
  return bytes;
}

void ReadAndChange(Set& set) {
  set.CheckInvariants();
  const std::string saved = Saved(set);
  Decoder in(saved);
  Set again;
  MYDIS_ASSERT(Set::Load(in, &again) && in.AtEnd() && Saved(again) == saved,
               "what was saved loads");
  MYDIS_ASSERT(again.MemoryBytes() == set.MemoryBytes(), "memory follows from what is saved");
  std::vector<std::string> members;
  Set::Value::Scratch scratch;
  set.ForEach([&](const Set::Value& member) { members.emplace_back(member.string(scratch)); });
  MYDIS_ASSERT(members.size() == set.size(), "a walk meets every member");
  const EncodingLimits limits;
  for (const std::string& member : members) {
    MYDIS_ASSERT(set.Contains(member) && !set.Add(member, limits), "a member is there once");
  }
  set.Add("text", limits);
  set.Add("-70000", limits);
  set.Add(std::string(100, 'x'), limits);
  set.CheckInvariants();
  set.TryIntset(limits);
  set.RemoveAt(set.size() / 2);
  for (const std::string& member : members) set.Remove(member);
  set.CheckInvariants();
  MYDIS_ASSERT(set.size() <= 3, "only what was added may be left");
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::Decoder in({reinterpret_cast<const char*>(data), size});
  mydis::Set set;
  if (mydis::Set::Load(in, &set)) mydis::ReadAndChange(set);
  return 0;
}
