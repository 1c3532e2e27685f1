#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace countersign::bench {

struct LoadOptions {
  std::uint16_t port = 0;
  std::string bearer;
  int connections = 1;
  absl::Duration duration = absl::Seconds(1);
  bool stream = false;
  std::string headers;  // additional header lines, each with CRLF
};

// Times in nanoseconds.
struct LoadResult {
  std::int64_t requests = 0;  // answered with 200 and complete
  std::int64_t errors = 0;
  std::string first_error;
  double seconds = 0;
  std::vector<std::int64_t> latency;      // request to end of answer
  std::vector<std::int64_t> first_text;   // request to first text (streams)
  std::vector<std::int64_t> event_delay;  // of each event, sent by the mock to received here
  std::vector<std::int64_t>
      text_delay;  // of each event's text: until all text up to it has arrived
  std::int64_t events = 0;

  void Add(const LoadResult& other);
};

// Sends the same chat completion repeatedly on keep-alive connections, each request as soon as the
// previous response is complete. Runs on the calling thread. Fails when a connection cannot be
// made.
absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options);

// The value that `share` of `values` do not exceed; 0 without values.
std::int64_t Percentile(std::vector<std::int64_t> values, double share);

}  // namespace countersign::bench
