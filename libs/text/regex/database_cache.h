#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace countersign::text::regex {

// Compiled databases kept in a folder between runs, so that a start does not compile again what the
// last one did. What cannot be read, is damaged or is of another engine is not there; whoever asks
// compiles. Files have mode 0600, are written whole or not at all, and carry the SHA-256 of their
// content. Whoever can write to the folder is trusted as the process is. Thread-safe, also between
// processes.
class DatabaseCache {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

  // The folder is made with mode 0700 when something is stored. `max_bytes`: those of all files
  // together; the ones that were not used for the longest time go.
  explicit DatabaseCache(std::string folder, std::size_t max_bytes = kMaxBytes);

  // `key`: what stands for everything that the database depends on; of any length.
  std::optional<std::string> Load(absl::string_view key) const;
  // An error is worth a line in a log at most: nothing depends on it.
  absl::Status Store(absl::string_view key, absl::string_view database) const;

 private:
  std::string FilePath(absl::string_view key) const;
  void RemoveOldest() const;

  const std::string folder_;
  const std::size_t max_bytes_;
};

}  // namespace countersign::text::regex
