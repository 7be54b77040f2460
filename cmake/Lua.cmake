# Lua 5.1 built as C++ (its errors are exceptions), and lua-bitop: Debian's static archives. Some of
# Lua's functions are ours: src/script/lua_strings.cc, lua_tables.cc.
find_path(MYDIS_LUA_INCLUDE lua.hpp PATH_SUFFIXES lua5.1 REQUIRED)
find_library(MYDIS_DEBIANS_LUA liblua5.1-c++.a REQUIRED)
find_library(MYDIS_LUA_BITOP liblua5.1-bitop.a REQUIRED)
set(MYDIS_LUA ${CMAKE_BINARY_DIR}/liblua.a)
add_custom_command(
  OUTPUT ${MYDIS_LUA}
  COMMAND ${CMAKE_OBJCOPY} --weaken-symbol=_Z12luaS_newlstrP9lua_StatePKcm
          --weaken-symbol=_Z8luaH_getP5TablePK10lua_TValue --weaken-symbol=_Z11luaH_getnumP5Tablei
          --weaken-symbol=_Z11luaH_getstrP5TableP7TString
          --weaken-symbol=_Z9luaH_nextP9lua_StateP5TableP10lua_TValue
          --weaken-symbol=_Z10luaT_gettmP5Table3TMSP7TString --weaken-symbol=_Z10luaO_str2dPKcPd
          --weaken-symbol=_Z9luaH_getnP5Table
          --redefine-sym strcoll=mydis_lua_compare ${MYDIS_DEBIANS_LUA} ${MYDIS_LUA}
  DEPENDS ${MYDIS_DEBIANS_LUA}
  COMMENT "Preparing Lua")
add_custom_target(mydis_lua_archive DEPENDS ${MYDIS_LUA})
add_library(mydis_lua INTERFACE)
add_dependencies(mydis_lua mydis_lua_archive)
target_include_directories(mydis_lua SYSTEM INTERFACE ${MYDIS_LUA_INCLUDE})
target_link_libraries(mydis_lua INTERFACE ${MYDIS_LUA_BITOP} ${MYDIS_LUA} dl)
