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
add_test(NAME transcript_test COMMAND ${CMAKE_SOURCE_DIR}/tools/transcript_test.py)

# Transcripts: against redis-server, and where there is a mydis program three ways against it.
add_test(NAME transcripts_redis COMMAND ${CMAKE_SOURCE_DIR}/tools/transcript run --on redis)
if(TARGET mydis)
  foreach(way mydis follower snapshot)
    add_test(NAME transcripts_${way} COMMAND ${CMAKE_SOURCE_DIR}/tools/transcript run --on ${way}
                                             --binary $<TARGET_FILE:mydis>)
    set_tests_properties(transcripts_${way} PROPERTIES TIMEOUT 600)
  endforeach()
endif()
