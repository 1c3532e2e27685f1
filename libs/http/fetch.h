#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace countersign::http {

// A document to fetch: discovery, keys, metadata, the response of a webhook.
struct FetchRequest {
  std::string url;  // http or https, from configuration
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  absl::Duration timeout = absl::Seconds(10);  // in total: resolving, connecting and reading
  std::size_t max_bytes = 1u << 20;            // of the response's body
  bool allow_private = false;  // the host may resolve to private addresses (link-local never)
};

struct FetchResponse {
  int status = 0;
  std::string content_type;
  std::string cache_control;
  std::string body;
};

// Fetches documents from configured URLs on its own thread. Addresses are resolved once and checked
// (libs/http/address.h), certificates and host names are verified, and redirects are not followed
// (they are returned as responses). Thread-safe.
class Fetcher {
 public:
  struct Options {
    // PEM; empty: the system's CAs. If it cannot be read, every https fetch fails and says so.
    std::string ca_file;
  };
  Fetcher();
  explicit Fetcher(Options options);
  ~Fetcher();  // Answers outstanding fetches with CANCELLED.
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // Calls `done` exactly once, on the fetcher's thread; it must be short. INVALID_ARGUMENT for a
  // bad URL, PERMISSION_DENIED for a forbidden address, UNAVAILABLE for an unreachable host,
  // DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED for a body that is too large. Every HTTP status is OK.
  void Fetch(FetchRequest request, absl::AnyInvocable<void(absl::StatusOr<FetchResponse>)> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::http
