// Whatever bytes a hash is loaded from, it is sound, can be read and changed, and saves as the
// same; with deadlines of fields and without.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "types/hash.h"

namespace mydis {
namespace {

std::string Saved(const Hash& hash) {
  std::string bytes;
  Encoder out(bytes);
  hash.Save(out);
  return bytes;
}

void ReadAndChange(Hash& hash) {
  hash.CheckInvariants();
  const std::string saved = Saved(hash);
  Decoder in(saved);
  Hash again;
  MYDIS_ASSERT(Hash::Load(in, &again) && in.AtEnd() && Saved(again) == saved,
               "what was saved loads");
  MYDIS_ASSERT(again.MemoryBytes() == hash.MemoryBytes(), "memory follows from what is saved");
  std::vector<std::string> fields;
  Hash::Value::Scratch scratch;
  hash.ForEach([&](const Hash::Value& field, const Hash::Value&) {
    fields.emplace_back(field.string(scratch));
  });
  MYDIS_ASSERT(fields.size() == hash.size(), "a walk meets every field");
  const EncodingLimits limits;
  for (size_t i = 0; i < fields.size(); ++i) {
    MYDIS_ASSERT(hash.Contains(fields[i]), "a field is there");
    const bool timed = hash.DeadlineOf(fields[i]) != Hash::kNoDeadline;
    if (i % 3 == 0) MYDIS_ASSERT(hash.ClearDeadline(fields[i]) == timed, "deadlines are known");
    if (i % 3 == 1) hash.SetDeadline(fields[i], static_cast<int64_t>(1000 + i));
    if (i % 3 == 2) MYDIS_ASSERT(!hash.Set(fields[i], "value", limits), "a field is there once");
  }
  hash.Set("field", std::string(100, 'x'), limits);
  hash.SetDeadline("field", 5);
  hash.CheckInvariants();
  hash.RemoveDue(1000 + static_cast<int64_t>(fields.size()) / 2);
  hash.CheckInvariants();
  for (const std::string& field : fields) hash.Remove(field);
  MYDIS_ASSERT(hash.size() == 0, "all are gone");
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::Decoder in({reinterpret_cast<const char*>(data), size});
  mydis::Hash hash;
  if (mydis::Hash::Load(in, &hash)) mydis::ReadAndChange(hash);
  return 0;
}
