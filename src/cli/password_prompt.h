// Asks for a password. Main thread.
#pragma once

#include <string>

#include "mydis/status.h"

namespace mydis {

// On the terminal itself, wherever standard input comes from; what is typed is not shown.
Result<std::string> AskPassword();

}  // namespace mydis
