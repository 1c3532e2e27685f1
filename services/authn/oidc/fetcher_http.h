#pragma once

#include "libs/http/fetch.h"
#include "services/authn/oidc/url_fetcher.h"

namespace countersign::authn::oidc {

// UrlFetcher over libs/http, which follows no redirects and always refuses link-local addresses.
// Private and loopback addresses are fetched only when the resource contains the address literally.
class HttpUrlFetcher final : public UrlFetcher {
 public:
  explicit HttpUrlFetcher(http::Fetcher& fetcher) : fetcher_(fetcher) {}

  void Fetch(UrlRequest request, domain::Done<UrlDocument> done) override;

 private:
  http::Fetcher& fetcher_;
};

}  // namespace countersign::authn::oidc
