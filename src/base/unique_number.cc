#include "base/unique_number.h"

#include <atomic>

namespace mydis {

uint64_t UniqueNumber() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace mydis
