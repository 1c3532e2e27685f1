#include "libs/http/address.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
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
    {"0.0.0.0", 8, true, "unspecified"},     {"169.254.0.0", 16, true, "link-local"},
    {"168.63.129.16", 32, true, "metadata"}, {"100.100.100.200", 32, true, "metadata"},
    {"192.0.0.192", 32, true, "metadata"},   {"224.0.0.0", 4, true, "multicast"},
    {"240.0.0.0", 4, true, "reserved"},      {"127.0.0.0", 8, false, "loopback"},
    {"10.0.0.0", 8, false, "private"},       {"172.16.0.0", 12, false, "private"},
    {"192.168.0.0", 16, false, "private"},   {"100.64.0.0", 10, false, "shared"},
    {"198.18.0.0", 15, false, "benchmark"},  {"192.0.0.0", 24, false, "protocol"},
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

std::uint32_t ReadV4(const ip::address_v6::bytes_type& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

template <std::size_t N>
bool HasPrefix(const ip::address_v6::bytes_type& bytes, const unsigned char (&prefix)[N]) {
  return std::equal(std::begin(prefix), std::end(prefix), bytes.begin());
}

using CarriedList = absl::InlinedVector<std::uint32_t, 4>;

// The IPv4 addresses that packets to `address` may reach through gateways and tunnels.
CarriedList CarriedV4(const ip::address_v6& address) {
  static constexpr unsigned char kNat64[12] = {0x00, 0x64, 0xff, 0x9b};            // RFC 6052
  static constexpr unsigned char kLocalNat64[6] = {0x00, 0x64, 0xff, 0x9b, 0, 1};  // RFC 8215
  static constexpr unsigned char k6to4[2] = {0x20, 0x02};                          // RFC 3056
  static constexpr unsigned char kTeredo[4] = {0x20, 0x01, 0, 0};                  // RFC 4380
  static constexpr unsigned char kZeros[8] = {};
  const auto bytes = address.to_bytes();
  // ::/64 contains the mapped, compatible and translated (::ffff:0:a.b.c.d) forms.
  if (HasPrefix(bytes, kZeros) || HasPrefix(bytes, kNat64)) return {ReadV4(bytes, 12)};
  if (HasPrefix(bytes, k6to4)) return {ReadV4(bytes, 2)};
  if (HasPrefix(bytes, kTeredo)) return {ReadV4(bytes, 4), ~ReadV4(bytes, 12)};
  if (HasPrefix(bytes, kLocalNat64)) {
    // The prefix may be 48, 56, 64 or 96 bits long; byte 8 is skipped for the first two.
    const std::uint32_t after_48 = (ReadV4(bytes, 6) & 0xffff0000) | ReadV4(bytes, 9) >> 16;
    const std::uint32_t after_56 = (ReadV4(bytes, 7) & 0xff000000) | ReadV4(bytes, 9) >> 8;
    CarriedList carried;
    for (const std::uint32_t number : {after_48, after_56, ReadV4(bytes, 9), ReadV4(bytes, 12)}) {
      if (number >> 24 != 0) carried.push_back(number);  // otherwise the prefix has another length
    }
    return carried;
  }
  const bool isatap = (bytes[8] & 0xfc) == 0 && bytes[9] == 0 && bytes[10] == 0x5e &&
                      bytes[11] == 0xfe;  // RFC 5214
  if (isatap) return {ReadV4(bytes, 12)};
  return {};
}

absl::Status VetV4(const ip::address& named, std::uint32_t number, bool allow_private) {
  for (const Range& range : kIpv4) {
    if (Contains(range, number) && (range.always_refused || !allow_private)) {
      return Refused(named, range.name, range.always_refused);
    }
  }
  return absl::OkStatus();
}

// Checks the IPv6 address itself, without embedded addresses.
absl::Status VetV6(const ip::address_v6& address, bool allow_private) {
  static constexpr unsigned char kDocumentation[4] = {0x20, 0x01, 0x0d, 0xb8};
  static constexpr unsigned char kNat64[4] = {0x00, 0x64, 0xff, 0x9b};
  static constexpr unsigned char kZeros[8] = {};
  const auto bytes = address.to_bytes();
  if (address.is_link_local()) return Refused(address, "link-local", true);
  if (address.is_unspecified()) return Refused(address, "unspecified", true);
  if (address.is_multicast()) return Refused(address, "multicast", true);
  for (const char* metadata : {"fd00:ec2::254", "fd20:ce::254"}) {
    if (address == ip::make_address_v6(metadata)) return Refused(address, "metadata", true);
  }
  if (address.is_loopback()) {
    return allow_private ? absl::OkStatus() : Refused(address, "loopback", false);
  }
  if ((bytes[0] & 0xfe) == 0xfc) {
    return allow_private ? absl::OkStatus() : Refused(address, "unique-local", false);
  }
  if (address.is_site_local()) {
    return allow_private ? absl::OkStatus() : Refused(address, "site-local", false);
  }
  if (HasPrefix(bytes, kDocumentation)) return Refused(address, "documentation", true);
  const bool global =
      (bytes[0] & 0xe0) == 0x20 || HasPrefix(bytes, kNat64) || HasPrefix(bytes, kZeros);
  return global ? absl::OkStatus() : Refused(address, "reserved", true);
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
  // Boost 1.81 parses http://127.0.0.1.example as the host 127.0.0.1 and the path ".example".
  if (!result.path.empty() && result.path.front() != '/') {
    return bad("has a host that begins like an address");
  }
  while (!result.path.empty() && result.path.back() == '/') result.path.pop_back();
  const auto query = url.encoded_query();
  result.query = std::string(query.data(), query.size());
  return result;
}

absl::StatusOr<Url> ParseUpstreamUrl(absl::string_view text) {
  absl::string_view rest = text;
  const bool grpcs = absl::ConsumePrefix(&rest, "grpcs://");
  if (!grpcs && !absl::ConsumePrefix(&rest, "grpc://")) return ParseUrl(text);
  return ParseUrl(absl::StrCat(grpcs ? "https://" : "http://", rest));
}

absl::Status VetAddress(const ip::address& address, bool allow_private) {
  if (address.is_v4()) return VetV4(address, address.to_v4().to_uint(), allow_private);
  CS_RETURN_IF_ERROR(VetV6(address.to_v6(), allow_private));
  if (address.is_loopback()) return absl::OkStatus();  // ::1 embeds no address
  for (const std::uint32_t carried : CarriedV4(address.to_v6())) {
    CS_RETURN_IF_ERROR(VetV4(address, carried, allow_private));
  }
  return absl::OkStatus();
}

std::string GetSource(const ip::address& address) {
  if (address.is_v4()) return address.to_string();
  ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return absl::StrCat(ip::address_v6(bytes).to_string(), "/64");
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
