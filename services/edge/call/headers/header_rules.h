#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/secret.h"
#include "libs/dialects/dialect.h"
#include "libs/domain/resources.h"

namespace countersign::edge::call::headers {

// The credential of a request: `Authorization: Bearer …`, or else `x-api-key`. UNAUTHENTICATED with
// a reason (credential_missing, credential_malformed) unless there is exactly one.
absl::StatusOr<SecretString> ReadCredential(const dialects::HeaderList& headers);

// The caller's headers that go upstream, with lower-case names. Only allow-listed headers with
// values of a closed form (header_values.h) are forwarded, because policies read no headers, and no
// credential of the caller is. `organization` and `project` are the connection's, because they
// decide whom the provider bills. `content_type` is the body's, "" without one; `accept-encoding`
// is identity, because answers must be read to be masked. Takes time proportional to the headers.
dialects::HeaderList UpstreamHeaders(const dialects::HeaderList& from_caller,
                                     const domain::Connection& connection,
                                     absl::string_view content_type);

// The same for a call of gRPC, in the form that gRPC prescribes: of the caller's metadata only
// `user-agent` and `traceparent`.
dialects::HeaderList RpcHeaders(const dialects::HeaderList& from_caller);

// The upstream's headers that are sent to the caller: also allow-listed and of expected forms, with
// `x-request-id`, or Anthropic's `request-id`, renamed to `x-upstream-request-id`.
dialects::HeaderList CallerHeaders(const dialects::HeaderList& from_upstream);

// Whether the field `name` has `token` among its comma-separated values.
bool HasToken(const dialects::HeaderList& headers, absl::string_view name, absl::string_view token);

absl::string_view FindHeader(const dialects::HeaderList& headers,
                             absl::string_view name);  // "" when absent

}  // namespace countersign::edge::call::headers
