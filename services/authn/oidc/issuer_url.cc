#include "services/authn/oidc/issuer_url.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/json/document.h"

namespace countersign::authn::oidc {
namespace {

enum class HostKind { kName, kAddress, kLoopback };

struct Origin {
  bool https = false;
  std::string host;  // lower case; an IPv6 address with its brackets
  int port = 0;
  bool operator==(const Origin&) const = default;
};

absl::Status Bad(absl::string_view why) { return absl::InvalidArgumentError(why); }

// Whether `host` is `[…]` or a name of letters, digits, dots and hyphens.
bool IsHost(absl::string_view host) {
  in6_addr v6 = {};
  if (absl::ConsumePrefix(&host, "[")) {
    return absl::ConsumeSuffix(&host, "]") &&
           inet_pton(AF_INET6, std::string(host).c_str(), &v6) == 1;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-';
  });
}

absl::StatusOr<Origin> ParseOrigin(absl::string_view url) {
  Origin origin;
  if (absl::ConsumePrefix(&url, "https://")) {
    origin.https = true;
  } else if (!absl::ConsumePrefix(&url, "http://")) {
    return Bad("must begin with https://");
  }
  const bool plain = std::all_of(url.begin(), url.end(), [](unsigned char c) {
    return c > 0x20 && c < 0x7f && c != '?' && c != '#' && c != '\\';
  });
  if (!plain) return Bad("must not have a query, a fragment or unusual characters");
  absl::string_view host = url.substr(0, url.find('/'));
  origin.port = origin.https ? 443 : 80;
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  if (colon != absl::string_view::npos && (bracket == absl::string_view::npos || bracket < colon)) {
    if (!absl::SimpleAtoi(host.substr(colon + 1), &origin.port) || origin.port < 1 ||
        origin.port > 65535) {
      return Bad("has no usable port");
    }
    host = host.substr(0, colon);
  }
  if (!IsHost(host)) return Bad("has no usable host");
  origin.host = absl::AsciiStrToLower(host);
  return origin;
}

HostKind ClassifyHost(const Origin& origin) {
  if (origin.host == "localhost") return HostKind::kLoopback;
  in_addr v4 = {};
  if (inet_pton(AF_INET, origin.host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127 ? HostKind::kLoopback : HostKind::kAddress;
  }
  if (origin.host.front() == '[') {
    return origin.host == "[::1]" ? HostKind::kLoopback : HostKind::kAddress;
  }
  // Some resolvers read 0177.0.0.1 and 2130706433 as addresses, so such a host counts as
  // an address.
  const std::size_t last_dot = origin.host.find_last_of('.', origin.host.size() - 2);
  const std::size_t label = last_dot == std::string::npos ? 0 : last_dot + 1;
  return absl::ascii_isdigit(static_cast<unsigned char>(origin.host[label])) ? HostKind::kAddress
                                                                             : HostKind::kName;
}

}  // namespace

absl::Status CheckIssuerUrl(absl::string_view url) {
  CS_ASSIGN_OR_RETURN(const Origin origin, ParseOrigin(url));
  if (origin.https || ClassifyHost(origin) == HostKind::kLoopback) return absl::OkStatus();
  return Bad("must be https (http only for a loopback address)");
}

std::string DiscoveryUrl(absl::string_view issuer) {
  return absl::StrCat(absl::StripSuffix(issuer, "/"), "/.well-known/openid-configuration");
}

bool SameOrigin(absl::string_view a, absl::string_view b) {
  const auto first = ParseOrigin(a);
  const auto second = ParseOrigin(b);
  return first.ok() && second.ok() && *first == *second;
}

bool HostIsLiteral(absl::string_view url) {
  const auto origin = ParseOrigin(url);
  return origin.ok() && ClassifyHost(*origin) != HostKind::kName;
}

absl::StatusOr<std::string> JwksUriFromDiscovery(absl::string_view body, absl::string_view issuer) {
  json::Limits limits;
  limits.max_bytes = 256u << 10;
  limits.max_depth = 16;
  auto document = json::Document::Parse(body, limits);
  if (!document.ok()) return Annotate(document.status(), "the discovery document");
  const json::Value root = document->root();
  if (root["issuer"].text() != issuer) {
    return Bad("the discovery document names another issuer than the resource");
  }
  const absl::string_view jwks_uri = root["jwks_uri"].text();
  const absl::Status usable = CheckIssuerUrl(jwks_uri);
  if (!usable.ok()) return Annotate(usable, "the discovery document's jwks_uri");
  if (HostIsLiteral(jwks_uri) && !SameOrigin(jwks_uri, issuer)) {
    return Bad("the discovery document's jwks_uri is an address that the resource does not name");
  }
  return std::string(jwks_uri);
}

}  // namespace countersign::authn::oidc
