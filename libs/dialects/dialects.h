#pragma once

#include "libs/dialects/dialect.h"
#include "libs/domain/resources.h"

namespace countersign::dialects {

// The dialect that speaks a connection's protocol; null when none does yet.
const Dialect* DialectOf(domain::Protocol protocol);

// The dialect of errors that come before a connection is known.
const Dialect& DefaultDialect();

}  // namespace countersign::dialects
