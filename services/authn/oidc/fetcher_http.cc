#include "services/authn/oidc/fetcher_http.h"

#include <utility>

#include "services/authn/oidc/issuer_url.h"

namespace countersign::authn::oidc {

void HttpUrlFetcher::Fetch(UrlRequest request, domain::Done<UrlDocument> done) {
  http::FetchRequest fetch;
  fetch.allow_private = request.host_is_configured && HostIsLiteral(request.url);
  fetch.url = std::move(request.url);
  fetch.headers = {{"accept", std::move(request.accept)}};
  fetch.timeout = request.timeout;
  fetch.max_bytes = request.max_bytes;
  fetcher_.Fetch(std::move(fetch),
                 [done = std::move(done)](absl::StatusOr<http::FetchResponse> response) mutable {
                   if (!response.ok()) return done(response.status());
                   done(UrlDocument{response->status, std::move(response->cache_control),
                                    std::move(response->body)});
                 });
}

}  // namespace countersign::authn::oidc
