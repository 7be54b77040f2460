// The names of all commands that clients may send, for programs that offer them. Any thread.
#pragma once

#include <string>
#include <vector>

namespace mydis {

// In capitals and alphabetical order, without subcommands.
std::vector<std::string> CommandNames();

}  // namespace mydis
