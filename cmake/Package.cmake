# Debian packages of what cmake/Install.cmake installs: `./dev package`. mydis is the program with its
# service; libmydis0 and libmydis-dev are the library.
if(NOT TARGET mydis OR CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  return()
endif()
set(MYDIS_DEBIAN ${MYDIS_PACKAGING}/debian)
set(MYDIS_PAPERS ${CMAKE_BINARY_DIR}/debian)
set(MYDIS_DEB_VERSION ${PROJECT_VERSION}-1)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "Mydis developers <developers@mydis.example.org>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENTS_ALL)

# Every package has a changelog and says whose work is in it: ours, and what is linked into it.
string(TIMESTAMP MYDIS_PACKAGE_DATE "%a, %d %b %Y 00:00:00 +0000" UTC)
configure_file(${MYDIS_DEBIAN}/changelog.in ${MYDIS_PAPERS}/changelog.Debian @ONLY)
execute_process(COMMAND gzip -9nf ${MYDIS_PAPERS}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
file(READ ${MYDIS_DEBIAN}/copyright papers)
set(packages golang-1.*-go golang-etcd-server-dev golang-github-gogo-protobuf-dev
             golang-goprotobuf-dev liblua5.1-0-dev lua-bitop-dev libcli11-dev libfmt-dev)
list(TRANSFORM packages REPLACE "(.+)" "/usr/share/doc/\\1/copyright")
file(GLOB copyrights ${packages})
foreach(file ${copyrights})
  file(READ ${file} text)
  cmake_path(GET file PARENT_PATH package)
  cmake_path(GET package FILENAME package)
  string(APPEND papers "\n\n==== ${package}\n\n${text}")
endforeach()
file(WRITE ${MYDIS_PAPERS}/copyright "${papers}")

# mydis_deb(COMPONENT PACKAGE SUMMARY DESCRIPTION): the component's package. Its second component has
# what only Debian's packages have: papers, and for the program its configuration in /etc.
function(mydis_deb component package summary description)
  install(FILES ${MYDIS_PAPERS}/copyright ${MYDIS_PAPERS}/changelog.Debian.gz
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package}
          COMPONENT ${component}_debian EXCLUDE_FROM_ALL)
  string(TOUPPER ${package} GROUP)
  foreach(part ${component} ${component}_debian)
    string(TOUPPER ${part} PART)
    set(CPACK_COMPONENT_${PART}_GROUP ${package} PARENT_SCOPE)
  endforeach()
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} ${component}_debian PARENT_SCOPE)
  set(CPACK_DEBIAN_${GROUP}_DESCRIPTION "${summary}\n${description}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${GROUP}_PACKAGE_NAME ${package} PARENT_SCOPE)
endfunction()

mydis_deb(server mydis "replicated key/value server that speaks the Redis protocol"
"Every instance of a Mydis cluster holds all the data, a Raft log makes them
agree, and an ordinary Redis client can talk to any of them. This package has
the program with its command line, and runs one instance as a service.")
set(CPACK_DEBIAN_MYDIS_PACKAGE_SECTION database)
set(CPACK_DEBIAN_MYDIS_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.51)")
set(CPACK_DEBIAN_MYDIS_PACKAGE_CONTROL_EXTRA
    ${MYDIS_DEBIAN}/mydis/postinst ${MYDIS_DEBIAN}/mydis/prerm ${MYDIS_DEBIAN}/mydis/postrm
    ${MYDIS_DEBIAN}/mydis/conffiles)
install(FILES ${MYDIS_PACKAGING}/mydis.conf DESTINATION /etc/mydis
        COMPONENT server_debian EXCLUDE_FROM_ALL)

if(TARGET mydis_shared)
  mydis_deb(runtime libmydis0 "Mydis inside a program: shared library"
"A Mydis instance, or a client of remote ones, as part of a C++ or C program.")
  set(CPACK_DEBIAN_LIBMYDIS0_PACKAGE_SECTION libs)
  set(CPACK_DEBIAN_LIBMYDIS0_PACKAGE_CONTROL_EXTRA ${MYDIS_DEBIAN}/libmydis0/triggers)

  mydis_deb(development libmydis-dev "Mydis inside a program: files for development"
"Headers, the static library, and what CMake and pkg-config need to find them.")
  set(CPACK_DEBIAN_LIBMYDIS-DEV_PACKAGE_SECTION libdevel)
  # The private ones are for programs that are linked statically, and for pkg-config in any case.
  set(CPACK_DEBIAN_LIBMYDIS-DEV_PACKAGE_DEPENDS
      "libmydis0 (= ${MYDIS_DEB_VERSION}), libfmt-dev, libspdlog-dev, libssl-dev, prometheus-cpp-dev")
endif()
include(CPack)

add_custom_target(packages
  COMMAND ${CMAKE_CPACK_COMMAND} --config ${CMAKE_BINARY_DIR}/CPackConfig.cmake
  DEPENDS mydis $<$<TARGET_EXISTS:mydis_shared>:mydis_shared>
          $<$<TARGET_EXISTS:mydis_static>:mydis_static>
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
  USES_TERMINAL
  COMMENT "Making Debian packages")
