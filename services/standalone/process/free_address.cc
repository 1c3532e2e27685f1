#include "services/standalone/process/free_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/numbers.h"

namespace countersign::standalone::process {
namespace {

bool IsFree(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return true;
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool free = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                    listen(probe, 1) == 0;
  close(probe);
  return free;
}

}  // namespace

std::string WantedOrFree(const std::string& wanted) {
  const std::size_t colon = wanted.rfind(':');
  std::uint32_t port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(wanted.substr(colon + 1), &port)) {
    return wanted;
  }
  const std::string host = wanted.substr(0, colon);
  return IsFree(host, static_cast<std::uint16_t>(port)) ? wanted : host + ":0";
}

}  // namespace countersign::standalone::process
