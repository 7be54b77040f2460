# Lua 5.1 built as C++ (its errors are exceptions), and lua-bitop: Debian's static archives.
find_path(MYDIS_LUA_INCLUDE lua.hpp PATH_SUFFIXES lua5.1 REQUIRED)
find_library(MYDIS_LUA liblua5.1-c++.a REQUIRED)
find_library(MYDIS_LUA_BITOP liblua5.1-bitop.a REQUIRED)
add_library(mydis_lua INTERFACE)
target_include_directories(mydis_lua SYSTEM INTERFACE ${MYDIS_LUA_INCLUDE})
target_link_libraries(mydis_lua INTERFACE ${MYDIS_LUA_BITOP} ${MYDIS_LUA} dl)
