#include "tests/bench/mock_upstream.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tests/bench/sse_events.h"

namespace countersign::bench {
namespace {

std::string PlainAnswer() {
  std::string text;
  for (int i = 0; i < 120; ++i) absl::StrAppend(&text, EventText(i));
  const std::string body = absl::StrCat(
      R"({"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench-1",)",
      R"("choices":[{"index":0,"message":{"role":"assistant","content":")", text,
      R"("},"finish_reason":"stop"}],)",
      R"("usage":{"prompt_tokens":180,"completion_tokens":120,"total_tokens":300}})");
  return absl::StrCat("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ",
                      body.size(), "\r\n\r\n", body);
}

constexpr absl::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
constexpr absl::string_view kStreamEnd =
    "data: {\"id\":\"chatcmpl-end\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"bench-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}"
    "\n\n";
constexpr absl::string_view kUsage =
    "data: {\"id\":\"chatcmpl-end\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
    "\"model\":\"bench-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":180,\"completion_tokens\":"
    "40,"
    "\"total_tokens\":220}}\n\n";

void AppendChunk(absl::string_view data, std::string* out) {
  absl::StrAppend(out, absl::Hex(data.size()), "\r\n", data, "\r\n");
}

bool Asks(absl::string_view body, absl::string_view name) {
  return absl::StrContains(body, absl::StrCat("\"", name, "\":true")) ||
         absl::StrContains(body, absl::StrCat("\"", name, "\": true"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MockUpstream>> MockUpstream::Create(const Options& options) {
  CS_ASSIGN_OR_RETURN(Descriptor listener, Listen(options.port));
  CS_ASSIGN_OR_RETURN(const std::uint16_t port, GetPort(listener));
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  Descriptor timer(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!epoll.ok() || !timer.ok()) return absl::ErrnoToStatus(errno, "epoll or timerfd");
  return std::unique_ptr<MockUpstream>(
      new MockUpstream(options, std::move(listener), port, std::move(epoll), std::move(timer)));
}

MockUpstream::MockUpstream(const Options& options, Descriptor listener, std::uint16_t port,
                           Descriptor epoll, Descriptor timer)
    : options_(options),
      listener_(std::move(listener)),
      port_(port),
      epoll_(std::move(epoll)),
      timer_(std::move(timer)),
      plain_(PlainAnswer()) {
  Watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
  Watch(timer_.get(), EPOLLIN, EPOLL_CTL_ADD);
}

absl::Status MockUpstream::Run(int stop) {
  Watch(stop, EPOLLIN, EPOLL_CTL_ADD);
  std::array<epoll_event, 256> events;
  while (true) {
    const int ready = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (ready < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "epoll_wait");
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == stop) return absl::OkStatus();
      if (fd == listener_.get()) {
        AcceptAll();
      } else if (fd == timer_.get()) {
        SendDue();
      } else if (const auto found = peers_.find(fd); found != peers_.end()) {
        if (!Flush(found->second) || !ReadFrom(found->second)) peers_.erase(found);
      }
    }
  }
}

void MockUpstream::Watch(int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll_.get(), operation, fd, &event);
}

void MockUpstream::AcceptAll() {
  for (Descriptor socket = Accept(listener_); socket.ok(); socket = Accept(listener_)) {
    const int fd = socket.get();
    Watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    peers_[fd].socket = std::move(socket);
  }
}

bool MockUpstream::ReadFrom(Peer& peer) {
  std::array<char, 65536> buffer;
  const ssize_t size = read(peer.socket.get(), buffer.data(), buffer.size());
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) return false;
  absl::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
  while (!bytes.empty()) {
    bytes.remove_prefix(peer.reader.Feed(
        bytes, [&](absl::string_view part) { absl::StrAppend(&peer.body, part); }));
    if (peer.reader.state() == MessageReader::State::kBroken) return false;
    if (peer.reader.state() != MessageReader::State::kDone) continue;
    Answer(peer);
    peer.reader.Reset();
    peer.body.clear();
  }
  return Flush(peer);
}

void MockUpstream::Answer(Peer& peer) {
  if (!Asks(peer.body, "stream")) {
    peer.out += plain_;
    return;
  }
  absl::StrAppend(&peer.out, kStreamHead);
  peer.wants_usage = Asks(peer.body, "include_usage");
  peer.asked_ns = NowNs();
  peer.next_event = 0;
  Schedule(peer);
}

void MockUpstream::Schedule(Peer& peer) {
  const absl::Duration after = options_.first + peer.next_event * options_.interval;
  due_.push({peer.asked_ns + absl::ToInt64Nanoseconds(after), peer.socket.get()});
  SetTimer();
}

void MockUpstream::SetTimer() {
  itimerspec at{};
  if (!due_.empty()) {
    at.it_value.tv_sec = due_.top().at_ns / 1'000'000'000;
    at.it_value.tv_nsec = due_.top().at_ns % 1'000'000'000;
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void MockUpstream::SendDue() {
  std::uint64_t expirations;
  if (read(timer_.get(), &expirations, sizeof expirations) < 0 && errno != EAGAIN) return;
  while (!due_.empty() && due_.top().at_ns <= NowNs()) {
    const Due now = due_.top();
    due_.pop();
    const auto found = peers_.find(now.peer);
    // The peer may be gone, and its descriptor may belong to another one.
    if (found == peers_.end() || found->second.next_event < 0) continue;
    SendNext(found->second);
    if (!Flush(found->second)) peers_.erase(found);
  }
  SetTimer();
}

void MockUpstream::SendNext(Peer& peer) {
  AppendChunk(ContentEvent(NowNs(), peer.next_event, EventText(peer.next_event)), &peer.out);
  if (++peer.next_event < options_.events) return Schedule(peer);
  AppendChunk(kStreamEnd, &peer.out);
  if (peer.wants_usage) AppendChunk(kUsage, &peer.out);
  AppendChunk("data: [DONE]\n\n", &peer.out);
  peer.out += "0\r\n\r\n";
  peer.next_event = -1;
}

bool MockUpstream::Flush(Peer& peer) {
  while (!peer.out.empty()) {
    const ssize_t size = send(peer.socket.get(), peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return false;
      if (!std::exchange(peer.waits_for_space, true)) {
        Watch(peer.socket.get(), EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      }
      return true;
    }
    peer.out.erase(0, static_cast<std::size_t>(size));
  }
  if (std::exchange(peer.waits_for_space, false)) {
    Watch(peer.socket.get(), EPOLLIN, EPOLL_CTL_MOD);
  }
  return true;
}

}  // namespace countersign::bench
