# What `cmake --install` puts where, in three components: the program (server), the shared library
# (runtime), and what it takes to build with the library (development).
include(CMakePackageConfigHelpers)
set(MYDIS_PACKAGING ${CMAKE_SOURCE_DIR}/packaging)

if(TARGET mydis)
  install(TARGETS mydis COMPONENT server)
  install(FILES ${MYDIS_PACKAGING}/mydis.conf DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
          COMPONENT server)
  install(CODE "
    set(MYDIS_PROGRAM \"$<TARGET_FILE:mydis>\")
    set(MYDIS_INSTALLED_PROGRAM \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/mydis\")
    set(MYDIS_UNIT ${MYDIS_PACKAGING}/mydis.service.in)
    set(MYDIS_BUILD ${CMAKE_BINARY_DIR})
    set(MYDIS_MAN ${CMAKE_INSTALL_MANDIR})
    set(MYDIS_DATA ${CMAKE_INSTALL_DATADIR})
    include(${CMAKE_SOURCE_DIR}/cmake/InstallGenerated.cmake)"
    COMPONENT server)
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
