#include "services/cli/sessions/partial_export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/cli/output/output_file.h"
#include "services/cli/user_files.h"

namespace countersign::cli::sessions {

PartialExport::PartialExport(std::string path, std::string request)
    : path_(std::move(path)),
      request_(std::move(request)),
      digest_(std::make_unique<crypto::Sha256Stream>()) {}

PartialExport::~PartialExport() {
  if (file_ >= 0) close(file_);
}

std::string PartialExport::file_path() const { return absl::StrCat(path_, ".partial"); }
std::string PartialExport::state_path() const { return absl::StrCat(path_, ".partial.state"); }

absl::Status PartialExport::Error(absl::string_view what, int code) const {
  return absl::UnknownError(
      absl::StrCat("cannot ", what, " ", file_path(), ": ", std::strerror(code)));
}

absl::StatusOr<std::unique_ptr<PartialExport>> PartialExport::Open(const std::string& path,
                                                                   const std::string& request) {
  struct stat there {};
  if (lstat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is no regular file: an export to it cannot be resumed"));
  }
  std::unique_ptr<PartialExport> made(new PartialExport(path, request));
  made->file_ = open(made->file_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (made->file_ < 0) return made->Error("open", errno);
  CS_RETURN_IF_ERROR(made->Load());
  return made;
}

absl::Status PartialExport::Load() {
  const absl::StatusOr<std::string> content = ReadFile(state_path());
  if (absl::IsNotFound(content.status())) return Restart();
  CS_RETURN_IF_ERROR(content.status());
  const absl::StatusOr<json::Document> state = json::Document::Parse(*content);
  if (!state.ok() || state->root()["bytes"].integer().value_or(-1) < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(state_path(), " cannot be read; remove it to begin anew"));
  }
  if (state->root()["request"].text() != request_) {
    return absl::FailedPreconditionError(absl::StrCat(file_path(), " is of another export; remove ",
                                                      state_path(), " to begin anew"));
  }
  token_ = std::string(state->root()["nextPageToken"].text());
  bytes_ = static_cast<std::uint64_t>(*state->root()["bytes"].integer());
  return CheckBytes(state->root()["sha256"].text());
}

// Reads what is there, in pieces, so that what follows continues exactly that.
absl::Status PartialExport::CheckBytes(absl::string_view sha256) {
  std::string piece(1u << 20, '\0');
  for (std::uint64_t at = 0; at < bytes_;) {
    const std::size_t wanted = std::min<std::uint64_t>(piece.size(), bytes_ - at);
    const ssize_t got = pread(file_, piece.data(), wanted, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error("read", errno);
    if (got == 0) break;
    digest_->Add(absl::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    at += static_cast<std::uint64_t>(got);
  }
  if (HexEncode(digest_->Digest()) != sha256) {
    return absl::FailedPreconditionError(absl::StrCat(
        file_path(), " is not as it was written; remove ", state_path(), " to begin anew"));
  }
  return Cut();
}

absl::Status PartialExport::Cut() {
  if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0) return Error("write", errno);
  if (lseek(file_, 0, SEEK_END) < 0) return Error("write", errno);
  return absl::OkStatus();
}

absl::Status PartialExport::Restart() {
  token_.clear();
  bytes_ = 0;
  digest_ = std::make_unique<crypto::Sha256Stream>();
  (void)unlink(state_path().c_str());
  return Cut();
}

absl::Status PartialExport::Append(absl::string_view piece, absl::string_view next_token) {
  if (const int code = output::WriteFully(file_, piece); code != 0) return Error("write", code);
  digest_->Add(piece);
  bytes_ += piece.size();
  token_ = std::string(next_token);
  json::Writer state;
  state.BeginObject().Key("request").String(request_).Key("nextPageToken").String(token_);
  state.Key("bytes").Int(static_cast<std::int64_t>(bytes_));
  state.Key("sha256").String(HexEncode(digest_->Digest())).EndObject();
  // The bytes must be stored before the state that counts them.
  if (fsync(file_) != 0) return Error("write", errno);
  return WriteFile(state_path(), state.str());
}

absl::Status PartialExport::Finish() {
  if (fsync(file_) != 0) return Error("write", errno);
  if (close(std::exchange(file_, -1)) != 0) return Error("write", errno);
  if (rename(file_path().c_str(), path_.c_str()) != 0) return Error("move", errno);
  (void)unlink(state_path().c_str());
  return absl::OkStatus();
}

}  // namespace countersign::cli::sessions
