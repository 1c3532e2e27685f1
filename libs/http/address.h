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

// Decides whether an address may be connected to. Link-local addresses, those at which clouds serve
// metadata, unspecified, multicast and reserved ones are always refused; loopback, private, shared
// and unique-local ranges only where `allow_private`. An IPv6 address that carries an IPv4 one, as
// mapped, compatible, translated (NAT64), 6to4, Teredo and ISATAP addresses do, is refused where
// that one is. PERMISSION_DENIED says which range.
absl::Status VetAddress(const boost::asio::ip::address& address, bool allow_private);

// Whom a peer's connections are counted for: its IPv4 address, mapped into IPv6 or not, or the /64
// network of its IPv6 address, of which one host may own every address.
std::string SourceOf(const boost::asio::ip::address& address);

// True when the host of a URL is an address, or `localhost`: as explicit as an allow-list entry.
bool IsLiteralAddress(absl::string_view host);

// Parses "host:port", ":port" or "[v6]:port".
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

}  // namespace countersign::http
