#pragma once

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "libs/domain/call.h"

namespace countersign::authn::oidc {

struct UrlRequest {
  std::string url;
  absl::Duration timeout = absl::Seconds(2);
  std::size_t max_bytes = 256u << 10;
  std::string accept = "application/json";
  // Whether the host is named in a resource, and not only in a fetched document. If so, a literal
  // private or loopback address is allowed.
  bool host_is_configured = false;
};

struct UrlDocument {
  int status = 0;
  std::string cache_control;
  std::string body;
};

// Fetches documents from issuers: follows no redirects, checks addresses, limits time and size.
// Thread-safe.
class UrlFetcher {
 public:
  virtual ~UrlFetcher() = default;
  // Calls `done` once, on any thread, within the timeout. Every HTTP status is OK.
  virtual void Fetch(UrlRequest request, domain::Done<UrlDocument> done) = 0;
};

}  // namespace countersign::authn::oidc
