# The public library, libmydis.a and libmydis.so: src/library, src/client and what they need of the
# other layers, with everything of Go, Lua and C++ that Debian has no shared library for. Both are
# made of one object, whose only global symbols are those of include/mydis: a program may have another
# Lua, or another Go, without either knowing of the other.
#
#   layers ──ld -r──► mydis_all.o ──objcopy──► mydis.o ──┬─ libmydis.a
#                                                        └─ libmydis.so.0
# Sanitizers and fuzzers want whole programs.
if(MYDIS_SANITIZE OR MYDIS_FUZZ)
  return()
endif()
# The others cannot take the groups of inline functions apart.
find_program(MYDIS_BFD_LD ld.bfd REQUIRED)
set(MYDIS_LIBRARY_DIR ${CMAKE_BINARY_DIR}/library)
file(MAKE_DIRECTORY ${MYDIS_LIBRARY_DIR})

# Debian's Lua is made for programs: it takes for granted that C's standard streams lie within reach
# of its own code, which they do not from a shared library. src/script/lua_streams.cc has its own.
set(MYDIS_LIBRARY_LUA ${MYDIS_LIBRARY_DIR}/liblua.a)
add_custom_command(
  OUTPUT ${MYDIS_LIBRARY_LUA}
  COMMAND ${CMAKE_OBJCOPY} --redefine-sym stdin=mydis_lua_stdin --redefine-sym stdout=mydis_lua_stdout
          --redefine-sym stderr=mydis_lua_stderr ${MYDIS_LUA} ${MYDIS_LIBRARY_LUA}
  DEPENDS ${MYDIS_LUA}
  COMMENT "Preparing Lua for the library")

foreach(layer base types state commands script consensus protocol net server)
  list(APPEND MYDIS_LIBRARY_ARCHIVES $<TARGET_FILE:mydis_${layer}>)
  list(APPEND MYDIS_LIBRARY_TARGETS mydis_${layer})
endforeach()
# What include/mydis marks with MYDIS_API has default visibility, but so has what the C++ library and
# others make of their templates here.
set(MYDIS_API_SYMBOLS "mydis_*" "_ZN5mydis*" "_ZNK5mydis*" "_ZT[ISV]N5mydis*")
list(TRANSFORM MYDIS_API_SYMBOLS PREPEND "--keep-global-symbol=" OUTPUT_VARIABLE MYDIS_KEEP_SYMBOLS)
set(MYDIS_LIBRARY_OBJECT ${MYDIS_LIBRARY_DIR}/mydis.o)
add_custom_command(
  OUTPUT ${MYDIS_LIBRARY_OBJECT}
  COMMAND ${MYDIS_BFD_LD} -r -d --force-group-allocation -o ${MYDIS_LIBRARY_DIR}/mydis_all.o
          --whole-archive $<TARGET_FILE:mydis_library> $<TARGET_FILE:mydis_client> --no-whole-archive
          --start-group ${MYDIS_LIBRARY_ARCHIVES} ${MYDIS_ENGINE_ARCHIVE} ${MYDIS_LUA_BITOP}
          ${MYDIS_LIBRARY_LUA} --end-group
  COMMAND ${CMAKE_OBJCOPY} --strip-debug --localize-hidden --wildcard ${MYDIS_KEEP_SYMBOLS}
          ${MYDIS_LIBRARY_DIR}/mydis_all.o ${MYDIS_LIBRARY_OBJECT}
  COMMAND ${CMAKE_COMMAND} -E rm ${MYDIS_LIBRARY_DIR}/mydis_all.o
  DEPENDS mydis_library mydis_client ${MYDIS_LIBRARY_TARGETS} ${MYDIS_ENGINE_ARCHIVE} ${MYDIS_LIBRARY_LUA}
  VERBATIM
  COMMENT "Making the library's one object")
set_source_files_properties(${MYDIS_LIBRARY_OBJECT} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
add_custom_target(mydis_library_object DEPENDS ${MYDIS_LIBRARY_OBJECT})

foreach(kind STATIC SHARED)
  string(TOLOWER ${kind} name)
  add_library(mydis_${name} ${kind} ${MYDIS_LIBRARY_OBJECT})
  add_dependencies(mydis_${name} mydis_library_object)
  set_target_properties(mydis_${name} PROPERTIES
    OUTPUT_NAME mydis LINKER_LANGUAGE CXX ARCHIVE_OUTPUT_DIRECTORY ${MYDIS_LIBRARY_DIR}
    LIBRARY_OUTPUT_DIRECTORY ${MYDIS_LIBRARY_DIR})
  target_compile_features(mydis_${name} INTERFACE cxx_std_23)
  target_include_directories(mydis_${name} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()
set(MYDIS_LIBRARY_NEEDS fmt::fmt spdlog::spdlog OpenSSL::SSL OpenSSL::Crypto prometheus-cpp::core
                        Threads::Threads ${CMAKE_DL_LIBS})
target_link_libraries(mydis_static INTERFACE ${MYDIS_LIBRARY_NEEDS})
target_link_libraries(mydis_shared PRIVATE ${MYDIS_LIBRARY_NEEDS})
# What a linker adds, the ends of the section that Go's runtime starts from, is nobody else's either.
list(JOIN MYDIS_API_SYMBOLS "; " symbols)
file(WRITE ${MYDIS_LIBRARY_DIR}/api.map "{ global: ${symbols}; local: *; };\n")
# Nobody can unload it: the Go runtime's threads go on.
target_link_options(mydis_shared PRIVATE -Wl,--version-script=${MYDIS_LIBRARY_DIR}/api.map
                    -Wl,-z,defs -Wl,-z,nodelete -Wl,--as-needed)
# Until 1.0 a new minor version may change the binary interface.
set_target_properties(mydis_shared PROPERTIES VERSION ${PROJECT_VERSION}
                                              SOVERSION ${PROJECT_VERSION_MAJOR})
