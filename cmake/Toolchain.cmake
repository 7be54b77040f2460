# Warnings, sanitizers, linker and compiler cache: the same for every target.
add_compile_options(-Wall -Wextra -Werror -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -Wno-missing-field-initializers)
# What the library shows is marked (include/mydis/export.h). Everything else is called directly and
# may be inlined; of unique symbols (GCC's for static variables of inline functions) none could be
# hidden. Thread-local variables lie where a program's do, since the Go runtime's must in any case.
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
add_compile_options(-ftls-model=initial-exec)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fno-gnu-unique)
endif()
# src/base/mutex.h: only clang knows them. The algorithms of GCC 12's library use what it deprecates.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Wno-deprecated-declarations)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
endif()
if(MYDIS_SANITIZE)
  # GCC 12 takes instrumented standard headers for uses of uninitialised memory.
  add_compile_options(-fsanitize=${MYDIS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
                      -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${MYDIS_SANITIZE})
endif()
if(MYDIS_SANITIZE MATCHES thread)
  # GCC's TSan does not see fences. Those here only order a thread's own store and load (Dekker);
  # what threads hand to each other goes by locks and atomics, which it sees.
  set_source_files_properties(src/net/event_loop.cc PROPERTIES COMPILE_OPTIONS -Wno-tsan)
endif()
if(MYDIS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
find_program(MYDIS_CCACHE ccache)
if(MYDIS_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${MYDIS_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MYDIS_CCACHE})
endif()
# Debian 12's mold leaves a fuzzer that has the engine in it without a stderr.
find_program(MYDIS_MOLD mold)
if(MYDIS_MOLD AND NOT MYDIS_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()
