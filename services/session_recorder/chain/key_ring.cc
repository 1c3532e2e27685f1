#include "services/session_recorder/chain/key_ring.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/seal.h"

namespace countersign::session_recorder::chain {
namespace {

std::string Context(absl::string_view session_id, absl::string_view key_id) {
  return LengthPrefixed().Add("countersign session key").Add(session_id).Add(key_id).bytes();
}

absl::StatusOr<SecretString> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return SecretString(std::string(std::istreambuf_iterator<char>(file), {}));
}

// Writes a new file that only its owner can read; also OK when another process created it first.
absl::Status CreateFile(const std::string& path, const SecretString& content) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    if (errno == EEXIST) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot create ", path));
  }
  const std::string& bytes = content.Reveal();
  const bool written =
      write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
      fsync(file) == 0;
  close(file);
  if (written) return absl::OkStatus();
  unlink(path.c_str());
  return absl::InternalError(absl::StrCat("cannot write ", path));
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

absl::StatusOr<std::vector<FileKeyRing::Key>> FileKeyRing::Parse(const std::string& path,
                                                                 const std::string& text) {
  std::vector<Key> keys;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::pair<std::string, std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    auto bytes = Base64UrlDecode(words.second);
    if (words.first.empty() || !bytes.ok() || bytes->size() != crypto::kSealKeyBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": expected an id and 32 bytes as base64url"));
    }
    keys.push_back({words.first, SecretString(*std::move(bytes))});
  }
  if (keys.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": contains no key"));
  return keys;
}

absl::StatusOr<std::unique_ptr<FileKeyRing>> FileKeyRing::Load(const std::string& path,
                                                               RandomSource& random) {
  CS_ASSIGN_OR_RETURN(const SecretString text, ReadFile(path));
  CS_ASSIGN_OR_RETURN(std::vector<Key> keys, Parse(path, text.Reveal()));
  return std::unique_ptr<FileKeyRing>(new FileKeyRing(std::move(keys), random));
}

absl::StatusOr<std::unique_ptr<FileKeyRing>> FileKeyRing::LoadOrCreate(const std::string& path,
                                                                       RandomSource& random) {
  if (!Exists(path)) {
    const SecretString line(
        absl::StrCat("kek-1 ", Base64UrlEncode(random.Bytes(crypto::kSealKeyBytes)), "\n"));
    CS_RETURN_IF_ERROR(CreateFile(path, line));
  }
  return Load(path, random);
}

WrappedKey FileKeyRing::Wrap(absl::string_view session_id, const SecretString& data_key) {
  const Key& key = keys_.front();
  return {key.id, crypto::Seal(key.bytes, Context(session_id, key.id), data_key.Reveal(), random_)};
}

absl::StatusOr<SecretString> FileKeyRing::Unwrap(absl::string_view session_id,
                                                 const WrappedKey& wrapped) {
  for (const Key& key : keys_) {
    if (key.id != wrapped.key_id) continue;
    CS_ASSIGN_OR_RETURN(std::string data_key,
                        crypto::Open(key.bytes, Context(session_id, key.id), wrapped.bytes));
    return SecretString(std::move(data_key));
  }
  return absl::NotFoundError(absl::StrCat("key ", wrapped.key_id, " is not in the key file"));
}

absl::StatusOr<crypto::SigningKey> LoadOrCreateSigningKey(const std::string& path) {
  if (!Exists(path)) {
    const crypto::SigningKey made = crypto::SigningKey::Generate();
    const SecretString line(absl::StrCat(Base64UrlEncode(made.seed().Reveal()), "\n"));
    CS_RETURN_IF_ERROR(CreateFile(path, line));
  }
  CS_ASSIGN_OR_RETURN(const SecretString text, ReadFile(path));
  const absl::string_view line = text.Reveal();
  auto seed = Base64UrlDecode(line.substr(0, line.find('\n')));
  if (!seed.ok()) return Annotate(seed.status(), path);
  auto key = crypto::SigningKey::FromSeed(SecretString(*std::move(seed)));
  if (!key.ok()) return Annotate(key.status(), path);
  return key;
}

absl::StatusOr<FolderKeys> LoadOrCreateKeys(const std::string& folder, RandomSource& random) {
  CS_ASSIGN_OR_RETURN(auto ring, FileKeyRing::LoadOrCreate(folder + "/record.keys", random));
  CS_ASSIGN_OR_RETURN(crypto::SigningKey signing,
                      LoadOrCreateSigningKey(folder + "/checkpoint.key"));
  return FolderKeys{std::move(ring), std::move(signing)};
}

}  // namespace countersign::session_recorder::chain
