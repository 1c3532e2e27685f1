#include "services/cli/login/loopback_redirect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"

namespace countersign::cli::login {
namespace {

constexpr std::size_t kMaxHead = 16u << 10;
// A client of this machine that connects and is silent must not keep the browser out.
constexpr absl::Duration kOneRequest = absl::Seconds(5);
constexpr absl::string_view kPath = "/callback";
constexpr absl::string_view kPage =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Countersign</title>"
    "<body style=\"font:16px sans-serif;margin:4em\"><h1>Back to the terminal</h1>"
    "<p>The command line goes on there. This page can be closed.</p>";

absl::Status SystemError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

// Whether there is something to read before `until`.
bool AwaitReadable(int file, absl::Time until) {
  while (true) {
    const std::int64_t left = absl::ToInt64Milliseconds(until - absl::Now());
    pollfd waited{file, POLLIN, 0};
    const int ready = poll(&waited, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

// The first line of a request, or "" if none comes in time.
std::string ReadRequestLine(int connection, absl::Time until) {
  std::string head;
  char piece[2048];
  while (head.size() < kMaxHead && !absl::StrContains(head, "\r\n\r\n")) {
    if (!AwaitReadable(connection, until)) return "";
    const ssize_t got = recv(connection, piece, sizeof(piece), 0);
    if (got <= 0) return "";
    head.append(piece, static_cast<std::size_t>(got));
  }
  return head.substr(0, head.find("\r\n"));
}

void Answer(int connection, absl::string_view status, absl::string_view body) {
  const std::string answer =
      absl::StrCat("HTTP/1.1 ", status, "\r\ncontent-type: text/html; charset=utf-8\r\n",
                   "content-length: ", body.size(), "\r\ncache-control: no-store\r\n",
                   "connection: close\r\n\r\n", body);
  // The browser may be gone; then nobody reads the page.
  (void)!send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
}

// "GET /callback?code=1 HTTP/1.1" → "code=1".
std::optional<std::string> ReadQuery(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, "GET ") || !absl::ConsumePrefix(&line, kPath)) return {};
  if (!absl::ConsumePrefix(&line, "?")) return {};
  return std::string(line.substr(0, line.find(' ')));
}

}  // namespace

absl::StatusOr<std::unique_ptr<LoopbackRedirect>> LoopbackRedirect::Listen() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return SystemError("cannot open a socket");
  absl::Cleanup close_it = [listener] { close(listener); };
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, any, size) != 0 || listen(listener, 4) != 0 ||
      getsockname(listener, any, &size) != 0) {
    return SystemError("cannot listen on 127.0.0.1");
  }
  std::move(close_it).Cancel();
  return std::unique_ptr<LoopbackRedirect>(new LoopbackRedirect(
      listener, absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port), kPath)));
}

LoopbackRedirect::~LoopbackRedirect() { close(listener_); }

absl::StatusOr<std::string> LoopbackRedirect::AwaitQuery(absl::Duration timeout) {
  const absl::Time until = absl::Now() + timeout;
  while (AwaitReadable(listener_, until)) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    const absl::Cleanup close_it = [connection] { close(connection); };
    const std::optional<std::string> query =
        ReadQuery(ReadRequestLine(connection, std::min(until, absl::Now() + kOneRequest)));
    Answer(connection, query ? "200 OK" : "404 Not Found", query ? kPage : "");
    if (query) return *query;
  }
  return absl::DeadlineExceededError("nobody came back from the provider; log in again");
}

}  // namespace countersign::cli::login
