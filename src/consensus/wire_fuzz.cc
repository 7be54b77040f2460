// Any bytes as the head of a message between instances: refused, or read so that what is written
// from it reads the same again. Byte 0 is the type.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "consensus/wire.h"

namespace mydis {
namespace {

template <typename Message>
void Fuzz(std::string_view head) {
  Message message;
  if (!Decode(head, &message)) return;
  const std::string written = Encode(message).head;
  Message again;
  if (!Decode(written, &again) || Encode(again).head != written) std::abort();
}

void FuzzWire(std::string_view input) {
  if (input.empty()) return;
  const std::string_view head = input.substr(1);
  switch (static_cast<WireType>(input[0])) {
    case WireType::kRaft:
      return Fuzz<WireRaft>(head);
    case WireType::kSubmit:
      return Fuzz<WireSubmit>(head);
    case WireType::kSubmitAnswer:
      return Fuzz<WireSubmitAnswer>(head);
    case WireType::kWatch:
      return Fuzz<WireWatch>(head);
    case WireType::kApplied:
      return Fuzz<WireApplied>(head);
    case WireType::kAdmin:
      return Fuzz<WireAdmin>(head);
    case WireType::kAdminAnswer:
      return Fuzz<WireAdminAnswer>(head);
    case WireType::kSnapshotOffer:
      return Fuzz<WireSnapshotOffer>(head);
    case WireType::kSnapshotWant:
      return Fuzz<WireSnapshotWant>(head);
    case WireType::kSnapshotChunk:
      return Fuzz<WireSnapshotChunk>(head);
    case WireType::kRemoved:
      return Fuzz<WireRemoved>(head);
    case WireType::kDigest:
      return Fuzz<WireDigest>(head);
    case WireType::kSnapshotAsk:
      return Fuzz<WireSnapshotAsk>(head);
    case WireType::kJoin:
      return Fuzz<WireJoin>(head);
    case WireType::kJoinAnswer:
      return Fuzz<WireJoinAnswer>(head);
    case WireType::kProbe:
      return Fuzz<WireProbe>(head);
    case WireType::kProbeAnswer:
      return Fuzz<WireProbeAnswer>(head);
    case WireType::kInvite:
      return Fuzz<WireInvite>(head);
    case WireType::kInviteAnswer:
      return Fuzz<WireInviteAnswer>(head);
  }
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::FuzzWire({reinterpret_cast<const char*>(data), size});
  return 0;
}
