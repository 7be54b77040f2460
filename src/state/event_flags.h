// notify-keyspace-events: which keyspace events are told, as letters and as bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "state/events.h"

namespace mydis {

// Beside the bits of EventClass: which of the two channels tell them.
inline constexpr uint32_t kNotifyKeyspace = 1u << 16;  // K: __keyspace@<db>__:<key>
inline constexpr uint32_t kNotifyKeyevent = 1u << 17;  // E: __keyevent@<db>__:<event>
inline constexpr uint32_t kNotifyModule = 1u << 18;    // d: kept and shown; there are no modules.

// nullopt if a letter stands for nothing.
std::optional<uint32_t> ParseEventFlags(std::string_view letters);
// In the order in which Redis shows them (and with the n that Redis leaves out behind an A).
std::string EventFlagsText(uint32_t flags);

}  // namespace mydis
