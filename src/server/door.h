// The ports that clients come in by.
#pragma once

#include <cstdint>

namespace mydis {

enum class Door : uint8_t {
  kRedis,  // RESP: what clients send is what connections understand.
  kHttp,   // A filter translates (docs/http.md).
};

}  // namespace mydis
