#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace countersign::text::regex {

// Stores compiled databases in a folder, so that a restart need not compile them again. A file that
// is unreadable, damaged or from another engine version counts as missing; the caller then
// compiles. Files have mode 0600, are written atomically and contain the SHA-256 of their content.
// Everybody who can write to the folder is trusted like this process. Thread-safe, also between
// processes.
class DatabaseCache {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

  // Creates the folder with mode 0700 on the first Store. `max_bytes` limits the total size of all
  // files; the least recently used ones are removed.
  explicit DatabaseCache(std::string folder, std::size_t max_bytes = kMaxBytes);

  // `key` identifies everything that the database depends on; it may have any length.
  std::optional<std::string> Load(absl::string_view key) const;
  // Log an error at most: nothing depends on the cache.
  absl::Status Store(absl::string_view key, absl::string_view database) const;

 private:
  std::string FilePath(absl::string_view key) const;
  void RemoveOldest() const;

  const std::string folder_;
  const std::size_t max_bytes_;
};

}  // namespace countersign::text::regex
