#include "services/cli/gateway_client.h"

#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "services/cli/http_call.h"
#include "services/cli/login/saved_login.h"

namespace countersign::cli {
namespace {

constexpr std::size_t kMaxAnswerBytes = 256u << 20;
constexpr absl::Duration kTimeout = absl::Minutes(1);

// The gRPC status code of a Connect error code.
absl::StatusCode CodeFromConnect(absl::string_view code) {
  static const auto& codes = *new std::map<absl::string_view, absl::StatusCode>{
      {"canceled", absl::StatusCode::kCancelled},
      {"invalid_argument", absl::StatusCode::kInvalidArgument},
      {"deadline_exceeded", absl::StatusCode::kDeadlineExceeded},
      {"not_found", absl::StatusCode::kNotFound},
      {"already_exists", absl::StatusCode::kAlreadyExists},
      {"permission_denied", absl::StatusCode::kPermissionDenied},
      {"resource_exhausted", absl::StatusCode::kResourceExhausted},
      {"failed_precondition", absl::StatusCode::kFailedPrecondition},
      {"aborted", absl::StatusCode::kAborted},
      {"unimplemented", absl::StatusCode::kUnimplemented},
      {"unavailable", absl::StatusCode::kUnavailable},
      {"unauthenticated", absl::StatusCode::kUnauthenticated}};
  const auto found = codes.find(code);
  return found == codes.end() ? absl::StatusCode::kUnknown : found->second;
}

// What to do about a gateway at `url` that cannot be reached because of `reason`.
std::string Remedy(absl::string_view url, absl::string_view reason) {
  if (absl::StrContains(reason, "certificate")) {
    return "trust it with --ca-file FILE: `up --tls-self-signed` says which";
  }
  if (absl::StartsWith(url, "http://") && absl::StrContains(reason, "closed the connection")) {
    return absl::StrCat("if it serves TLS, its address is https://",
                        absl::StripPrefix(url, "http://"));
  }
  if (absl::StartsWith(url, "https://") && absl::StrContains(reason, "wrong version number")) {
    return absl::StrCat("it serves no TLS: its address is http://",
                        absl::StripPrefix(url, "https://"));
  }
  return "is it running there? name another with --addr or COUNTERSIGN_ADDR";
}

class HttpGatewayClient final : public GatewayClient {
 public:
  explicit HttpGatewayClient(GatewayAddress address)
      : address_(std::move(address)), call_(MakeHttpCall(address_.ca_file)) {}

  absl::StatusOr<json::Document> Call(absl::string_view method,
                                      const std::string& request) override;
  bool answered() const override { return answered_; }
  const std::string& url() const override { return address_.url; }

 private:
  http::FetchRequest MakeFetch(absl::string_view method, const std::string& request) const;
  // Long verbs, such as those that watch, outlive the token that they began with.
  absl::Status RenewLogin();

  GatewayAddress address_;
  const HttpCall call_;  // one for all calls: it keeps the connection
  const SystemClock clock_;
  bool answered_ = false;
};

absl::Status HttpGatewayClient::RenewLogin() {
  CS_ASSIGN_OR_RETURN(address_.token, login::UseLogin(call_, address_.url, clock_));
  return absl::OkStatus();
}

http::FetchRequest HttpGatewayClient::MakeFetch(absl::string_view method,
                                                const std::string& request) const {
  http::FetchRequest fetch;
  fetch.url = absl::StrCat(address_.url, "/countersign.", method);
  fetch.method = "POST";
  fetch.headers.emplace_back("content-type", "application/json");
  if (!address_.token.empty()) {
    fetch.headers.emplace_back("authorization", absl::StrCat("Bearer ", address_.token.Reveal()));
  }
  fetch.body = request;
  fetch.timeout = kTimeout;
  fetch.max_bytes = kMaxAnswerBytes;
  return fetch;
}

absl::StatusOr<json::Document> HttpGatewayClient::Call(absl::string_view method,
                                                       const std::string& request) {
  if (address_.from_login) CS_RETURN_IF_ERROR(RenewLogin());
  http::FetchRequest fetch = MakeFetch(method, request);
  const std::string prefix =
      absl::StrCat("fetching ", fetch.url, ": ");  // prefix of the fetcher's messages
  const absl::StatusOr<http::FetchResponse> response = call_(std::move(fetch));
  if (absl::IsInvalidArgument(response.status())) return response.status();  // nothing was sent
  if (!response.ok()) {
    return Unreachable(address_.url, absl::StripPrefix(response.status().message(), prefix));
  }
  answered_ = true;
  if (response->status != 200) {
    absl::Status error = ErrorFromAnswer(response->status, response->body);
    if (absl::IsUnauthenticated(error) && address_.token.empty()) {
      return absl::UnauthenticatedError(
          "no credential: log in with countersign login, or give one with --token, --token-file "
          "or COUNTERSIGN_TOKEN");
    }
    return error;
  }
  return json::Document::Parse(response->body, {kMaxAnswerBytes, 64});
}

}  // namespace

absl::Status Unreachable(absl::string_view url, absl::string_view reason) {
  return absl::UnavailableError(
      absl::StrCat("cannot reach the gateway at ", url, " (", reason, "); ", Remedy(url, reason)));
}

absl::Status ErrorFromAnswer(int http_status, absl::string_view body) {
  const auto document = json::Document::Parse(body);
  if (document.ok()) {
    const json::Value root = document->root();
    if (root["message"].is(json::Type::kString)) {
      return absl::Status(CodeFromConnect(root["code"].text()), root["message"].text());
    }
    if (root["error"]["message"].is(json::Type::kString)) {
      return absl::Status(
          http_status == 401 ? absl::StatusCode::kUnauthenticated : absl::StatusCode::kUnknown,
          root["error"]["message"].text());
    }
  }
  return absl::UnknownError(absl::StrCat("the answer is HTTP ", http_status,
                                         " and not one of a Countersign gateway; check --addr"));
}

std::unique_ptr<GatewayClient> ConnectOverHttp(GatewayAddress address) {
  return std::make_unique<HttpGatewayClient>(std::move(address));
}

}  // namespace countersign::cli
