# cs_schema(OUT SERVICE): embeds schema/*.sql of the calling folder into the program. Sets OUT to a generated source
# that defines `std::vector<pg::Migration> <Service>Migrations()` of countersign::<service>, declared in
# services/<service>/<service>_schema.h; files are named NNNN_what.sql.
function(cs_schema out service)
  string(REGEX REPLACE "_" ";" words ${service})
  set(function_name)
  foreach(word IN LISTS words)
    string(SUBSTRING ${word} 0 1 first)
    string(TOUPPER ${first} first)
    string(SUBSTRING ${word} 1 -1 rest)
    string(APPEND function_name ${first}${rest})
  endforeach()
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/schema/*.sql)
  list(SORT files)
  set(entries)
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(stem ${file} NAME_WE)
    if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_")
      message(FATAL_ERROR "${file}: migrations are named NNNN_what.sql")
    endif()
    # Without leading zeros: C++ would read octal.
    string(REGEX MATCH "[1-9][0-9]*" number ${CMAKE_MATCH_1})
    file(READ ${file} sql)
    string(APPEND entries "      {${number}, \"${stem}\", R\"cs_sql(${sql})cs_sql\"},\n")
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${service}_schema.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
#include "services/@service@/@service@_schema.h"

namespace countersign::@service@ {

std::vector<pg::Migration> @function_name@Migrations() {
  return {
@entries@  };
}

}  // namespace countersign::@service@
]])
  set(${out} ${source} PARENT_SCOPE)
endfunction()
