// The ways that clients come in by.
#pragma once

#include <cstdint>

namespace mydis {

enum class Door : uint8_t {
  kRedis,  // RESP: what clients send is what connections understand.
  kHttp,   // A filter translates (docs/http.md).
  // RESP from the program that this instance is part of: who can change the process's memory may do
  // everything, and is neither counted nor asked who it is.
  kLibrary,
};

}  // namespace mydis
