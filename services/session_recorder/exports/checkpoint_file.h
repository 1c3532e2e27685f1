#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/mutex.h"
#include "services/session_recorder/chain/checkpoint_sink.h"

namespace countersign::session_recorder::exports {

// The newest checkpoint as a file of one line, that of an export without heads (export_format.h).
// It contains no secrets and is readable by everybody (0644), so that it can be published: with a
// copy `verify --since` proves that a later export continues from there.
class CheckpointFile final : public chain::CheckpointSink {
 public:
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}

  std::string name() const override { return path_; }
  // Replaces the file atomically: after a crash it is the old or the new one.
  absl::Status Publish(const chain::Checkpoint& checkpoint) override;
  absl::StatusOr<std::optional<chain::Checkpoint>> Newest() override;

 private:
  absl::StatusOr<std::optional<chain::Checkpoint>> Read() CS_REQUIRES(mutex_);

  const std::string path_;
  Mutex mutex_;
};

// The files of one recorder: `newest` beside its key, and where else it is published.
class CheckpointFiles {
 public:
  CheckpointFiles(std::vector<std::string> published, std::string newest);

  std::vector<chain::CheckpointSink*> sinks() const;  // belong to this object

 private:
  std::vector<std::unique_ptr<CheckpointFile>> files_;
};

// A checkpoint kept by a user.
struct KeptCheckpoint {
  std::uint64_t number = 0;
  std::string hash;  // CheckpointHash, 32 raw bytes
};
KeptCheckpoint Keep(const chain::Checkpoint& checkpoint);

// "17:9f86d0…": for people.
std::string ToText(const KeptCheckpoint& kept);

// Reads what ToText writes, or the content of a CheckpointFile, whose signature must be valid.
// INVALID_ARGUMENT for anything else.
absl::StatusOr<KeptCheckpoint> ReadKeptCheckpoint(absl::string_view text);

}  // namespace countersign::session_recorder::exports
