#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/resources.h"
#include "libs/protobuf_texts/schema.h"

namespace countersign::edge::call::reflection {

using SchemaPointer = std::shared_ptr<const protobuf_texts::Schema>;

// What the upstreams' reflection said of their services, by connection. Thread-safe.
class SchemaCache {
 public:
  // An upstream is asked again for a method that it did not have, and after a failure, at most this
  // often, and by at most so many calls at once.
  static constexpr absl::Duration kAskAgainAfter = absl::Seconds(10);
  static constexpr int kMostAsking = 4;

  explicit SchemaCache(Clock& clock) : clock_(clock) {}

  // What is known of this version of the connection; null: nothing.
  SchemaPointer Find(const domain::Connection& connection) const;

  // Whether the caller is to ask the upstream for the method at `path`, and to call End with the
  // result, or Abandon. Otherwise Find has all that there is: UNAVAILABLE, with why, when that is
  // nothing.
  absl::StatusOr<bool> Begin(const domain::Connection& connection, absl::string_view path);
  void End(const domain::Connection& connection, absl::StatusOr<SchemaPointer> result);
  void Abandon(const domain::Connection& connection);

 private:
  struct Entry {
    std::uint64_t version = 0;
    SchemaPointer schema;
    absl::Status failure;  // of the last time
    absl::Time ended_at = absl::InfinitePast();
    int asking = 0;
  };

  Clock& clock_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::edge::call::reflection
