# Programs: a source src/cli/NAME_main.cc, tools/NAME_main.cc or tests/sim/NAME_main.cc each.
function(mydis_program name source)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${source})
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ${ARGN})
  endif()
endfunction()

if(EXISTS ${CMAKE_SOURCE_DIR}/src/server/run_server.cc)
  mydis_program(mydis src/cli/mydis_main.cc mydis_cli)
endif()
mydis_program(net_bench bench/net_bench_main.cc mydis_net)
