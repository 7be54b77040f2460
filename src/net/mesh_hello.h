// How a connection between instances begins. The first frame is the caller's hello; on the channels
// between members it is answered by welcome (empty head) or refused (head: why). A question needs
// no answer to its hello: the question follows at once, then comes one frame, the answer.
//
//   hello's head: varint version, u8 purpose, u64 cluster id, u64 sender, u64 receiver,
//                 bytes identity
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/frame.h"

namespace mydis {

inline constexpr uint64_t kMeshVersion = 1;

enum class MeshFrame : uint8_t { kHello = 0xf0, kWelcome = 0xf1, kRefused = 0xf2 };
enum class MeshPurpose : uint8_t { kRaft = 0, kRpc = 1, kQuestion = 2, kUrgent = 3 };

struct MeshHello {
  uint64_t version = kMeshVersion;
  MeshPurpose purpose = MeshPurpose::kQuestion;
  uint64_t cluster_id = 0;
  uint64_t sender = 0;
  uint64_t receiver = 0;
  std::string identity;
};

Frame EncodeHello(const MeshHello& hello);
// False if `frame` is none. Of another version only the version is read.
bool DecodeHello(const Frame& frame, MeshHello* hello);
Frame WelcomeFrame();
Frame RefusedFrame(std::string reason);

}  // namespace mydis
