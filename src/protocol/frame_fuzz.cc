#include "protocol/frame_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::FuzzFrame({reinterpret_cast<const char*>(data), size});
  return 0;
}
