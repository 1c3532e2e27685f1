#include "services/cli/token_client.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/text/url_form.h"
#include "services/cli/http_call.h"

namespace countersign::cli {
namespace {

absl::Status ReadRefusal(int http_status, const std::string& body) {
  const auto document = json::Document::Parse(body);
  if (!document.ok() || !document->root()["error"].is(json::Type::kString)) {
    return ErrorFromAnswer(http_status, body);
  }
  const json::Value root = document->root();
  const absl::string_view reason =
      root["reason"].exists() ? root["reason"].text() : root["error"].text();
  const std::string message = absl::StrCat(reason, ": ", root["error_description"].text());
  if (http_status >= 500) return absl::UnavailableError(message);
  return absl::UnauthenticatedError(message);
}

}  // namespace

absl::StatusOr<json::Document> RequestToken(const GatewayAddress& address,
                                            const FormMembers& members) {
  http::FetchRequest fetch;
  fetch.url = absl::StrCat(address.url, "/oauth2/token");
  fetch.method = "POST";
  fetch.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  fetch.body = EncodeUrlForm(members);
  fetch.timeout = absl::Seconds(30);
  const auto response = MakeHttpCall(address.ca_file)(std::move(fetch));
  if (!response.ok()) {
    return Unreachable(address.url, response.status().message());
  }
  if (response->status != 200) return ReadRefusal(response->status, response->body);
  return json::Document::Parse(response->body);
}

}  // namespace countersign::cli
