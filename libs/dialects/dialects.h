#pragma once

#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"
#include "libs/domain/resources.h"

// The registry of all dialects that the gateway supports.
namespace countersign::dialects {

// The dialect of a connection's protocol; null if the gateway does not support it.
const Dialect* FindDialect(domain::Protocol protocol);

// The dialect of what such a connection passes through (Connection::pass_through), with the errors
// of its own; null where nothing can be.
const Dialect* FindPassThrough(domain::Protocol protocol);

// The dialect for errors before a connection is known, and before a path is.
const Dialect& DefaultDialect();

// The same for a request's `path`, which may begin with a connection: KServe's below "/v2",
// Anthropic's below "/v1/messages".
const Dialect& GuessDialect(absl::string_view path);

}  // namespace countersign::dialects
