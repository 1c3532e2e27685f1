#include "libs/text/validators/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/text/validators/check_digits.h"

namespace countersign::text::validators {

bool IsAddressV4(absl::string_view match) {
  const std::vector<absl::string_view> parts = absl::StrSplit(match, '.');
  if (parts.size() != 4) return false;
  std::array<int, 4> octets{};
  for (std::size_t i = 0; i < 4; ++i) {
    if (!absl::SimpleAtoi(parts[i], &octets[i])) return false;
  }
  const bool anycast = match == "1.1.1.1" || match == "1.0.0.1" || match == "8.8.8.8" ||
                       match == "8.8.4.4" || match == "9.9.9.9" || match == "4.2.2.1";
  if (anycast) return true;
  if (octets[0] != 10 && octets[1] == 0 && octets[2] == 0 && octets[3] == 0) return false;
  const bool small = *std::max_element(octets.begin(), octets.end()) < 100;
  return octets[0] >= 10 ? !(small && octets[0] < 16 && octets[0] != 10) : !small && octets[0] > 0;
}

bool IsAddressRange(absl::string_view match) {
  const std::size_t dash = match.find('-');
  return IsAddressV4(match.substr(0, dash)) && IsAddressV4(match.substr(dash + 1));
}

bool IsAddressV6(absl::string_view match) {
  const std::string address(match);
  in6_addr parsed;
  if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return false;
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
  in6_addr parsed;
  return match.size() > 2 && inet_pton(AF_INET6, std::string(match).c_str(), &parsed) == 1;
}

bool IsLongAddressV6(absl::string_view match) {
  const std::vector<absl::string_view> groups = absl::StrSplit(match, ':');
  return IsAddressV6(match) &&
         std::any_of(groups.begin(), groups.end(),
                     [](absl::string_view group) { return group.size() > 2; });
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
