// What keeps an instance from starting, by the option that puts it right. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

// Makes the data directory, with all above it, if it is not there. An error if it cannot be made,
// or if this process may not read, write and enter it: whose it is, and what to do.
Status PrepareDataDirectory(const std::string& path);

// Why TcpListener::Listen has failed, for people: `port_option` is to blame, or --bind-address.
Status ListenError(std::string_view port_option, const Status& why);

}  // namespace mydis
