#pragma once

#include <memory>

#include "libs/async/cancellation.h"
#include "libs/http/client_options.h"
#include "libs/http/stream.h"

namespace countersign::http::upstream {

// A new connection to `target`, including TLS and the choice of a version, within the options'
// connect_timeout. Errors: see Client::Send.
Awaitable<absl::StatusOr<std::unique_ptr<Stream>>> Connect(IoLoop& loop, const Target& target,
                                                           const ClientOptions& options,
                                                           async::Cancellation& cancellation);

}  // namespace countersign::http::upstream
