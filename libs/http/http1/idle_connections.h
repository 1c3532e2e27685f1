#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "libs/http/io_loop.h"
#include "libs/http/stream.h"

namespace countersign::http::http1 {

// Connections to upstreams that wait for another request. Belongs to its loop.
class IdleConnections {
 public:
  // Keeps at most `max_per_key` connections of a key.
  IdleConnections(IoLoop& loop, std::size_t max_per_key);
  IdleConnections(const IdleConnections&) = delete;
  IdleConnections& operator=(const IdleConnections&) = delete;

  // The connection that was used last; null if there is none.
  std::unique_ptr<Stream> Take(const std::string& key);
  void Keep(const std::string& key, std::unique_ptr<Stream> stream, absl::Duration time);

 private:
  struct Idle {
    std::unique_ptr<Stream> stream;
    async::TimePoint until;
  };

  void Sweep();
  void DropOld();

  IoLoop& loop_;
  const std::size_t max_per_key_;
  const std::unique_ptr<async::Timer> sweep_;
  bool sweeping_ = false;
  std::map<std::string, std::deque<Idle>> idle_;
};

}  // namespace countersign::http::http1
