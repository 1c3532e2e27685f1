#pragma once

#include "libs/http/fetch.h"
#include "services/authn/oidc/url_fetcher.h"

namespace countersign::authn::oidc {

// UrlFetcher over libs/http, which does not follow redirects and refuses link-local addresses
// always. Private and loopback addresses are reached only when the resource names one literally.
class HttpUrlFetcher final : public UrlFetcher {
 public:
  explicit HttpUrlFetcher(http::Fetcher& fetcher) : fetcher_(fetcher) {}

  void Fetch(UrlRequest request, domain::Done<UrlDocument> done) override;

 private:
  http::Fetcher& fetcher_;
};

}  // namespace countersign::authn::oidc
