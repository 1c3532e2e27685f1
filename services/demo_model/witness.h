#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/http/message.h"

namespace countersign::demo_model {

// What the model received, byte for byte and before it answers: one JSON object per request
//   {"method","target","headers":[["name","value"],…],"body"}, and {"left":true} when a caller
//   left.
// The independent witness of what passed the gateway. Thread-safe. Without a file it remembers
// nothing.
class Witness {
 public:
  static absl::StatusOr<std::unique_ptr<Witness>> Open(const std::string& path);
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  void Received(const http::RequestHead& head, absl::string_view body);
  void CallerLeft(const http::RequestHead& head);

 private:
  explicit Witness(int file) : file_(file) {}
  void Write(std::string line);

  std::mutex mutex_;
  int file_;
};

}  // namespace countersign::demo_model
