#include "services/session_recorder/exports/checkpoint_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "services/session_recorder/exports/export_format.h"

namespace countersign::session_recorder::exports {
namespace {

absl::Status WriteDurably(const std::string& path, const std::string& bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", path));
  const bool written =
      write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
      fsync(file) == 0;
  const int error = errno;
  close(file);
  return written ? absl::OkStatus()
                 : absl::ErrnoToStatus(error, absl::StrCat("cannot write ", path));
}

// A rename is durable after its folder is synced.
absl::Status SyncParentFolder(const std::string& path) {
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", folder));
  const bool synced = fsync(file) == 0;
  const int error = errno;
  close(file);
  return synced ? absl::OkStatus()
                : absl::ErrnoToStatus(error, absl::StrCat("cannot sync ", folder));
}

absl::Status ReplaceFile(const std::string& path, const std::string& bytes) {
  const std::string fresh = absl::StrCat(path, ".new");
  CS_RETURN_IF_ERROR(WriteDurably(fresh, bytes));
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot replace ", path));
  }
  return SyncParentFolder(path);
}

}  // namespace

absl::StatusOr<std::optional<chain::Checkpoint>> CheckpointFile::Read() {
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) {
    if (error) return absl::UnavailableError(absl::StrCat("cannot read ", path_));
    return std::nullopt;
  }
  std::ifstream file(path_, std::ios::binary);
  if (!file) return absl::UnavailableError(absl::StrCat("cannot read ", path_));
  std::string text(std::istreambuf_iterator<char>(file), {});
  absl::string_view line = text;
  auto checkpoint = ParseCheckpoint(absl::StripSuffix(line, "\n"));
  if (!checkpoint.ok() || !chain::SignatureIsValid(*checkpoint)) {
    return absl::DataLossError(absl::StrCat(path_, " has no signed checkpoint"));
  }
  return std::optional<chain::Checkpoint>(*std::move(checkpoint));
}

absl::StatusOr<std::optional<chain::Checkpoint>> CheckpointFile::Newest() {
  const MutexLock lock(mutex_);
  return Read();
}

absl::Status CheckpointFile::Publish(const chain::Checkpoint& checkpoint) {
  const MutexLock lock(mutex_);
  CS_ASSIGN_OR_RETURN(const auto known, Read());
  if (known && known->number >= checkpoint.number) return absl::OkStatus();
  chain::Checkpoint published = checkpoint;
  published.heads.clear();
  return ReplaceFile(path_, CheckpointLine(published) + "\n");
}

CheckpointFiles::CheckpointFiles(std::vector<std::string> published, std::string newest) {
  published.push_back(std::move(newest));
  for (std::string& path : published) {
    files_.push_back(std::make_unique<CheckpointFile>(std::move(path)));
  }
}

std::vector<chain::CheckpointSink*> CheckpointFiles::sinks() const {
  std::vector<chain::CheckpointSink*> sinks;
  for (const auto& file : files_) sinks.push_back(file.get());
  return sinks;
}

KeptCheckpoint Keep(const chain::Checkpoint& checkpoint) {
  return {checkpoint.number, chain::CheckpointHash(checkpoint)};
}

std::string ToText(const KeptCheckpoint& kept) {
  return absl::StrCat(kept.number, ":", HexEncode(kept.hash));
}

absl::StatusOr<KeptCheckpoint> ReadKeptCheckpoint(absl::string_view text) {
  text = absl::StripSuffix(text, "\n");
  if (LineType(text) == "checkpoint") {
    auto checkpoint = ParseCheckpoint(text);
    if (checkpoint.ok() && chain::SignatureIsValid(*checkpoint)) return Keep(*checkpoint);
    return absl::InvalidArgumentError("the checkpoint's signature is not valid");
  }
  const std::vector<std::string> words = absl::StrSplit(text, ':');
  KeptCheckpoint kept;
  if (words.size() == 2 && absl::SimpleAtoi(words[0], &kept.number) && kept.number > 0) {
    const auto hash = HexDecode(words[1]);
    if (hash.ok() && hash->size() == 32) {
      kept.hash = *hash;
      return kept;
    }
  }
  return absl::InvalidArgumentError("neither NUMBER:HASH nor a published checkpoint");
}

}  // namespace countersign::session_recorder::exports
