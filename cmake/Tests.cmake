# Unit tests: src/LAYER/*_test.cc, one program per layer that has any.
find_package(GTest REQUIRED)
foreach(layer base types state commands script consensus protocol net server client library cli)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${layer}/*_test.cc
                                    ${CMAKE_SOURCE_DIR}/src/${layer}/http/*_test.cc)
  if(tests)
    add_executable(${layer}_test ${tests})
    target_link_libraries(${layer}_test PRIVATE mydis_${layer} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${layer}_test PRIVATE MYDIS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME unit_${layer} COMMAND ${layer}_test)
  endif()
endforeach()

# The tools and their own tests.
add_test(NAME lint COMMAND ${CMAKE_SOURCE_DIR}/tools/lint)
# Of sources, which are the same for every preset.
if(NOT MYDIS_SANITIZE AND NOT MYDIS_FUZZ)
  add_test(NAME locks COMMAND ${CMAKE_SOURCE_DIR}/tools/check_locks ${CMAKE_BINARY_DIR})
endif()
foreach(tool lint transcript harness differential)
  add_test(NAME ${tool}_test COMMAND ${CMAKE_SOURCE_DIR}/tools/${tool}_test.py)
endforeach()

add_test(NAME docs_embedding COMMAND ${CMAKE_SOURCE_DIR}/tests/docs/code_blocks_test.py)
if(TARGET mydis)
  # What README and the guides say, as their readers would do it.
  add_test(NAME docs COMMAND ${CMAKE_SOURCE_DIR}/tests/docs/docs_test.py)
  set_tests_properties(docs PROPERTIES TIMEOUT 600 ENVIRONMENT MYDIS_BINARY=$<TARGET_FILE:mydis>)
endif()
if(TARGET mydis_shared)
  add_test(NAME examples COMMAND ${CMAKE_SOURCE_DIR}/tests/examples/examples_test.py)
  set_tests_properties(examples PROPERTIES TIMEOUT 600 ENVIRONMENT
                       "MYDIS_BINARY=$<TARGET_FILE:mydis>;MYDIS_BUILD_DIR=${CMAKE_BINARY_DIR}")
endif()
add_test(NAME bench_run COMMAND ${CMAKE_SOURCE_DIR}/tests/bench/run_test.py)

# Transcripts: every command has one, checked against redis-server, and where there is a mydis program four ways against it.
add_test(NAME transcripts_check COMMAND ${CMAKE_SOURCE_DIR}/tools/transcript check)
add_test(NAME transcripts_redis COMMAND ${CMAKE_SOURCE_DIR}/tools/transcript run --on redis)
if(TARGET mydis)
  foreach(way mydis follower snapshot)
    add_test(NAME transcripts_${way} COMMAND ${CMAKE_SOURCE_DIR}/tools/transcript run --on ${way}
                                             --binary $<TARGET_FILE:mydis>)
    set_tests_properties(transcripts_${way} PROPERTIES TIMEOUT 600)
  endforeach()

  # Random commands, against redis-server. Every option of every command must have succeeded once.
  add_test(NAME differential
           COMMAND ${CMAKE_SOURCE_DIR}/tools/differential --seed 1 --seeds 3 --commands 40000
                   --require-coverage --binary $<TARGET_FILE:mydis>)
  set_tests_properties(differential PROPERTIES TIMEOUT 600)

  # The transcripts inside a C++ program, without the network.
  add_executable(inprocess_transcripts tests/inprocess_transcripts_main.cc tests/transcript_file.cc
                                       tests/transcript_notation.cc)
  target_link_libraries(inprocess_transcripts PRIVATE mydis_server)
  add_test(NAME transcripts_inprocess COMMAND inprocess_transcripts ${CMAKE_SOURCE_DIR}/tests/resp)
  set_tests_properties(transcripts_inprocess PROPERTIES TIMEOUT 600)

  # Clusters of real processes: tests/cluster/*_test.py.
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cluster/*_test.py)
  foreach(test ${tests})
    cmake_path(GET test STEM name)
    string(REGEX REPLACE "_test$" "" name ${name})
    add_test(NAME cluster_${name} COMMAND ${test})
    set_tests_properties(cluster_${name} PROPERTIES TIMEOUT 600
                         ENVIRONMENT MYDIS_BINARY=$<TARGET_FILE:mydis>)
  endforeach()

  # The command line: tests/cli/*_test.py.
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cli/*_test.py)
  foreach(test ${tests})
    cmake_path(GET test STEM name)
    string(REGEX REPLACE "_test$" "" name ${name})
    add_test(NAME cli_${name} COMMAND ${test})
    set_tests_properties(cli_${name} PROPERTIES TIMEOUT 300
                         ENVIRONMENT MYDIS_BINARY=$<TARGET_FILE:mydis>)
  endforeach()

  # What others get: deploy/, the installed library, Debian's packages.
  foreach(name manifests pods)
    add_test(NAME deploy_${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/deploy/${name}_test.py)
    set_tests_properties(deploy_${name} PROPERTIES TIMEOUT 600
                         ENVIRONMENT MYDIS_BINARY=$<TARGET_FILE:mydis>)
  endforeach()
  if(TARGET mydis_shared)
    add_test(NAME install COMMAND ${CMAKE_SOURCE_DIR}/tests/install/install_test.py)
    add_test(NAME package COMMAND ${CMAKE_SOURCE_DIR}/tests/package/deb_test.py)
    set_tests_properties(install package PROPERTIES TIMEOUT 600
                         ENVIRONMENT MYDIS_BUILD_DIR=${CMAKE_BINARY_DIR})
  endif()
endif()

# The simulator: its checker's own tests and those of single troubles, runs of many seeds, runs that
# must go alike twice, and runs with a planted bug, which must be found.
add_executable(sim_test ${CMAKE_SOURCE_DIR}/tests/sim/linearizability_test.cc
                        ${CMAKE_SOURCE_DIR}/tests/sim/slow_network_test.cc)
target_link_libraries(sim_test PRIVATE mydis_simulator GTest::gmock GTest::gtest_main)
add_test(NAME unit_sim COMMAND sim_test)
add_test(NAME sim_seeds COMMAND mydis_sim --seed 1 --seeds 50)
add_test(NAME sim_repeat COMMAND mydis_sim --seed 1000 --seeds 5 --repeat)
set_tests_properties(sim_seeds sim_repeat PROPERTIES TIMEOUT 600)
foreach(fault ack-before-sync forget-origins skip-read-barrier)
  # 1: found by the simulator; 134: by an assertion of the program itself.
  add_test(NAME sim_finds_${fault}
           COMMAND sh -c "$<TARGET_FILE:mydis_sim> --seeds 200 --fault ${fault}; s=$?; [ $s -eq 1 ] || [ $s -eq 134 ]")
  set_tests_properties(sim_finds_${fault} PROPERTIES TIMEOUT 600)
endforeach()
