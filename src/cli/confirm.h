// The question before something that cannot be taken back. Main thread.
#pragma once

#include <string>
#include <string_view>

namespace mydis {

// Whether there is somebody to ask: standard input and standard error are terminals.
bool CanAsk();
// Asks on standard error and reads one line; true for "y" or "yes" alone.
bool Confirm(std::string_view question);

}  // namespace mydis
