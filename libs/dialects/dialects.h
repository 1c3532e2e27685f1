#pragma once

#include "libs/dialects/dialect.h"
#include "libs/domain/resources.h"

// The registry: every dialect that the gateway speaks.
namespace countersign::dialects {

// The dialect of a connection's protocol; null for one that the gateway does not speak.
const Dialect* FindDialect(domain::Protocol protocol);

// The dialect of errors that come before a connection is known.
const Dialect& DefaultDialect();

}  // namespace countersign::dialects
