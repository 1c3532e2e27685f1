#include "services/standalone/process/listen_host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/http/address.h"

namespace countersign::standalone::process {
namespace {

using Interfaces = std::unique_ptr<ifaddrs, decltype(&freeifaddrs)>;

// Without link-local addresses, which need a zone that no certificate can have.
std::string ReadAddress(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address == nullptr) return "";
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text.data(),
              text.size());
  } else if (address->sa_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (IN6_IS_ADDR_LINKLOCAL(&in6)) return "";
    inet_ntop(AF_INET6, &in6, text.data(), text.size());
  }
  return text.data();
}

void AddOnce(std::vector<std::string>& names, std::string name) {
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  names.push_back(std::move(name));
}

void AddMachine(std::vector<std::string>& names) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) AddOnce(names, host.data());
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return;
  const Interfaces interfaces(first, &freeifaddrs);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if ((one->ifa_flags & IFF_UP) != 0) AddOnce(names, ReadAddress(one->ifa_addr));
  }
}

}  // namespace

bool IsLoopback(absl::string_view host) {
  if (absl::EqualsIgnoreCase(host, "localhost")) return true;
  in_addr v4{};
  in6_addr v6{};
  const std::string text(host);
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool IsEveryAddress(absl::string_view host) {
  in6_addr v6{};
  const std::string text(host);
  if (text.empty() || text == "0.0.0.0") return true;
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6);
}

std::vector<std::string> ReachableNames(const std::string& host) {
  std::vector<std::string> names;
  const bool every = IsEveryAddress(host);
  if (!every) AddOnce(names, host);
  if (!every && !IsLoopback(host)) return names;
  for (const char* loopback : {"localhost", "127.0.0.1", "::1"}) AddOnce(names, loopback);
  if (every) AddMachine(names);
  return names;
}

std::string LocalUrl(const std::string& address, bool tls) {
  const absl::string_view scheme = tls ? "https://" : "http://";
  const auto parsed = http::ParseHostPort(address);
  if (!parsed.ok() || !IsEveryAddress(parsed->host)) return absl::StrCat(scheme, address);
  const bool v6 = absl::StrContains(parsed->host, ":");
  return absl::StrCat(scheme, v6 ? "[::1]" : "127.0.0.1", ":", parsed->port);
}

}  // namespace countersign::standalone::process
