#include "services/authn/issuer_url.h"

#include <arpa/inet.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/json/document.h"

namespace countersign::authn {
namespace {

namespace urls = boost::urls;

absl::StatusOr<urls::url_view> Parse(absl::string_view url) {
  const auto parsed = urls::parse_uri(urls::string_view(url.data(), url.size()));
  if (!parsed) return absl::InvalidArgumentError("is not an absolute URL");
  // Boost 1.81 reads http://127.0.0.1.example as the host 127.0.0.1 and the path ".example".
  const auto path = parsed->encoded_path();
  if (!path.empty() && path.front() != '/') {
    return absl::InvalidArgumentError("has a host that begins like an address");
  }
  return *parsed;
}

enum class HostKind { kName, kAddress, kLoopback };

HostKind KindOf(const urls::url_view& url) {
  std::string host(url.encoded_host());
  if (host == "localhost") return HostKind::kLoopback;
  in_addr v4 = {};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127 ? HostKind::kLoopback : HostKind::kAddress;
  }
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return HostKind::kName;
  host = host.substr(1, host.size() - 2);
  in6_addr v6 = {};
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return HostKind::kAddress;
  return IN6_IS_ADDR_LOOPBACK(&v6) ? HostKind::kLoopback : HostKind::kAddress;
}

std::string Port(const urls::url_view& url) {
  if (url.has_port() && !url.port().empty()) return std::string(url.port());
  return url.scheme_id() == urls::scheme::http ? "80" : "443";
}

}  // namespace

absl::Status CheckIssuerUrl(absl::string_view text) {
  CS_ASSIGN_OR_RETURN(const urls::url_view url, Parse(text));
  if (url.host().empty()) return absl::InvalidArgumentError("has no host");
  if (url.has_userinfo()) return absl::InvalidArgumentError("must not carry user information");
  if (url.has_query() || url.has_fragment()) {
    return absl::InvalidArgumentError("must not have a query or a fragment");
  }
  if (url.scheme_id() == urls::scheme::https) return absl::OkStatus();
  if (url.scheme_id() == urls::scheme::http && KindOf(url) == HostKind::kLoopback)
    return absl::OkStatus();
  return absl::InvalidArgumentError("must be https (http only for a loopback address)");
}

std::string DiscoveryUrl(absl::string_view issuer) {
  return absl::StrCat(absl::StripSuffix(issuer, "/"), "/.well-known/openid-configuration");
}

bool SameOrigin(absl::string_view a, absl::string_view b) {
  const auto first = Parse(a);
  const auto second = Parse(b);
  return first.ok() && second.ok() && first->scheme_id() == second->scheme_id() &&
         first->encoded_host() == second->encoded_host() && Port(*first) == Port(*second);
}

bool HostIsLiteral(absl::string_view text) {
  const auto url = Parse(text);
  if (!url.ok()) return false;
  return KindOf(*url) != HostKind::kName;
}

absl::StatusOr<std::string> JwksUriFromDiscovery(absl::string_view body, absl::string_view issuer) {
  json::Limits limits;
  limits.max_bytes = 256u << 10;
  limits.max_depth = 16;
  auto document = json::Document::Parse(body, limits);
  if (!document.ok()) return Annotate(document.status(), "the discovery document");
  const json::Value root = document->root();
  if (root["issuer"].text() != issuer) {
    return absl::InvalidArgumentError(
        "the discovery document names another issuer than the resource");
  }
  const absl::string_view jwks_uri = root["jwks_uri"].text();
  const absl::Status usable = CheckIssuerUrl(jwks_uri);
  if (!usable.ok()) return Annotate(usable, "the discovery document's jwks_uri");
  if (HostIsLiteral(jwks_uri) && !SameOrigin(jwks_uri, issuer)) {
    return absl::InvalidArgumentError(
        "the discovery document's jwks_uri is an address that the resource does not name");
  }
  return std::string(jwks_uri);
}

}  // namespace countersign::authn
