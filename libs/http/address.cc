#include "libs/http/address.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/http/message.h"

namespace countersign::http {
namespace {

namespace ip = boost::asio::ip;

struct Range {
  const char* first;
  unsigned prefix;
  bool always_refused;
  const char* name;
};

constexpr Range kIpv4[] = {
    {"0.0.0.0", 8, true, "unspecified"},  {"169.254.0.0", 16, true, "link-local"},
    {"224.0.0.0", 4, true, "multicast"},  {"240.0.0.0", 4, true, "reserved"},
    {"127.0.0.0", 8, false, "loopback"},  {"10.0.0.0", 8, false, "private"},
    {"172.16.0.0", 12, false, "private"}, {"192.168.0.0", 16, false, "private"},
    {"100.64.0.0", 10, false, "shared"},  {"198.18.0.0", 15, false, "benchmark"},
    {"192.0.0.0", 24, false, "protocol"},
};

bool Contains(const Range& range, std::uint32_t address) {
  const std::uint32_t first = ip::make_address_v4(range.first).to_uint();
  return (address >> (32 - range.prefix)) == (first >> (32 - range.prefix));
}

absl::Status Refused(const ip::address& address, const char* range, bool always) {
  return absl::PermissionDeniedError(
      absl::StrCat(address.to_string(), " is a ", range, " address",
                   always ? ", which is never connected to"
                          : "; set network.private on the connection to allow it"));
}

// Mapped (::ffff:a.b.c.d) and translated (64:ff9b::a.b.c.d) addresses lead to the IPv4 one in them.
bool CarriesV4(const ip::address_v6& address) {
  static constexpr unsigned char kNat64[12] = {0x00, 0x64, 0xff, 0x9b};
  const auto bytes = address.to_bytes();
  return address.is_v4_mapped() || std::equal(std::begin(kNat64), std::end(kNat64), bytes.begin());
}

std::uint32_t LastFourBytes(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 |
         std::uint32_t{bytes[14]} << 8 | bytes[15];
}

absl::Status VetV6(const ip::address_v6& address, bool allow_private) {
  const auto bytes = address.to_bytes();
  if (address.is_link_local()) return Refused(address, "link-local", true);
  if (address.is_unspecified()) return Refused(address, "unspecified", true);
  if (address.is_multicast()) return Refused(address, "multicast", true);
  if (!allow_private && address.is_loopback()) return Refused(address, "loopback", false);
  if (!allow_private && (bytes[0] & 0xfe) == 0xfc) return Refused(address, "unique-local", false);
  if (!allow_private && address.is_site_local()) return Refused(address, "site-local", false);
  return absl::OkStatus();
}

std::string Text(boost::urls::string_view text) { return std::string(text.data(), text.size()); }

}  // namespace

std::string Origin::HostHeader() const {
  const bool v6 = absl::StrContains(host, ':');
  std::string text = v6 ? absl::StrCat("[", host, "]") : host;
  if (port != (tls ? 443 : 80)) absl::StrAppend(&text, ":", port);
  return text;
}

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  const auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" ", why));
  };
  if (parsed.has_error()) return bad("is not a URL");
  const boost::urls::url_view& url = *parsed;
  Url result;
  const std::string scheme = Text(url.scheme());
  if (scheme != "http" && scheme != "https") return bad("is neither http nor https");
  if (url.has_userinfo()) return bad("has user information; use a Credential");
  if (url.has_fragment()) return bad("has a fragment");
  result.origin.tls = scheme == "https";
  const auto host = url.encoded_host();
  result.origin.host = std::string(host.data(), host.size());
  if (result.origin.host.size() > 2 && result.origin.host.front() == '[') {
    result.origin.host = result.origin.host.substr(1, result.origin.host.size() - 2);
  }
  if (result.origin.host.empty()) return bad("has no host");
  if (url.has_port() && !url.port().empty()) {
    int port = 0;
    if (!absl::SimpleAtoi(Text(url.port()), &port) || port < 1 || port > 65535) {
      return bad("has no usable port");
    }
    result.origin.port = static_cast<std::uint16_t>(port);
  } else {
    result.origin.port = result.origin.tls ? 443 : 80;
  }
  const auto path = url.encoded_path();
  result.path = std::string(path.data(), path.size());
  // Boost 1.81 reads http://127.0.0.1.example as the host 127.0.0.1 and the path ".example".
  if (!result.path.empty() && result.path.front() != '/') {
    return bad("has a host that begins like an address");
  }
  while (!result.path.empty() && result.path.back() == '/') result.path.pop_back();
  const auto query = url.encoded_query();
  result.query = std::string(query.data(), query.size());
  return result;
}

absl::Status VetAddress(const ip::address& address, bool allow_private) {
  if (address.is_v6() && !CarriesV4(address.to_v6())) {
    return VetV6(address.to_v6(), allow_private);
  }
  const std::uint32_t number =
      address.is_v4() ? address.to_v4().to_uint() : LastFourBytes(address.to_v6());
  for (const Range& range : kIpv4) {
    if (Contains(range, number) && (range.always_refused || !allow_private)) {
      return Refused(address, range.name, range.always_refused);
    }
  }
  return absl::OkStatus();
}

bool IsLiteralAddress(absl::string_view host) {
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  boost::system::error_code error;
  ip::make_address(std::string(host), error);
  return !error;
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  const std::size_t colon = text.rfind(':');
  int port = -1;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not HOST:PORT"));
  }
  absl::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return HostPort{std::string(host), static_cast<std::uint16_t>(port)};
}

}  // namespace countersign::http
