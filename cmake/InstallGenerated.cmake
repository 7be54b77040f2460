# Run by `cmake --install`: installs what is written only then, in a folder of this installation's
# own, since several may run at once (packages are made by one). MYDIS_PROGRAM writes its manual
# pages and completions; the unit names the prefix, which --prefix may have changed.
#
# Takes MYDIS_PROGRAM, MYDIS_INSTALLED_PROGRAM, MYDIS_UNIT (the unit's pattern), MYDIS_BUILD,
# MYDIS_MAN and MYDIS_DATA (paths below the prefix).
string(RANDOM LENGTH 12 own)
set(folder ${MYDIS_BUILD}/install-${own})

function(write output)
  execute_process(COMMAND ${MYDIS_PROGRAM} ${ARGN} OUTPUT_FILE ${folder}/${output}
                  COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(put path)
  file(INSTALL ${ARGN} DESTINATION ${CMAKE_INSTALL_PREFIX}/${path})
endfunction()

file(MAKE_DIRECTORY ${folder}/man)
execute_process(COMMAND ${MYDIS_PROGRAM} man --directory ${folder}/man COMMAND_ERROR_IS_FATAL ANY)
file(GLOB pages ${folder}/man/*.1)
execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
file(GLOB pages ${folder}/man/*.1.gz)
put(${MYDIS_MAN}/man1 ${pages})
write(mydis completion bash)
put(${MYDIS_DATA}/bash-completion/completions ${folder}/mydis)
write(_mydis completion zsh)
put(${MYDIS_DATA}/zsh/vendor-completions ${folder}/_mydis)
write(mydis.fish completion fish)
put(${MYDIS_DATA}/fish/vendor_completions.d ${folder}/mydis.fish)
configure_file(${MYDIS_UNIT} ${folder}/mydis.service @ONLY)
put(lib/systemd/system ${folder}/mydis.service)
file(REMOVE_RECURSE ${folder})
