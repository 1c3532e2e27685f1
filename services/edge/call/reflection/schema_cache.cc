#include "services/edge/call/reflection/schema_cache.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace countersign::edge::call::reflection {

SchemaPointer SchemaCache::Find(const domain::Connection& connection) const {
  const MutexLock lock(mutex_);
  const auto entry = entries_.find(connection.name);
  const bool known = entry != entries_.end() && entry->second.version == connection.version;
  return known ? entry->second.schema : nullptr;
}

absl::StatusOr<bool> SchemaCache::Begin(const domain::Connection& connection,
                                        absl::string_view path) {
  const MutexLock lock(mutex_);
  Entry& entry = entries_[connection.name];
  if (entry.version != connection.version) {
    const int asking = entry.asking;
    entry = Entry();
    entry.version = connection.version;
    entry.asking = asking;
  }
  if (entry.schema != nullptr && entry.schema->FindMethod(path) != nullptr) return false;
  const bool recent = clock_.Now() - entry.ended_at < kAskAgainAfter;
  if (!recent && entry.asking < kMostAsking) {
    ++entry.asking;
    return true;
  }
  if (entry.schema != nullptr) return false;
  if (recent) return entry.failure;
  return absl::UnavailableError("its reflection is being asked by other calls");
}

void SchemaCache::End(const domain::Connection& connection, absl::StatusOr<SchemaPointer> result) {
  const MutexLock lock(mutex_);
  Entry& entry = entries_[connection.name];
  if (entry.asking > 0) --entry.asking;
  if (entry.version != connection.version) return;
  entry.ended_at = clock_.Now();
  if (result.ok()) {
    entry.schema = *std::move(result);
  } else {
    // What was known stays in use.
    entry.failure = absl::UnavailableError(result.status().message());
  }
}

void SchemaCache::Abandon(const domain::Connection& connection) {
  const MutexLock lock(mutex_);
  Entry& entry = entries_[connection.name];
  if (entry.asking > 0) --entry.asking;
}

}  // namespace countersign::edge::call::reflection
