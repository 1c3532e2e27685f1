#pragma once

#include <memory>

#include "libs/http/client.h"
#include "libs/http/stream.h"

namespace countersign::http {

// A new connection to `target`, TLS included, within the options' connect_timeout. See Client::Send
// for errors.
Awaitable<absl::StatusOr<std::unique_ptr<Stream>>> Connect(IoLoop& loop, const Target& target,
                                                           const ClientOptions& options,
                                                           async::Cancellation& cancellation);

}  // namespace countersign::http
