#include "libs/text/regex/database_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/crypto/hash.h"

namespace countersign::text::regex {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kMagic = "countersign patterns 1\n";
constexpr std::size_t kDigestBytes = 32;
constexpr char kExtension[] = ".hsdb";

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", what, " ", path));
}

bool WriteAll(int file, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

DatabaseCache::DatabaseCache(std::string folder, std::size_t max_bytes)
    : folder_(std::move(folder)), max_bytes_(max_bytes) {}

std::string DatabaseCache::FilePath(absl::string_view key) const {
  return absl::StrCat(folder_, "/", absl::BytesToHexString(crypto::Sha256(key)), kExtension);
}

std::optional<std::string> DatabaseCache::Load(absl::string_view key) const {
  const std::string path = FilePath(key);
  std::error_code error;
  if (const auto size = fs::file_size(path, error); error || size > max_bytes_) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  const std::size_t head = kMagic.size() + kDigestBytes;
  if (!file || content.size() < head || content.compare(0, kMagic.size(), kMagic.data()) != 0) {
    return std::nullopt;
  }
  std::string database = content.substr(head);
  if (crypto::Sha256(database) != content.substr(kMagic.size(), kDigestBytes)) return std::nullopt;
  // Marks the file as used; a failure does not matter.
  fs::last_write_time(path, fs::file_time_type::clock::now(), error);
  return database;
}

absl::Status DatabaseCache::Store(absl::string_view key, absl::string_view database) const {
  if (database.size() > max_bytes_ / 2) {
    return absl::ResourceExhaustedError("the database is too large for its cache");
  }
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return Failed("make", folder_);
  std::string path = folder_ + "/new-XXXXXX";
  const int file = ::mkstemp(path.data());  // of mode 0600
  if (file < 0) return Failed("write to", folder_);
  const std::string digest = crypto::Sha256(database);
  const bool written = WriteAll(file, kMagic) && WriteAll(file, digest) && WriteAll(file, database);
  const bool closed = ::fsync(file) == 0 && ::close(file) == 0;
  if (!written || !closed || std::rename(path.c_str(), FilePath(key).c_str()) != 0) {
    const absl::Status failed = Failed("write", path);
    ::unlink(path.c_str());
    return failed;
  }
  RemoveOldest();
  return absl::OkStatus();
}

void DatabaseCache::RemoveOldest() const {
  struct Entry {
    fs::file_time_type used;
    std::uintmax_t size = 0;
    fs::path path;
  };
  std::vector<Entry> entries;
  std::uintmax_t total = 0;
  std::error_code error;
  for (const fs::directory_entry& file : fs::directory_iterator(folder_, error)) {
    if (file.path().extension() != kExtension) continue;
    std::error_code gone;  // another process may have removed it already
    const Entry entry{file.last_write_time(gone), file.file_size(gone), file.path()};
    if (gone) continue;
    total += entry.size;
    entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= max_bytes_) return;
    fs::remove(entry.path, error);
    total -= entry.size;
  }
}

}  // namespace countersign::text::regex
