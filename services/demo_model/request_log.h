#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/mutex.h"
#include "libs/http/message.h"

namespace countersign::demo_model {

// Writes every request that the model receives to a file, byte for byte and before it is answered:
// one JSON object per line,
//   {"method","target","headers":[["name","value"],…],"body"}, and {"left":true} when a caller
// left.
// Tests compare it with the gateway's own record. Thread-safe. Without a file it does nothing.
class RequestLog {
 public:
  static absl::StatusOr<std::unique_ptr<RequestLog>> Open(const std::string& path);
  ~RequestLog();
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  void Received(const http::RequestHead& head, absl::string_view body);
  void CallerLeft(const http::RequestHead& head);

 private:
  explicit RequestLog(int file) : file_(file) {}
  void Write(std::string line);

  Mutex mutex_;
  int file_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::demo_model
