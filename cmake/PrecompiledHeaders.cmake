# Precompiled headers, shared by many targets. Third-party headers are most of a file's compile time, so the few that
# nearly every file includes are compiled once per set.
#
#   cs_precompile(TARGET SET)    TARGET reads SET's headers precompiled; SET is base, cli, asio, grpc, or test_… of one
#
# Sources still include what they use: the clang preset builds without precompiled headers and detects missing includes.
# Only third-party headers belong here, in angle brackets, so that one compiler cache serves every build folder. A larger
# set does not help: every file that reads it pays for its size (0.4 CPU-seconds for 100 MB).

if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(default ON)
else()
  set(default OFF)
endif()
option(CS_PRECOMPILE "Use precompiled headers" ${default})

set(CS_HEADERS_base
    <algorithm> <array> <cstddef> <cstdint> <functional> <map> <memory> <mutex> <optional> <string> <utility> <vector>
    <absl/functional/any_invocable.h> <absl/status/status.h> <absl/status/statusor.h> <absl/strings/ascii.h>
    <absl/strings/match.h> <absl/strings/str_cat.h> <absl/strings/str_join.h> <absl/strings/str_split.h>
    <absl/strings/string_view.h> <absl/time/time.h>)
set(CS_HEADERS_cli ${CS_HEADERS_base} <CLI/CLI.hpp>)
set(CS_HEADERS_asio ${CS_HEADERS_base}
    <boost/asio/async_result.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/post.hpp>
    <boost/asio/ssl/stream.hpp> <boost/asio/write.hpp>)
set(CS_HEADERS_grpc ${CS_HEADERS_base} <google/protobuf/message.h> <grpcpp/grpcpp.h>)

# The set for a target: chosen by the target's own libraries, otherwise by its dependencies. Libraries that use Asio hide
# it from their users, except from their own tests.
function(cs_headers_for out kind deps link)
  set(set base)
  foreach(dep IN LISTS deps)
    get_property(inherited GLOBAL PROPERTY CS_HEADERS_OF_${dep})
    if(inherited STREQUAL grpc OR (inherited STREQUAL asio AND kind STREQUAL test AND NOT set STREQUAL grpc))
      set(set ${inherited})
    endif()
  endforeach()
  if(kind STREQUAL library AND set STREQUAL base AND command_line IN_LIST deps)
    set(set cli)
  endif()
  if(link MATCHES "gRPC::")
    set(set grpc)
  elseif(link MATCHES "Boost::headers")
    set(set asio)
  endif()
  set(${out} ${set} PARENT_SCOPE)
endfunction()

# A set is an object library whose precompiled header other targets reuse.
#
# GCC's precompiled headers differ from run to run. So that the compiler cache works across build folders, it uses a
# checksum of the preprocessed text instead (CCACHE_PCH_EXTSUM).
function(cs_add_header_set set)
  set(owner cs_headers_${set})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/headers/${owner}.cc CONTENT "// Empty: CMake wants a source.\n")
  add_library(${owner} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/headers/${owner}.cc)
  string(REGEX REPLACE "^test_" "" headers ${set})
  set(headers ${CS_HEADERS_${headers}})
  if(set MATCHES "^test_")
    list(APPEND headers <catch2/catch.hpp>)
    cs_test_options(${owner})
  endif()
  target_precompile_headers(${owner} PRIVATE ${headers})
  set(header ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${owner}.dir/cmake_pch.hxx)
  add_custom_command(OUTPUT ${header}.gch.sum
    COMMAND sh -c "${CMAKE_CXX_COMPILER} -std=c++20 -E -P -x c++ ${header} | sha256sum >${header}.gch.sum"
    DEPENDS ${header}.gch VERBATIM)
  add_custom_target(${owner}_sum DEPENDS ${header}.gch.sum)
endfunction()

function(cs_add_header_sets)
  if(CS_PRECOMPILE)
    foreach(set base cli asio grpc test_base test_asio test_grpc)
      cs_add_header_set(${set})
    endforeach()
  endif()
endfunction()

function(cs_precompile target set)
  if(CS_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM cs_headers_${set})
    add_dependencies(${target} cs_headers_${set}_sum)
  endif()
endfunction()
