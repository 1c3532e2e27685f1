#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

// With four small numbers a text is more often a version, a section or an object identifier. What
// is in use of the low blocks is let in; the rest needs context.
bool IsAddressV4(absl::string_view match) {
  const std::vector<absl::string_view> parts = absl::StrSplit(match, '.');
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

// More than pairs of digits: those after a colon are the rest of a fingerprint.
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

// Neither a variable nor a mark in the place of a password.
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

#define CS_OCTET R"((?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))"
constexpr char kIpV4Pattern[] = CS_OCTET R"((?:\.)" CS_OCTET "){3}";
#undef CS_OCTET

constexpr char kVersionWords[] =
    "version versions ver release rel firmware driver build revision fileversion assemblyversion "
    "productversion oid section chapter clause schema upgrade_from upgraded_from chrome chromium "
    "firefox safari edg opera nginx apache windows jdk";

constexpr char kSchemes[] =
    "(?i:https?|wss?|ftps?|sftp|ssh|git|svn|smb|s3|postgres(?:ql)?|mysqlx?|mariadb|mongodb|redis?s?"
    "|"
    "valkeys?|amqps?|rabbitmq|kafka|nats|mqtts?|stomp|smtps?|imaps?|pop3s?|ldaps?|mssql|sqlserver|"
    "oracle|db2|clickhouse|cockroachdb|cassandra|neo4j|bolt|snowflake|redshift|elasticsearch|"
    "couchdb|memcached|rtsps?|rtmps?|sips?|turns?|socks[45]h?|jdbc|odbc|registry|docker|telnet|vnc|"
    "rdp)";

}  // namespace

std::vector<Detector> NetworkDetectors() {
  const regex::ByteSet pairs = regex::ByteSet::Word() | regex::ByteSet::Of(":-.");
  return {
      {.entity = "ip_address",
       .pattern = kIpV4Pattern,
       .left_forbidden = kWordOrDot | kWordOrDash,
       .check = {"ipv4", IsAddressV4},
       .veto = Beside(kVersionWords),
       .source = "RFC 791, RFC 5735",
       .found = {"10.0.0.255", "192.168.1.1", "8.8.8.8", "http://[[172.16.254.1]]:80/x",
                 "[[203.0.113.7]]/32"},
       .missed = {"256.1.1.1", "v10.20.30.40", "1.2.3.4", "1.3.6.1.4.1.311", "Chrome/120.0.0.0",
                  "1.22.333.4444", "1.2.3", "version 23.101.7.4", "Version: 9.0.107.250",
                  "\"fileVersion\": \"31.0.101.200\"", "rel. 4.130.7.9"}},
      {.entity = "ip_address",
       .pattern = kIpV4Pattern,
       .left_forbidden = kWordOrDot | kWordOrDash,
       .context = Near("ip ipv4 addr host peer client gateway dns nameserver netmask subnet inet"),
       .context_always = true,
       .veto = Beside(kVersionWords),
       .source = "RFC 791",
       .found = {"ip: [[1.2.3.4]]"},
       .missed = {"version 1.2.3.4", "§ 1.2.3.4", "server version 1.2.3.4"}},
      {.entity = "ip_address",
       .pattern = kIpV4Pattern,
       .left_forbidden = kWordOrDot | kWordOrDash,
       .context =
           Beside("ssh ping login logged_in connected connect remote server traceroute curl"),
       .context_always = true,
       .veto = Beside(kVersionWords),
       .source = "RFC 791, right behind what is done with an address",
       .found = {"ping [[1.2.3.4]]", "failed login from [[7.24.4.60]]"},
       .missed = {"server version 1.2.3.4", "login 1.2.3"}},
      {.entity = "ip_address",
       .pattern = std::string(kIpV4Pattern) + "-" + kIpV4Pattern,
       .left_forbidden = kWordOrDot | kWordOrDash,
       .check = {"ipv4_range", IsAddressRange},
       .veto = Beside(kVersionWords),
       .source = "RFC 791, from the first to the last of a range",
       .found = {"10.0.0.1-10.0.0.50", "145.198.144.194-154.18.227.184"},
       .missed = {"1.2.3.4-1.2.3.5", "versions 23.1.7.4-24.1.1.1"}},
      {.entity = "ip_address",
       .pattern = "(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}",
       .left_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":."),
       .right_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":"),
       .check = {"ipv6", IsAddressV6},
       .source = "RFC 4291",
       .found = {"2001:db8::8a2e:370:7334", "fe80::1ff:fe23:4567:890a",
                 "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "[[[2001:db8::1]]]:443"},
       .missed = {"a::b and std::string and 12:30", "12:30:45", "std::f1", "a1::b2",
                  "00:11:22:33:44:55:66:77:88"}},
      {.entity = "ip_address",
       .pattern =
           "(?:[0-9A-Fa-f]{1,4}:){2,7}[0-9A-Fa-f]{0,4}|[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}",
       .left_forbidden = ~regex::ByteSet::Of(":"),
       .right_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":"),
       .check = {"ipv6", IsLongAddressV6},
       .context =
           Near("ip ipv6 ip6 addr addr6 address host peer client gateway dns nameserver inet6"),
       .context_always = true,
       .source = "the same, right behind a colon",
       .found = {"ip:[[2001:db8::8a2e:370:7334]]"},
       .missed = {"std:2001:db8::1", "ip:a::b", "ip:00:11:22:33:44:55:66:77:88"}},
      {.entity = "ip_address",
       .pattern = "[0-9A-Fa-f:]{2,39}",
       .left_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":."),
       .right_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":"),
       .check = {"ipv6_any", IsAnyAddressV6},
       .context = Beside("ip ipv6 ip6 ip_address ipv6_address addr6 inet6 gateway listen "
                         "remote_addr client_ip"),
       .context_always = true,
       .source = "RFC 4291, however short, where a field says so",
       .found = {"ipv6: [[::1]]", "inet6 [[fd00::]]/8", "ip: [[1::2]]"},
       .missed = {"::1", "ip: 12:30", "ip: ::", "std::ip::a"}},
      {.entity = "mac_address",
       .pattern = "[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}",
       .left_forbidden = pairs,
       .right_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":-"),
       .source = "IEEE 802, EUI-48",
       .found = {"00:1A:2b:3c:4d:5e"},
       .missed = {"00:1A:2b-3c:4d:5e", "AB:CD:EF:01:23:45:67", "00:1A:2b:3c:4d:5"}},
      {.entity = "mac_address",
       .pattern = "[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}",
       .left_forbidden = ~regex::ByteSet::Of(":"),
       .right_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":-"),
       .context = Near("mac macaddr hwaddr ether bssid lladdr"),
       .context_always = true,
       .source = "the same, right behind a colon",
       .found = {"mac:[[00:1A:2b:3c:4d:5e]]"},
       .missed = {"fingerprint:00:1A:2b:3c:4d:5e", "mac:00:1A:2b:3c:4d"}},
      {.entity = "mac_address",
       .pattern = R"([0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})",
       .left_forbidden = pairs,
       .right_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":-"),
       .check = {"hex_letter", HasHexLetter},
       .source = "IEEE 802; the notation of Cisco IOS",
       .found = {"00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e"},
       .missed = {"12-34-56-78-90-12", "1234.5678.9012", "00-1A-2B-3C-4D-5E-6F"}},
      {.entity = "mac_address",
       .pattern = "[0-9A-Fa-f]{12}|[0-9A-Fa-f]{2}(?: [0-9A-Fa-f]{2}){5}",
       .left_forbidden = pairs,
       .right_forbidden = regex::ByteSet::Word() | regex::ByteSet::Of(":-"),
       .check = {"hex_letter", HasHexLetter},
       .context = Beside("mac mac_address macaddress mac_addr macaddr hwaddr ether bssid lladdr "
                         "hardware_address physical_address"),
       .context_always = true,
       .source = "IEEE 802, without marks, where a field says so",
       .found = {"MAC: [[001A2B3C4D5E]]", "hwaddr [[00 1a 2b 3c 4d 5e]]"},
       .missed = {"001A2B3C4D5E", "mac 001234567890", "a mac in abcdefabcdef"}},
      {.entity = "url_credentials",
       .pattern = std::string(kSchemes) + R"((?:\+[a-z]{2,8})?://[!#-&(-.0-9;=?A-~]{0,64}:)"
                                          R"([!#-&(-.0-;=?A-~]{1,96}@)",
       .right_forbidden = kAnyNeighbour,
       .check = {"url_credentials", HasCredentials},
       .source = "RFC 3986, section 3.2.1",
       .found = {"postgres://u:p@", "[[redis://:s3cr3t@]]cache:6379", "mongodb+srv://a:b@",
                 "[[https://user:p%40ss@]]host/x"},
       .missed = {"https://example.com:80/a@b", "postgres://$USER:$PASS@host", "http://a@b"}},
      {.entity = "url_credentials",
       .pattern = R"(://[!#-&(-.0-9;=?A-~]{0,64}:[!#-&(-.0-;=?A-~]{1,96}@)",
       .left_forbidden = ~regex::ByteSet::Word(),
       .right_forbidden = kAnyNeighbour,
       .check = {"url_credentials", HasCredentials},
       .source = "RFC 3986, for schemes that the first shape does not list",
       .found = {"foodb[[://u:p4ss@]]host"},
       .missed = {"foodb://host:80", "foodb://$USER:$PASS@host"}},
  };
}

}  // namespace countersign::text::detectors
