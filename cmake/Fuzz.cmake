# Fuzzers: src/LAYER/NAME_fuzz.cc each, a program NAME_fuzz, built by clang with libFuzzer:
#
#   cmake -S . -B build-fuzz -G Ninja -DMYDIS_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++
#
# The unit tests run the same functions on bytes of their own (src/LAYER/fuzz_test.cc), so that every
# test run covers them.
if(MYDIS_FUZZ)
  # clang 14 has the concepts that libstdc++ 12 asks for before it offers std::expected, but
  # announces an older version of them.
  add_compile_options(-Wno-builtin-macro-redefined -D__cpp_concepts=202002L)
  file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*/*_fuzz.cc)
  foreach(source ${fuzzers})
    get_filename_component(name ${source} NAME_WE)
    get_filename_component(directory ${source} DIRECTORY)
    get_filename_component(layer ${directory} NAME)
    add_executable(${name} ${source})
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    target_link_libraries(${name} PRIVATE mydis_${layer})
  endforeach()
endif()
