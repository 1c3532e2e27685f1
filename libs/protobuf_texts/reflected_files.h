#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/protobuf_texts/descriptor_set.h"

namespace countersign::protobuf_texts {

// What a server's reflection says of its services (grpc.reflection.v1, and v1alpha, whose messages
// are the same), in rounds: send Ask(), pass every answer to Take, until Ask() is empty. Has no
// transport. Not thread-safe.
class ReflectedFiles {
 public:
  explicit ReflectedFiles(const DescriptorLimits& limits = {}) : limits_(limits) {}

  // The messages of the next round, one request each; empty when nothing is left to ask.
  // RESOURCE_EXHAUSTED after 16 rounds.
  absl::StatusOr<std::vector<std::string>> Ask();

  // One answer. UNAVAILABLE with the server's words when it reports an error, INVALID_ARGUMENT when
  // it cannot be read, RESOURCE_EXHAUSTED when there is more than the limits allow.
  absl::Status Take(absl::string_view response);

  // The schema of all services, once nothing is left to ask. INVALID_ARGUMENT when it is
  // incomplete.
  absl::StatusOr<std::unique_ptr<const Schema>> Finish() const;

 private:
  absl::Status TakeService(absl::string_view service);
  absl::Status TakeFile(absl::string_view file);

  const DescriptorLimits limits_;
  int rounds_ = 0;
  std::size_t services_ = 0;
  std::size_t bytes_ = 0;
  std::vector<std::string> symbols_;                     // to ask for
  std::set<std::string> missing_;                        // names of files to ask for
  std::set<std::string> asked_;                          // names of files that were asked for
  absl::flat_hash_map<std::string, std::string> files_;  // by name
};

}  // namespace countersign::protobuf_texts
