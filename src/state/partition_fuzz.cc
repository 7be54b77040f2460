// Whatever bytes a partition of the keyspace is loaded from, what is there then is sound and saves
// as the same. The first byte chooses the partition.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "state/keyspace.h"

namespace mydis {
namespace {

// The keys of the corpus lie in their partitions by this seed.
constexpr uint64_t kHashSeed = 2;
constexpr uint32_t kDatabases = 2;

std::string Saved(const Keyspace& keyspace, uint32_t partition) {
  std::string bytes;
  keyspace.SavePartition(partition, bytes);
  return bytes;
}

void LoadAndExpire(uint32_t partition, std::string_view bytes) {
  Keyspace keyspace(kHashSeed, kDatabases);
  if (!keyspace.LoadPartition(partition, bytes)) return;
  keyspace.CheckInvariants();
  const std::string saved = Saved(keyspace, partition);
  Keyspace again(kHashSeed, kDatabases);
  MYDIS_ASSERT(again.LoadPartition(partition, saved), "what was saved loads");
  MYDIS_ASSERT(Saved(again, partition) == saved, "and is the same");
  keyspace.set_revision(1);
  keyspace.RemoveExpired(INT64_MAX / 2);
  keyspace.SwapDatabases(0, 1);
  keyspace.CheckInvariants();
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) mydis::LoadAndExpire(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
