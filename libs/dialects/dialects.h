#pragma once

#include "libs/dialects/dialect.h"
#include "libs/domain/resources.h"

// The registry of all dialects that the gateway supports.
namespace countersign::dialects {

// The dialect of a connection's protocol; null if the gateway does not support it.
const Dialect* FindDialect(domain::Protocol protocol);

// The dialect for errors before a connection is known.
const Dialect& DefaultDialect();

}  // namespace countersign::dialects
