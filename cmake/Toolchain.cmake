# Compiler, linker and flags: the same for every target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Dev CACHE STRING "Dev or Release" FORCE)
endif()
# Dev compiles fast and keeps line numbers; Release is for measurements and releases.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1" CACHE STRING "")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

add_compile_options(-Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2
                    -Wno-missing-field-initializers -pthread)
add_link_options(-Wl,-z,relro,-z,now)

if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 reports bounds that inlined std::string code cannot exceed, and with precompiled headers it no longer knows that
  # the code is in system headers (GCC bugs 105329, 105651).
  add_compile_options(-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  add_compile_options(-Wthread-safety)  # libs/base/mutex.h
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
    # Clang 14 supports C++20 coroutines but does not announce them to the standard library.
    add_compile_definitions(__cpp_impl_coroutine=201902L)
  endif()
endif()
if(CS_SANITIZE)
  add_compile_options(-fsanitize=${CS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # With the sanitizers' code GCC 12 reports uninitialised values in the standard library.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  add_link_options(-fsanitize=${CS_SANITIZE})
endif()

find_program(CS_MOLD mold)
if(CS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(CS_CCACHE ccache)
if(CS_CCACHE)
  # One cache serves every build folder: paths are made relative before they are hashed.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1 CCACHE_PCH_EXTSUM=1 ${CS_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-fpch-preprocess)  # by which ccache knows of precompiled headers
  endif()
endif()
