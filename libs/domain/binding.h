#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::domain {

// The request that a reviewer approves and that is sent; both sides compute the same hash of it.
struct BoundRequest {
  std::string issuer, subject;  // of the principal
  std::string actor;            // identity acting for the principal; empty when it acts itself
  std::string connection;
  std::uint64_t connection_version = 0;
  std::string method;
  std::string path_and_query;  // as sent upstream
  std::vector<std::pair<std::string, std::string>>
      headers;             // all headers; only those named below are bound
  absl::string_view body;  // exactly the bytes handed to the upstream writer
};

// SHA-256 over a length-prefixed encoding of `request`, as 64 lower-case hex digits (DESIGN §4,
// Review). Bound headers are `accept`, `user-agent`, `content-type`, `content-encoding`,
// `inference-header-content-length`, `openai-*` and `anthropic-*`, with lower-case names, sorted.
// Headers for credentials, host, hop-by-hop, tracing, idempotency-key and x-stainless-* are not
// bound, so that an SDK's automatic retry is the same call.
std::string BindingHash(const BoundRequest& request);

// The headers of `headers` that a BindingHash covers, as it covers them.
std::vector<std::pair<std::string, std::string>> BoundHeaders(
    const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace countersign::domain
