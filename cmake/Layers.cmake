# The layers of the tree and the functions that every folder's CMakeLists.txt uses.
#
#   cs_library(NAME SOURCES … DEPS … LINK …)   one folder of libs/, or the core or adapters of a service
#   cs_service(NAME SOURCES … DEPS …)          an executable of services/, built by the target `programs` and installed
#   cs_benchmark(NAME SOURCES … DEPS …)        an executable that measures; neither built by `programs` nor installed
#   cs_test(NAME SOURCES … DEPS …)             one Catch2 binary, registered with CTest
#
# DEPS are libraries of this project, checked against the layers; LINK are third-party targets. A library may depend on
# strictly lower layers only; otherwise configuring fails. Cores of services are layer 3 (they can use layers 0-2, so
# neither PostgreSQL nor gRPC), adapters are layer 6, and the programs that wire them layer 7.

set(CS_LIBRARIES base log command_line crypto metrics json async grpc_wire protobuf_texts domain text jose dialects config pg wire rpc http clients server testing)
set(CS_LAYER_base 0)
set(CS_LAYER_log 1)
set(CS_LAYER_command_line 1)
set(CS_LAYER_crypto 1)
set(CS_LAYER_metrics 1)
set(CS_LAYER_json 1)
set(CS_LAYER_async 1)
set(CS_LAYER_grpc_wire 1)
set(CS_LAYER_protobuf_texts 1)
set(CS_LAYER_domain 2)
# The parts of libs/text, lowest first.
set(CS_LAYER_text_unicode 1.1)
set(CS_LAYER_text_tokens 1.1)
set(CS_LAYER_text_documents 1.1)
set(CS_LAYER_text_regex 1.2)
set(CS_LAYER_text_matching 1.3)
set(CS_LAYER_text_validators 1.3)
set(CS_LAYER_text_redaction 1.3)
set(CS_LAYER_text_detectors 1.4)
set(CS_LAYER_text 2)
set(CS_LAYER_jose 2)
set(CS_LAYER_dialects 2.5) # above the domain, below the cores of services
set(CS_LAYER_authn_saml 2) # services/authn/saml: pure, below the core that uses it
set(CS_LAYER_internal_token 3) # libs/jose: tokens that carry a domain::Principal
set(CS_LAYER_config 3)
set(CS_LAYER_config_reference 3.2) # above the reader, whose fields it explains
set(CS_LAYER_pg 3)
set(CS_LAYER_wire 3)
set(CS_LAYER_rpc 4)
set(CS_LAYER_http 4)
set(CS_LAYER_clients 5)
set(CS_LAYER_server 5)

set(CS_SERVICES edge authn policy approval masking session_recorder standalone cli demo_model)

function(cs_layer_of name out)
  if(DEFINED CS_LAYER_${name})
    set(${out} ${CS_LAYER_${name}} PARENT_SCOPE)
  elseif(name MATCHES "^proto_")
    set(${out} 2 PARENT_SCOPE)
  elseif(name MATCHES "_testing$")
    set(${out} 8 PARENT_SCOPE)
  elseif(name MATCHES "_core$")
    set(${out} 3 PARENT_SCOPE)
  elseif(name MATCHES "_adapters$")
    set(${out} 6 PARENT_SCOPE)
  else()
    message(FATAL_ERROR "${name} has no layer: name it *_core or *_adapters, or add it to cmake/Layers.cmake")
  endif()
endfunction()

function(cs_check_layers name)
  cs_layer_of(${name} own)
  foreach(dep IN LISTS ARGN)
    # testing, and the <library>_testing of a testing/ folder: they may link each other, and tests may link them.
    if(dep MATCHES "(^|_)testing$")
      if(name MATCHES "_testing$")
        continue()
      endif()
      message(FATAL_ERROR "${name} links ${dep}, which only tests may")
    endif()
    cs_layer_of(${dep} lower)
    # An adapter may link its own service's core and the other adapters of its service.
    string(REGEX REPLACE "_[^_]+$" "" family "${name}")
    if(lower LESS own OR (lower EQUAL own AND dep MATCHES "^${family}_.*adapters$"))
      continue()
    endif()
    message(FATAL_ERROR "layer check: ${name} (layer ${own}) may not depend on ${dep} (layer ${lower})")
  endforeach()
endfunction()

function(cs_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK" ${ARGN})
  cs_check_layers(${name} ${ARG_DEPS})
  if(ARG_SOURCES)
    add_library(cs_${name} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(cs_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(cs_${name} ${scope} ${CMAKE_SOURCE_DIR})
  set(deps ${ARG_DEPS})
  list(TRANSFORM ARG_DEPS PREPEND cs_)
  target_link_libraries(cs_${name} ${scope} ${ARG_DEPS} ${ARG_LINK})
  if(ARG_SOURCES)
    cs_headers_for(headers library "${deps}" "${ARG_LINK}")
    set_property(GLOBAL PROPERTY CS_HEADERS_OF_${name} ${headers})
    cs_precompile(cs_${name} ${headers})
  endif()
endfunction()

add_custom_target(programs)  # everything that is installed, without the tests

function(cs_service name)
  cs_program(${name} ${ARGN})
  add_dependencies(programs ${name})
  install(TARGETS ${name} RUNTIME COMPONENT programs)
endfunction()

function(cs_benchmark name)
  cs_program(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endfunction()

function(cs_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  cs_headers_for(headers program "${ARG_DEPS}" "${ARG_LINK}")
  cs_precompile(${name} ${headers})
  list(TRANSFORM ARG_DEPS PREPEND cs_)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} ${ARG_LINK})
endfunction()

# The tested code is optimised, the tests are not: optimising their assertions would double their compile time.
function(cs_test_options target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0;-U_FORTIFY_SOURCE>)
endfunction()

# The time limit of every test, in seconds. It only ends tests that hang: tests are bounded by counts, and the slowest
# takes 100 s on a busy machine. tests/README.md has the command that runs them with a quarter of a CPU.
set(CS_TEST_TIMEOUT 1500)

# A test binary. LABELS: `pg` for tests that start a private PostgreSQL.
function(cs_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  cs_headers_for(headers test "${ARG_DEPS}" "${ARG_LINK}")
  cs_precompile(${name} test_${headers})
  list(TRANSFORM ARG_DEPS PREPEND cs_)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} cs_testing ${ARG_LINK})
  cs_test_options(${name})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${CS_TEST_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

macro(cs_add_folders)
  cs_add_header_sets()
  foreach(folder IN LISTS CS_LIBRARIES)
    add_subdirectory(libs/${folder})
  endforeach()
  foreach(folder IN LISTS CS_SERVICES)
    if(EXISTS ${CMAKE_SOURCE_DIR}/services/${folder}/CMakeLists.txt)
      add_subdirectory(services/${folder})
    endif()
  endforeach()
  add_subdirectory(tests)
endmacro()
