#include "protocol/websocket_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::FuzzWebSocket({reinterpret_cast<const char*>(data), size});
  return 0;
}
