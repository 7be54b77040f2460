#include "net/mesh_hello.h"

#include <utility>

#include "base/codec.h"

namespace mydis {

Frame EncodeHello(const MeshHello& hello) {
  Frame frame;
  frame.type = static_cast<uint8_t>(MeshFrame::kHello);
  Encoder e(frame.head);
  e.Varint(hello.version);
  e.U8(static_cast<uint8_t>(hello.purpose));
  e.U64(hello.cluster_id);
  e.U64(hello.sender);
  e.U64(hello.receiver);
  e.Bytes(hello.identity);
  return frame;
}

bool DecodeHello(const Frame& frame, MeshHello* hello) {
  if (frame.type != static_cast<uint8_t>(MeshFrame::kHello)) return false;
  Decoder d(frame.head);
  hello->version = d.Varint();
  if (d.ok() && hello->version != kMeshVersion) return true;
  hello->purpose = static_cast<MeshPurpose>(d.U8());
  hello->cluster_id = d.U64();
  hello->sender = d.U64();
  hello->receiver = d.U64();
  hello->identity = d.Bytes();
  return d.ok() && d.AtEnd() && hello->purpose <= MeshPurpose::kUrgent;
}

Frame WelcomeFrame() {
  Frame frame;
  frame.type = static_cast<uint8_t>(MeshFrame::kWelcome);
  return frame;
}

Frame RefusedFrame(std::string reason) {
  Frame frame;
  frame.type = static_cast<uint8_t>(MeshFrame::kRefused);
  frame.head = std::move(reason);
  return frame;
}

}  // namespace mydis
