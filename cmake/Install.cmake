# The files that `cmake --install` installs beside the programs (which cs_service installs): example configuration,
# rules and dashboards, and the licences of the project and of the data in its binaries. Builds nothing: build the target
# `programs` first. DESTDIR and --prefix work as usual.

include(GNUInstallDirs)

install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md
              ${CMAKE_SOURCE_DIR}/SECURITY.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/libs/text/tokens/data/
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/tokenizer-data COMPONENT programs
        FILES_MATCHING PATTERN "LICENSE.*" PATTERN "README.md")
install(DIRECTORY ${CMAKE_SOURCE_DIR}/deploy/examples ${CMAKE_SOURCE_DIR}/deploy/services
                  ${CMAKE_SOURCE_DIR}/helm/countersign/files/monitoring
        DESTINATION ${CMAKE_INSTALL_DATADIR}/countersign COMPONENT programs)
