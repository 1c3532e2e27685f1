#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace google::protobuf {
class FileDescriptor;
class FileDescriptorProto;
}  // namespace google::protobuf

namespace countersign::rpc {

// Server reflection (grpc.reflection.v1, and v1alpha, whose messages are the same): describes some
// services of this program, their files and what those import, and nothing else. Thread-safe.
class Reflection {
 public:
  // Removes what is not to be shown from a file.
  using Hide = std::function<void(google::protobuf::FileDescriptorProto&)>;

  // `services` are full names; those that this program has no descriptor of are left out.
  explicit Reflection(const std::vector<std::string>& services, Hide hide = nullptr);

  // The serialised response to one serialised ServerReflectionRequest. What is not described is an
  // error within the response; INVALID_ARGUMENT when the request cannot be read.
  absl::StatusOr<std::string> Answer(absl::string_view request) const;

 private:
  struct Writer;
  std::vector<std::string> services_;
  std::set<const google::protobuf::FileDescriptor*> files_;
  const Hide hide_;
};

}  // namespace countersign::rpc
