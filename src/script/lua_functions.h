// Functions of our own in the place of some of Debian's Lua's.
#pragma once

namespace mydis {

// The linker takes the functions in lua_strings.cc if this is called, …
bool FindsStrings();
// … and those in lua_tables.cc.
bool FindsKeys();

}  // namespace mydis
