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

// One document to read: discovery, keys, metadata, a webhook's reply.
struct FetchRequest {
  std::string url;  // http or https, from configuration
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  absl::Duration timeout = absl::Seconds(10);  // resolving, connecting and reading together
  std::size_t max_bytes = 1u << 20;            // of the answer's body
  bool allow_private = false;  // the host may resolve to private addresses (link-local never)
};

struct FetchResponse {
  int status = 0;
  std::string content_type;
  std::string cache_control;
  std::string body;
};

// Reads one document at a time from where configuration points, off the caller's thread. Addresses
// are resolved once and vetted (libs/http/address.h), certificates and host names are verified,
// redirects are not followed (they are answers like any other). Thread-safe; owns one thread.
class Fetcher {
 public:
  struct Options {
    std::string ca_file;  // PEM; empty: the system's
  };
  Fetcher();
  explicit Fetcher(Options options);
  ~Fetcher();  // Outstanding fetches are answered CANCELLED.
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // Calls `done` exactly once, on the fetcher's thread (keep it short). INVALID_ARGUMENT for a bad
  // URL, PERMISSION_DENIED for an address that may not be reached, UNAVAILABLE when the host cannot
  // be, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED when the body is too large. Any HTTP status is OK.
  void Fetch(FetchRequest request, absl::AnyInvocable<void(absl::StatusOr<FetchResponse>)> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::http
