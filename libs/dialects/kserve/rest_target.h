#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects::kserve {

// What a request of KServe's V2 protocol over REST asks for.
struct RestTarget {
  enum class Body { kNone, kInfer, kGenerate };
  std::string operation;
  std::string method;
  std::string upstream_path;  // with the model encoded as one segment
  std::string model;
  std::string version;
  Body body = Body::kNone;
  bool stream = false;  // the answer is one of events
};

// NOT_FOUND when the protocol has no such request; PERMISSION_DENIED for those that control the
// server or its memory.
absl::StatusOr<RestTarget> ReadRestTarget(absl::string_view method, absl::string_view path);

}  // namespace countersign::dialects::kserve
