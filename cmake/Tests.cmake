# Unit tests: src/LAYER/*_test.cc, one program per layer that has any.
find_package(GTest REQUIRED)
foreach(layer base types state commands script consensus protocol net server client cli)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${layer}/*_test.cc)
  if(tests)
    add_executable(${layer}_test ${tests})
    target_link_libraries(${layer}_test PRIVATE mydis_${layer} GTest::gtest_main)
    add_test(NAME unit_${layer} COMMAND ${layer}_test)
  endif()
endforeach()

# The tools and their own tests.
add_test(NAME lint COMMAND ${CMAKE_SOURCE_DIR}/tools/lint)
add_test(NAME lint_test COMMAND ${CMAKE_SOURCE_DIR}/tools/lint_test.py)
