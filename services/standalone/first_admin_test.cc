#include "services/standalone/first_admin.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "libs/testing/fake_clock.h"
#include "libs/testing/temporary_folder.h"
#include "services/authn/testing/key_store_memory.h"

namespace countersign::standalone {
namespace {

using countersign::testing::FileMode;
using countersign::testing::ReadFile;
using countersign::testing::WriteFile;

struct Fixture {
  absl::Status Ensure() { return EnsureFirstAdmin(file, store, hasher, clock, random); }
  std::size_t keys() { return store.List(10, "")->items.size(); }
  absl::StatusOr<authn::access_keys::KeyRecord> InFile() {
    std::string key = ReadFile(file);
    if (!key.empty()) key.pop_back();  // the newline
    return store.FindByHash(hasher.Hash(SecretString(key)));
  }

  countersign::testing::TemporaryFolder folder;
  const std::string file = folder / "admin.key";
  authn::testing::MemoryKeyStore store;
  authn::access_keys::KeyHasher hasher{SecretString(std::string(32, 'k'))};
  countersign::testing::FakeClock clock;
  SystemRandom random;
};

TEST_CASE_METHOD(Fixture, "EnsureFirstAdmin: the file holds a key of the administrator",
                 "[standalone]") {
  REQUIRE(Ensure().ok());
  const auto key = InFile();
  REQUIRE(key.ok());
  CHECK(key->identity == "admin");
  CHECK(FileMode(file) == 0600);
  CHECK(ReadFile(file).back() == '\n');
  CHECK_FALSE(std::filesystem::exists(file + ".new"));
}

TEST_CASE_METHOD(Fixture, "EnsureFirstAdmin: a later start keeps the key", "[standalone]") {
  REQUIRE(Ensure().ok());
  const std::string before = ReadFile(file);
  REQUIRE(Ensure().ok());
  CHECK(ReadFile(file) == before);
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "EnsureFirstAdmin: a key that the store does not know is replaced",
                 "[standalone]") {
  WriteFile(file, "cs_of_another_installation\n");
  REQUIRE(Ensure().ok());
  CHECK(InFile().ok());
  CHECK(FileMode(file) == 0600);
}

TEST_CASE_METHOD(Fixture, "EnsureFirstAdmin: an empty file is replaced", "[standalone]") {
  WriteFile(file, "");
  REQUIRE(Ensure().ok());
  CHECK(InFile().ok());
}

TEST_CASE_METHOD(Fixture, "EnsureFirstAdmin: a revoked key stays revoked", "[standalone]") {
  REQUIRE(Ensure().ok());
  REQUIRE(store.Revoke(InFile()->id, clock.Now()).ok());
  const std::string before = ReadFile(file);
  REQUIRE(Ensure().ok());
  CHECK(ReadFile(file) == before);
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "EnsureFirstAdmin: what a crash left of a draft is replaced",
                 "[standalone]") {
  WriteFile(file + ".new", "half");
  REQUIRE(Ensure().ok());
  CHECK(InFile().ok());
}

TEST_CASE_METHOD(Fixture, "EnsureFirstAdmin: a folder that is missing is an error",
                 "[standalone]") {
  const absl::Status status =
      EnsureFirstAdmin(folder / "none/admin.key", store, hasher, clock, random);
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace countersign::standalone
