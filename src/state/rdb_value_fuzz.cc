// Whatever bytes are read as a value of Redis's file format give a value that is sound, and that
// comes back the same once it has been written.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "state/container_ops.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

// Only the type's number and the value: no fuzzer finds a checksum.
void ReadAndWrite(std::string_view bytes) {
  const EncodingLimits limits;
  MemorySource source(bytes);
  RdbReader in(source);
  const uint8_t type = in.U8();
  auto value = ReadRdbValue(type, in, limits);
  if (!value) return;
  Keyspace keyspace(1, 1);
  PutRdbValue(keyspace, 0, "key", std::move(*value), Ttl::None());
  keyspace.CheckInvariants();
  const Entry& entry = *keyspace.Find(0, "key");
  if (!entry.is_string()) OpsOf(entry.type()).check_invariants(entry.container_word());
  const std::string payload = DumpPayload(entry);
  MYDIS_ASSERT(IsDumpPayload(payload), "what was written is a payload");
  auto again = ReadDumpPayload(payload, limits);
  MYDIS_ASSERT(again.has_value(), "what was written can be read");
  PutRdbValue(keyspace, 0, "again", std::move(*again), Ttl::None());
  MYDIS_ASSERT(DumpPayload(*keyspace.Find(0, "again")) == payload, "and is the same");
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::ReadAndWrite({reinterpret_cast<const char*>(data), size});
  return 0;
}
