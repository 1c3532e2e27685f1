#include "libs/text/validators/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {

namespace {

using Octets = std::array<int, 4>;

std::optional<Octets> ReadOctets(absl::string_view match) {
  const std::vector<absl::string_view> parts = absl::StrSplit(match, '.');
  if (parts.size() != 4) return std::nullopt;
  Octets octets{};
  for (std::size_t i = 0; i < 4; ++i) {
    if (!absl::SimpleAtoi(parts[i], &octets[i])) return std::nullopt;
  }
  return octets;
}

// Nobody's address: the loopback block, "this network", netmasks and broadcast.
bool IsReservedV4(const Octets& octets) {
  if (octets[0] == 127 || octets[0] == 0) return true;
  std::uint32_t bits = 0;
  for (const int octet : octets) bits = bits << 8 | static_cast<std::uint32_t>(octet);
  const std::uint32_t rest = ~bits;
  return octets[0] >= 224 && (rest & (rest + 1)) == 0;  // ones, then zeros
}

}  // namespace

bool IsAnyAddressV4(absl::string_view match) {
  const std::optional<Octets> octets = ReadOctets(match);
  return octets && !IsReservedV4(*octets);
}

bool IsAddressV4(absl::string_view match) {
  const std::optional<Octets> read = ReadOctets(match);
  if (!read || IsReservedV4(*read)) return false;
  const Octets& octets = *read;
  const bool anycast = match == "8.8.8.8" || match == "8.8.4.4" || match == "9.9.9.9";
  if (anycast) return true;
  if (octets[0] != 10 && octets[1] == 0 && octets[2] == 0 && octets[3] == 0) return false;
  const bool small = *std::max_element(octets.begin(), octets.end()) < 100;
  return octets[0] >= 10 ? !(small && octets[0] < 16 && octets[0] != 10) : !small && octets[0] > 0;
}

bool IsAddressRange(absl::string_view match) {
  const std::size_t dash = match.find('-');
  return IsAddressV4(match.substr(0, dash)) && IsAddressV4(match.substr(dash + 1));
}

namespace {

// The address without its zone and prefix length.
absl::string_view BareAddress(absl::string_view match) {
  return match.substr(0, match.find_first_of("%/"));
}

// Nobody's address, or the first half of one with an IPv4 address in it.
bool IsReservedV6(const in6_addr& address, absl::string_view text) {
  const bool zeros = std::all_of(address.s6_addr, address.s6_addr + 15,
                                 [](unsigned char byte) { return byte == 0; });
  if (zeros && address.s6_addr[15] <= 1) return true;
  constexpr absl::string_view kMapped = "::ffff:";
  if (!absl::StartsWithIgnoreCase(text, kMapped)) return false;
  const absl::string_view rest = text.substr(kMapped.size());
  return rest.size() <= 3 && rest.find_first_not_of("0123456789") == rest.npos;
}

bool ParseV6(absl::string_view text, in6_addr& parsed) {
  return inet_pton(AF_INET6, std::string(text).c_str(), &parsed) == 1 &&
         !IsReservedV6(parsed, text);
}

}  // namespace

bool IsAddressV6(absl::string_view match) {
  const std::string address(BareAddress(match));
  in6_addr parsed;
  if (!ParseV6(address, parsed)) return false;
  std::size_t groups = 0;
  std::size_t hex = 0;
  bool digit = false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    digit = digit || absl::ascii_isdigit(static_cast<unsigned char>(address[i]));
    if (address[i] == ':') continue;
    ++hex;
    if (i == 0 || address[i - 1] == ':') ++groups;
  }
  return digit && groups >= 2 && hex >= 5;
}

bool IsAnyAddressV6(absl::string_view match) {
  const absl::string_view address = BareAddress(match);
  in6_addr parsed;
  return address.size() > 2 && ParseV6(address, parsed);
}

bool IsLongAddressV6(absl::string_view match) {
  const std::vector<absl::string_view> groups = absl::StrSplit(BareAddress(match), ':');
  return IsAddressV6(match) &&
         std::any_of(groups.begin(), groups.end(),
                     [](absl::string_view group) { return group.size() > 2; });
}

bool IsHardwareAddress(absl::string_view match) {
  std::string digits;
  for (const char c : match) {
    if (absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
      digits += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
  }
  return digits.find_first_not_of('0') != digits.npos &&
         digits.find_first_not_of('f') != digits.npos;
}

bool IsMixedHardwareAddress(absl::string_view match) {
  return HasHexLetter(match) && IsHardwareAddress(match);
}

bool HasHexLetter(absl::string_view match) {
  return std::any_of(match.begin(), match.end(),
                     [](char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); });
}

bool HasCredentials(absl::string_view match) {
  const std::size_t at = match.rfind('@');
  const std::size_t scheme = match.find("://");
  const std::size_t colon = match.find(':', scheme + 3);
  if (colon == absl::string_view::npos || colon > at) return false;
  const absl::string_view password = match.substr(colon + 1, at - colon - 1);
  return !password.empty() && password.find_first_of("<>{}$") != 0 &&
         password.find_first_not_of("*.") != absl::string_view::npos &&
         !absl::StartsWith(password, "%s");
}

}  // namespace countersign::text::validators
