#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::domain {

// What a reviewer approves and what is sent: the same value on both sides of a review.
struct BoundRequest {
  std::string issuer, subject;  // of the principal
  std::string actor;            // identity acting for the principal; empty when it acts itself
  std::string connection;
  std::uint64_t connection_version = 0;
  std::string method;
  std::string path_and_query;                                // as sent upstream
  std::vector<std::pair<std::string, std::string>> headers;  // any; only the bound ones count
  absl::string_view body;  // exactly the bytes handed to the upstream writer
};

// SHA-256 over a length-prefixed encoding of `request`, as 64 lower-case hex digits (DESIGN §4,
// Review). Of the headers only `accept`, `content-type`, `content-encoding`, `openai-*` and
// `anthropic-*` count, with lower-case names, sorted; credential, host, hop-by-hop, trace,
// idempotency-key and x-stainless-* headers never do, so that an SDK's automatic retry is the same
// call.
std::string BindingHash(const BoundRequest& request);

}  // namespace countersign::domain
