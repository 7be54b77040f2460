# Has the program MYDIS_PROGRAM write its manual pages and completions into MYDIS_GENERATED. Run by
# `cmake --install`.
function(run output)
  execute_process(COMMAND ${MYDIS_PROGRAM} ${ARGN} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  if(output)
    file(WRITE ${MYDIS_GENERATED}/${output} "${text}")
  endif()
endfunction()

file(REMOVE_RECURSE ${MYDIS_GENERATED})
file(MAKE_DIRECTORY ${MYDIS_GENERATED}/man1)
run("" man --directory ${MYDIS_GENERATED}/man1)
run(mydis completion bash)
run(_mydis completion zsh)
run(mydis.fish completion fish)
file(GLOB pages ${MYDIS_GENERATED}/man1/*.1)
execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
