#include "services/cli/http_call.h"

#include <future>

namespace countersign::cli {

HttpCall MakeHttpCall(const std::string& ca_file) {
  auto fetcher = std::make_shared<http::Fetcher>(http::Fetcher::Options{ca_file});
  return [fetcher](http::FetchRequest request) {
    request.allow_private = true;
    std::promise<absl::StatusOr<http::FetchResponse>> promise;
    fetcher->Fetch(std::move(request), [&](absl::StatusOr<http::FetchResponse> response) {
      promise.set_value(std::move(response));
    });
    return promise.get_future().get();
  };
}

}  // namespace countersign::cli
