#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/message_reader.h"
#include "tests/bench/sockets.h"

namespace countersign::bench {

// A model with negligible cost: canned bodies, keep-alive, one thread. A request with "stream":true
// gets `events` content events, event i at `first + i * interval` after the request; a late one
// does not delay the next.
class MockUpstream {
 public:
  struct Options {
    std::uint16_t port = 0;
    int events = 40;
    absl::Duration first = absl::Milliseconds(5);
    absl::Duration interval = absl::Milliseconds(10);
  };

  static absl::StatusOr<std::unique_ptr<MockUpstream>> Create(const Options& options);

  std::uint16_t port() const { return port_; }

  // Serves until `stop` becomes readable.
  absl::Status Run(int stop);

 private:
  struct Peer {
    Descriptor socket;
    MessageReader reader;
    std::string body;
    std::string out;      // not yet written
    int next_event = -1;  // -1: not streaming
    std::int64_t asked_ns = 0;
    bool wants_usage = false;
    bool waits_for_space = false;
  };
  struct Due {
    std::int64_t at_ns;
    int peer;
    bool operator>(const Due& other) const { return at_ns > other.at_ns; }
  };

  MockUpstream(const Options& options, Descriptor listener, std::uint16_t port, Descriptor epoll,
               Descriptor timer);

  void AcceptAll();
  bool ReadFrom(Peer& peer);
  void Answer(Peer& peer);
  void Schedule(Peer& peer);
  void SendDue();
  void SendNext(Peer& peer);
  bool Flush(Peer& peer);
  void Watch(int fd, std::uint32_t events, int operation);
  void SetTimer();

  const Options options_;
  const Descriptor listener_;
  const std::uint16_t port_;
  const Descriptor epoll_;
  const Descriptor timer_;
  const std::string plain_;
  std::map<int, Peer> peers_;  // by descriptor
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

}  // namespace countersign::bench
