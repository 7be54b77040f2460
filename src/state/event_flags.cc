#include "state/event_flags.h"

#include <utility>

namespace mydis {
namespace {

constexpr uint32_t Bit(EventClass event_class) { return static_cast<uint32_t>(event_class); }

constexpr std::pair<char, uint32_t> kLetters[] = {
    {'g', Bit(EventClass::kGeneric)}, {'$', Bit(EventClass::kString)},
    {'l', Bit(EventClass::kList)},    {'s', Bit(EventClass::kSet)},
    {'h', Bit(EventClass::kHash)},    {'z', Bit(EventClass::kSortedSet)},
    {'x', Bit(EventClass::kExpired)}, {'e', Bit(EventClass::kEvicted)},
    {'t', Bit(EventClass::kStream)},  {'d', kNotifyModule},
    {'n', Bit(EventClass::kNew)},     {'K', kNotifyKeyspace},
    {'E', kNotifyKeyevent},           {'m', Bit(EventClass::kKeyMiss)},
};
// What A stands for: all but n, K, E and m.
constexpr uint32_t kAll = Bit(EventClass::kGeneric) | Bit(EventClass::kString) |
                          Bit(EventClass::kList) | Bit(EventClass::kSet) | Bit(EventClass::kHash) |
                          Bit(EventClass::kSortedSet) | Bit(EventClass::kExpired) |
                          Bit(EventClass::kEvicted) | Bit(EventClass::kStream) | kNotifyModule;

}  // namespace

std::optional<uint32_t> ParseEventFlags(std::string_view letters) {
  uint32_t flags = 0;
  for (const char letter : letters) {
    uint32_t bits = letter == 'A' ? kAll : 0;
    for (const auto& [known, bit] : kLetters) {
      if (known == letter) bits |= bit;
    }
    if (bits == 0) return std::nullopt;
    flags |= bits;
  }
  return flags;
}

std::string EventFlagsText(uint32_t flags) {
  const bool all = (flags & kAll) == kAll;
  std::string text(all ? "A" : "");
  for (const auto& [letter, bit] : kLetters) {
    if ((flags & bit) != 0 && !(all && (kAll & bit) != 0)) text += letter;
  }
  return text;
}

}  // namespace mydis
