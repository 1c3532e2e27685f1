#pragma once

#include <string>

#include "libs/config/reference/resource_reference.h"

namespace countersign::config::reference {

// A JSON Schema (draft 2020-12) of the kind's documents, for editors. It accepts what the reader
// accepts, and little that the reader refuses: rules about several fields at once are the reader's.
// Ends with a newline.
std::string KindSchema(const Kind& kind);

// A schema of a document of any kind, which refers to the others by file name (SchemaFile).
std::string AnyKindSchema();

// "connection.json".
std::string SchemaFile(const Kind& kind);

}  // namespace countersign::config::reference
