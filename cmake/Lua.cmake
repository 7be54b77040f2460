# Lua 5.1 built as C++ (its errors are exceptions), and lua-bitop: Debian's static archives. Some of
# Lua's functions are ours: src/script/lua_strings.cc, lua_tables.cc.
find_path(MYDIS_LUA_INCLUDE lua.hpp PATH_SUFFIXES lua5.1 REQUIRED)
find_library(MYDIS_DEBIANS_LUA liblua5.1-c++.a REQUIRED)
find_library(MYDIS_LUA_BITOP liblua5.1-bitop.a REQUIRED)
set(MYDIS_LUA ${CMAKE_BINARY_DIR}/liblua.a)
add_custom_command(
  OUTPUT ${MYDIS_LUA}
  COMMAND ${CMAKE_SOURCE_DIR}/tools/prepare_lua ${MYDIS_DEBIANS_LUA} ${MYDIS_LUA}
  DEPENDS ${MYDIS_DEBIANS_LUA} ${CMAKE_SOURCE_DIR}/tools/prepare_lua
  COMMENT "Preparing Lua")
add_custom_target(mydis_lua_archive DEPENDS ${MYDIS_LUA})
add_library(mydis_lua INTERFACE)
add_dependencies(mydis_lua mydis_lua_archive)
target_include_directories(mydis_lua SYSTEM INTERFACE ${MYDIS_LUA_INCLUDE})
target_link_libraries(mydis_lua INTERFACE ${MYDIS_LUA_BITOP} ${MYDIS_LUA} dl)
