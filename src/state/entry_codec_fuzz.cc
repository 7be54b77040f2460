// Reading any bytes as an entry's operations ends, and stays within them.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "state/entry_codec.h"

namespace mydis {
namespace {

void ReadCommand(EntryReader& reader, std::string_view body) {
  uint32_t db;
  for (const std::string_view word : reader.Command(&db)) {
    if (word.empty()) continue;
    MYDIS_ASSERT(
        word.data() >= body.data() && word.data() + word.size() <= body.data() + body.size(),
        "a word lies outside of the entry");
  }
}

void ReadTransaction(EntryReader& reader, std::string_view body) {
  for (uint64_t watched = reader.Count(); watched > 0 && reader.ok(); --watched) {
    uint32_t db;
    std::string_view key;
    uint64_t revision;
    reader.Watched(&db, &key, &revision);
  }
  for (uint64_t commands = reader.ok() ? reader.Count() : 0; commands > 0 && reader.ok();
       --commands)
    ReadCommand(reader, body);
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  mydis::EntryReader reader(body, data[0]);
  while (reader.HasNext()) {
    const mydis::Opcode opcode = reader.NextOpcode();
    if (!reader.ok()) break;
    if (reader.behind() % 2 == 1) {
      reader.SkipOperation(opcode);
    } else if (opcode == mydis::Opcode::kCommand) {
      mydis::ReadCommand(reader, body);
    } else {
      mydis::ReadTransaction(reader, body);
    }
  }
  return 0;
}
