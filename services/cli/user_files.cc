#include "services/cli/user_files.h"

#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "services/cli/output/output_file.h"

namespace countersign::cli {
namespace {

std::string Home() {
  const std::string own = Environment("COUNTERSIGN_HOME");
  if (!own.empty()) return own;
  const std::string home = Environment("HOME");
  return absl::StrCat(home.empty() ? "/tmp" : home, "/.countersign");
}

std::string MakeFileName(const LengthPrefixed& fields) {
  return HexEncode(crypto::Sha256(fields.bytes())).substr(0, 32);
}

// One file per review, so that several terminals can show and approve at the same time.
std::string ShownPath(absl::string_view url, absl::string_view id) {
  return absl::StrCat(Home(), "/shown/", MakeFileName(LengthPrefixed().Add(url).Add(id)));
}

}  // namespace

std::string ConfigPath() {
  const std::string own = Environment("COUNTERSIGN_CONFIG");
  return own.empty() ? absl::StrCat(Home(), "/config") : own;
}

absl::Status RememberShown(absl::string_view url, absl::string_view id, absl::string_view hash) {
  const std::string path = ShownPath(url, id);
  CS_RETURN_IF_ERROR(MakeUserFolder(path));
  return WriteFile(path, hash);
}

std::string ShownHash(absl::string_view url, absl::string_view id) {
  const absl::StatusOr<std::string> hash = ReadFile(ShownPath(url, id));
  return hash.ok() ? *hash : std::string();
}

std::string LoginPath(absl::string_view url) {
  return absl::StrCat(Home(), "/logins/", MakeFileName(LengthPrefixed().Add(url)));
}

absl::Status MakeUserFolder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (std::filesystem::create_directories(folder, error)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  if (error) {
    return absl::UnknownError(
        absl::StrCat("cannot create ", folder.string(), ": ", error.message()));
  }
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, absl::string_view content) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<output::OutputFile> file,
                      output::OutputFile::Open(path));
  CS_RETURN_IF_ERROR(file->Write(content));
  return file->Finish();
}

}  // namespace countersign::cli
