# What `cmake --install` puts where, in three components: the program (server), the shared library
# (runtime), and what it takes to build with the library (development).
include(CMakePackageConfigHelpers)
set(MYDIS_PACKAGING ${CMAKE_SOURCE_DIR}/packaging)

if(TARGET mydis)
  install(TARGETS mydis COMPONENT server)
  install(FILES ${MYDIS_PACKAGING}/mydis.conf DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
          COMPONENT server)
  # The prefix is known only now: --prefix may have changed it.
  install(CODE "
    set(MYDIS_PROGRAM \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/mydis\")
    configure_file(${MYDIS_PACKAGING}/mydis.service.in ${CMAKE_BINARY_DIR}/mydis.service @ONLY)"
    COMPONENT server)
  install(FILES ${CMAKE_BINARY_DIR}/mydis.service DESTINATION lib/systemd/system COMPONENT server)
  set(MYDIS_GENERATED ${CMAKE_BINARY_DIR}/generated)
  install(CODE "
    set(MYDIS_PROGRAM \"$<TARGET_FILE:mydis>\")
    set(MYDIS_GENERATED \"${MYDIS_GENERATED}\")
    include(${CMAKE_SOURCE_DIR}/cmake/GeneratePages.cmake)"
    COMPONENT server)
  install(DIRECTORY ${MYDIS_GENERATED}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT server)
  install(FILES ${MYDIS_GENERATED}/mydis
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT server)
  install(FILES ${MYDIS_GENERATED}/_mydis
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT server)
  install(FILES ${MYDIS_GENERATED}/mydis.fish
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT server)
endif()

if(TARGET mydis_shared)
  set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mydis)
  foreach(kind shared static)
    install(TARGETS mydis_${kind} EXPORT mydis_${kind}
            LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
            ARCHIVE COMPONENT development)
    install(EXPORT mydis_${kind} NAMESPACE mydis:: FILE mydis_${kind}_targets.cmake
            DESTINATION ${cmake_dir} COMPONENT development)
  endforeach()
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/mydis DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          COMPONENT development)
  configure_package_config_file(cmake/mydisConfig.cmake.in ${CMAKE_BINARY_DIR}/mydisConfig.cmake
                                INSTALL_DESTINATION ${cmake_dir})
  # Until 1.0 a new minor version may change the interface.
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/mydisConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/mydisConfig.cmake ${CMAKE_BINARY_DIR}/mydisConfigVersion.cmake
          DESTINATION ${cmake_dir} COMPONENT development)
  file(RELATIVE_PATH MYDIS_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(cmake/mydis.pc.in ${CMAKE_BINARY_DIR}/mydis.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/mydis.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT development)
endif()
