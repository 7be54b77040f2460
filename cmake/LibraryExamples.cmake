# The examples of docs/library.md as a program: library_docs HOST:PORT… runs them.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
set(page ${CMAKE_SOURCE_DIR}/docs/library.md)
set(extract ${CMAKE_SOURCE_DIR}/tests/library/extract_examples.py)
set(examples ${CMAKE_BINARY_DIR}/library_docs.cc)
add_custom_command(OUTPUT ${examples}
  COMMAND ${Python3_EXECUTABLE} ${extract} ${page} ${examples}
  DEPENDS ${page} ${extract} VERBATIM)
add_executable(library_docs ${examples})
target_link_libraries(library_docs PRIVATE mydis_client)
