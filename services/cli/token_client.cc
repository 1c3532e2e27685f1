#include "services/cli/token_client.h"

#include <future>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/http/fetch.h"

namespace countersign::cli {
namespace {

std::string Encode(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      absl::StrAppend(&out, "%", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return out;
}

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

std::string EncodeForm(const FormMembers& members) {
  std::string form;
  for (const auto& [name, value] : members) {
    absl::StrAppend(&form, form.empty() ? "" : "&", Encode(name), "=", Encode(value));
  }
  return form;
}

absl::StatusOr<json::Document> RequestToken(const GatewayAddress& address,
                                            const FormMembers& members) {
  http::Fetcher fetcher(http::Fetcher::Options{address.ca_file});
  http::FetchRequest fetch;
  fetch.url = absl::StrCat(address.url, "/oauth2/token");
  fetch.method = "POST";
  fetch.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  fetch.body = EncodeForm(members);
  fetch.timeout = absl::Seconds(30);
  fetch.allow_private = true;  // The user names the gateway, which is usually in a private network.
  std::promise<absl::StatusOr<http::FetchResponse>> promise;
  fetcher.Fetch(std::move(fetch), [&](absl::StatusOr<http::FetchResponse> response) {
    promise.set_value(std::move(response));
  });
  const absl::StatusOr<http::FetchResponse> response = promise.get_future().get();
  if (!response.ok()) {
    return Unreachable(address.url, response.status().message());
  }
  if (response->status != 200) return ReadRefusal(response->status, response->body);
  return json::Document::Parse(response->body);
}

}  // namespace countersign::cli
