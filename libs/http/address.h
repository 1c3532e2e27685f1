#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace boost::asio::ip {
class address;
}

namespace countersign::http {

// The scheme, host and port of a configured URL.
struct Origin {
  bool tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  bool operator==(const Origin&) const = default;
  std::string HostHeader() const;  // the host, with the port unless it is the scheme's default
};

struct Url {
  Origin origin;
  std::string path;   // "" or starts with '/', without a trailing slash
  std::string query;  // without '?'
};

// Parses an absolute http or https URL. INVALID_ARGUMENT for other URLs and for user information
// and fragments, which a configured address must not have.
absl::StatusOr<Url> ParseUrl(absl::string_view text);

// The same for the URL of an upstream, which may also be of grpc or grpcs: http and https for
// servers of HTTP/2.
absl::StatusOr<Url> ParseUpstreamUrl(absl::string_view text);

// Whether an address may be connected to. Link-local addresses (cloud metadata), unspecified,
// multicast and reserved addresses are always refused; loopback, private, shared and unique-local
// ranges unless `allow_private`. An IPv6 address that embeds an IPv4 one (mapped, compatible,
// translated by NAT64, 6to4, Teredo, ISATAP) is refused if that one is. PERMISSION_DENIED names the
// range.
absl::Status VetAddress(const boost::asio::ip::address& address, bool allow_private);

// The source for which a peer's connections are counted: its IPv4 address, also when mapped into
// IPv6, or the /64 network of its IPv6 address, because one host may own a whole /64.
std::string GetSource(const boost::asio::ip::address& address);

// Whether a URL's host is an address or `localhost`; configuring it literally allows that address.
bool IsLiteralAddress(absl::string_view host);

// Parses "host:port", ":port" or "[v6]:port".
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

}  // namespace countersign::http
