// Any bytes as the beginning of a connection between instances: no hello, or one that reads the
// same when it is written again. Byte 0 is the frame's type.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/mesh_hello.h"

namespace mydis {
namespace {

bool Same(const MeshHello& a, const MeshHello& b) {
  return a.version == b.version && a.purpose == b.purpose && a.cluster_id == b.cluster_id &&
         a.sender == b.sender && a.receiver == b.receiver && a.identity == b.identity;
}

void FuzzHello(std::string_view input) {
  if (input.empty()) return;
  const Frame frame{
      .type = static_cast<uint8_t>(input[0]), .head = std::string(input.substr(1)), .payloads = {}};
  MeshHello hello;
  if (!DecodeHello(frame, &hello) || hello.version != kMeshVersion) return;
  MeshHello again;
  if (!DecodeHello(EncodeHello(hello), &again) || !Same(hello, again)) std::abort();
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::FuzzHello({reinterpret_cast<const char*>(data), size});
  return 0;
}
