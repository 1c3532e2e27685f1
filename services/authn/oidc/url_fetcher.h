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
  // The host stands in a resource (and not only in a document that was fetched): if it is a literal
  // address, that is its own permission.
  bool host_is_configured = false;
};

struct UrlDocument {
  int status = 0;
  std::string cache_control;
  std::string body;
};

// Reads documents of issuers: follows no redirects, vets addresses, bounds time and size.
// Thread-safe.
class UrlFetcher {
 public:
  virtual ~UrlFetcher() = default;
  // Answers once, on any thread, within the timeout. Any HTTP status is OK.
  virtual void Fetch(UrlRequest request, domain::Done<UrlDocument> done) = 0;
};

}  // namespace countersign::authn::oidc
