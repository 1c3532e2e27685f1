#include "services/session_recorder/chain/key_ring.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"

namespace countersign::session_recorder::chain {
namespace {

struct Folder {
  Folder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string File(const std::string& content) const {
    std::ofstream(path + "/file") << content;
    return path + "/file";
  }
  std::string path = "/tmp/cs-keys-XXXXXX";
};

std::string Line(const std::string& id, char byte) {
  return absl::StrCat(id, " ", Base64UrlEncode(std::string(32, byte)), "\n");
}

const SecretString kDataKey(std::string(32, 'd'));

}  // namespace

TEST_CASE("FileKeyRing: creates its file once, readable by its owner only", "[session_recorder]") {
  Folder folder;
  SystemRandom random;
  const std::string path = folder.path + "/record.keys";
  CHECK(FileKeyRing::Load(path, random).status().code() == absl::StatusCode::kNotFound);
  const auto made = FileKeyRing::LoadOrCreate(path, random);
  REQUIRE(made.ok());
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const WrappedKey wrapped = (*made)->Wrap("s", kDataKey);
  const auto again = FileKeyRing::LoadOrCreate(path, random);
  REQUIRE(again.ok());
  CHECK((*again)->Unwrap("s", wrapped)->Reveal() == kDataKey.Reveal());
}

TEST_CASE("FileKeyRing: a wrapped key opens only for its session and with its KEK",
          "[session_recorder]") {
  Folder folder;
  SystemRandom random;
  const auto ring = FileKeyRing::Load(folder.File(Line("a", 'a')), random);
  REQUIRE(ring.ok());
  const WrappedKey wrapped = (*ring)->Wrap("s", kDataKey);
  CHECK((*ring)->Unwrap("t", wrapped).status().code() == absl::StatusCode::kDataLoss);
  CHECK((*ring)->Unwrap("s", {"b", wrapped.bytes}).status().code() == absl::StatusCode::kNotFound);
  const auto other = FileKeyRing::Load(folder.File(Line("a", 'b')), random);
  CHECK((*other)->Unwrap("s", wrapped).status().code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("FileKeyRing: the first line wraps, all lines open", "[session_recorder]") {
  Folder folder;
  SystemRandom random;
  const auto before = FileKeyRing::Load(folder.File(Line("old", 'a')), random);
  const WrappedKey wrapped = (*before)->Wrap("s", kDataKey);
  const auto after = FileKeyRing::Load(
      folder.File(absl::StrCat("# rotated\n", Line("new", 'b'), "\n", Line("old", 'a'))), random);
  REQUIRE(after.ok());
  CHECK((*after)->Unwrap("s", wrapped).ok());
  CHECK((*after)->Wrap("s", kDataKey).key_id == "new");
}

TEST_CASE("FileKeyRing: an error names the invalid line", "[session_recorder]") {
  Folder folder;
  SystemRandom random;
  for (const std::string& bad : {std::string(""), std::string("a"), std::string("a short"),
                                 absl::StrCat("# x\n", " ", Line("", 'a'))}) {
    INFO(bad);
    const auto ring = FileKeyRing::Load(folder.File(bad), random);
    CHECK(ring.status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("LoadOrCreateSigningKey: returns the same key again and refuses other content",
          "[session_recorder]") {
  Folder folder;
  const std::string path = folder.path + "/checkpoint.key";
  const auto made = LoadOrCreateSigningKey(path);
  REQUIRE(made.ok());
  CHECK(LoadOrCreateSigningKey(path)->public_key() == made->public_key());
  CHECK_FALSE(LoadOrCreateSigningKey(folder.File("nonsense")).ok());
  CHECK_FALSE(LoadOrCreateSigningKey(folder.path + "/no/such/folder").ok());
}

}  // namespace countersign::session_recorder::chain
