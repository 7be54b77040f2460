# Tests of the library as programs use it: its typed calls, its C interface, and the bindings on it.

# The words that typed calls send: no server.
add_executable(calls_words_test tests/library/calls_words_test.cc tests/library/command_docs.cc)
target_include_directories(calls_words_test PRIVATE ${CMAKE_SOURCE_DIR}/include
                                                    ${CMAKE_SOURCE_DIR}/tests)
target_compile_definitions(calls_words_test PRIVATE MYDIS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(calls_words_test PRIVATE GTest::gmock GTest::gtest_main)
add_test(NAME library_calls_words COMMAND calls_words_test)
if(NOT TARGET mydis)
  return()
endif()

# Each of them against a running instance, and against one in the test's own process.
add_executable(calls_test tests/library/calls_collections_test.cc tests/library/calls_coroutines_test.cc
                          tests/library/calls_forms.cc
                          tests/library/calls_sorted_sets_test.cc tests/library/calls_streams_test.cc
                          tests/library/calls_strings_test.cc tests/library/live_session.cc)
target_include_directories(calls_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(calls_test PRIVATE mydis_library GTest::gmock GTest::gtest_main)
set(with_instance ${CMAKE_SOURCE_DIR}/tests/library/with_instance.py)
add_test(NAME library_calls COMMAND ${with_instance} $<TARGET_FILE:calls_test>)
add_test(NAME library_calls_embedded COMMAND ${with_instance} --embedded $<TARGET_FILE:calls_test>)
set(tests library_calls library_calls_embedded)

# Sanitizers and fuzzers make no shared library.
if(TARGET mydis_shared)
  add_executable(c_api_test tests/library/c_api_test.c)
  set_target_properties(c_api_test PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)
  target_compile_options(c_api_test PRIVATE -Wall -Wextra -Wpedantic -Werror)
  target_include_directories(c_api_test PRIVATE ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(c_api_test PRIVATE mydis_shared Threads::Threads)
  add_test(NAME library_c COMMAND ${with_instance} $<TARGET_FILE:c_api_test>)
  add_test(NAME library_python COMMAND ${CMAKE_SOURCE_DIR}/tests/library/python_test.py)
  add_test(NAME library_node COMMAND ${CMAKE_SOURCE_DIR}/tests/library/node_test.py)
  list(APPEND tests library_c library_python library_node)
  set_property(TEST library_python library_node APPEND PROPERTY ENVIRONMENT
               MYDIS_LIBRARY=$<TARGET_FILE:mydis_shared>)
endif()
set_property(TEST ${tests} APPEND PROPERTY ENVIRONMENT MYDIS_BINARY=$<TARGET_FILE:mydis>)
set_tests_properties(${tests} PROPERTIES TIMEOUT 300)
