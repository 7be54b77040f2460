// Shared immutable byte strings.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mydis {

// Bytes that several owners hold at once (log cache, disk queue, peers' send queues) and nobody
// changes any more.
using Payload = std::shared_ptr<const std::string>;

inline Payload MakePayload(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace mydis
