# The consensus engine: etcd's Raft core behind a thin Go shim, built as a static C archive.
set(MYDIS_ENGINE_DIR ${CMAKE_SOURCE_DIR}/src/consensus/engine)
set(MYDIS_ENGINE_ARCHIVE ${CMAKE_BINARY_DIR}/engine/libmydis_engine.a)
file(GLOB MYDIS_ENGINE_SOURCES CONFIGURE_DEPENDS ${MYDIS_ENGINE_DIR}/*.go ${MYDIS_ENGINE_DIR}/*.h)
add_custom_command(
  OUTPUT ${MYDIS_ENGINE_ARCHIVE} ${CMAKE_BINARY_DIR}/engine/libmydis_engine.h
  COMMAND ${CMAKE_COMMAND} -E env GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode
          go build -buildmode=c-archive -trimpath -o ${MYDIS_ENGINE_ARCHIVE} .
  # Go's runtime would start with the program: src/consensus/engine_runtime.cc starts it when it is needed.
  COMMAND ${CMAKE_OBJCOPY} --rename-section .init_array=mydis_go_start,alloc,load,data,contents ${MYDIS_ENGINE_ARCHIVE}
  WORKING_DIRECTORY ${MYDIS_ENGINE_DIR}
  DEPENDS ${MYDIS_ENGINE_SOURCES}
  COMMENT "Building the Raft engine (Go)")
add_custom_target(mydis_engine_archive DEPENDS ${MYDIS_ENGINE_ARCHIVE})
add_library(mydis_engine INTERFACE)
add_dependencies(mydis_engine mydis_engine_archive)
target_include_directories(mydis_engine INTERFACE ${CMAKE_BINARY_DIR}/engine)
target_link_libraries(mydis_engine INTERFACE ${MYDIS_ENGINE_ARCHIVE} pthread)
