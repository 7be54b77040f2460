# Fuzzers, built by clang with libFuzzer:
#
#   cmake -S . -B build-fuzz -G Ninja -DMYDIS_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++
#
# Each is compiled from the sources that it names, instrumented, rather than from the layers: not
# all of those are code that clang 14 takes. The unit tests run the same functions
# (src/LAYER/fuzz_test.cc), so that every test run covers them.
function(mydis_fuzzer name)
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/src/)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  # clang 14 has the concepts that libstdc++ 12 asks for before it offers std::expected, but
  # announces an older version of them.
  target_compile_options(${name} PRIVATE -Wno-macro-redefined -Wno-builtin-macro-redefined
    -D__cpp_concepts=202002L -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  target_link_libraries(${name} PRIVATE fmt::fmt)
endfunction()

if(MYDIS_FUZZ)
  mydis_fuzzer(resp_parser_fuzz protocol/resp_parser_fuzz.cc protocol/resp_parser.cc
    protocol/split_line.cc base/assert.cc)
  mydis_fuzzer(frame_fuzz protocol/frame_fuzz.cc protocol/frame.cc base/assert.cc)
endif()
