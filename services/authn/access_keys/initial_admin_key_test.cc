#include "services/authn/access_keys/initial_admin_key.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "libs/testing/fake_clock.h"
#include "libs/testing/temporary_folder.h"
#include "services/authn/access_keys/first_admin_keys.h"
#include "services/authn/testing/key_store_memory.h"

namespace countersign::authn::access_keys {
namespace {

constexpr char kKey[] = "cs_admin_0123456789abcdef0123456789abcdef";

struct Fixture {
  InitialAdminKey At(const std::string& path) { return {path, store, hasher, clock, random}; }
  std::string Write(const std::string& content) {
    std::ofstream(folder / "admin.key") << content;
    return folder / "admin.key";
  }
  absl::StatusOr<KeyRecord> Find() { return store.FindByHash(hasher.Hash(SecretString(kKey))); }
  std::size_t keys() { return store.List(10, "")->items.size(); }

  countersign::testing::TemporaryFolder folder;
  testing::MemoryKeyStore store;
  KeyHasher hasher{SecretString(std::string(32, 'k'))};
  countersign::testing::FakeClock clock;
  SystemRandom random;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "InitialAdminKey: the file's value is a key of the administrator",
                 "[authn]") {
  InitialAdminKey initial = At(Write(std::string(kKey) + "\n"));
  REQUIRE(initial.Ensure().ok());
  const auto record = Find();
  REQUIRE(record.ok());
  CHECK(record->identity == "admin");
  CHECK(record->created_by == "bootstrap");
}

TEST_CASE_METHOD(Fixture, "InitialAdminKey: other replicas and later starts add nothing",
                 "[authn]") {
  const std::string path = Write(kKey);
  InitialAdminKey first = At(path);
  InitialAdminKey second = At(path);
  REQUIRE(first.Ensure().ok());
  REQUIRE(first.Ensure().ok());
  REQUIRE(second.Ensure().ok());
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "InitialAdminKey: a revoked key stays revoked", "[authn]") {
  const std::string path = Write(kKey);
  InitialAdminKey first = At(path);
  REQUIRE(first.Ensure().ok());
  REQUIRE(store.Revoke(Find()->id, clock.Now()).ok());
  InitialAdminKey restarted = At(path);
  REQUIRE(restarted.Ensure().ok());
  CHECK(Find()->StateAt(clock.Now()) == KeyState::kRevoked);
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: one key is read and another written", "[authn]") {
  FirstAdminKeys both({folder / "written.key", Write(kKey)}, store, hasher, clock, random);
  REQUIRE(both.Ensure().ok());
  REQUIRE(both.Ensure().ok());
  CHECK(Find().ok());
  CHECK_FALSE(countersign::testing::ReadFile(folder / "written.key").empty());
  CHECK(keys() == 2);
}

TEST_CASE_METHOD(Fixture, "InitialAdminKey: without a path there is no key", "[authn]") {
  InitialAdminKey initial = At("");
  CHECK(initial.Ensure().ok());
  CHECK(keys() == 0);
}

TEST_CASE_METHOD(Fixture, "InitialAdminKey: unusable files are errors", "[authn]") {
  InitialAdminKey missing = At(folder / "missing");
  CHECK(absl::IsFailedPrecondition(missing.Ensure()));
  InitialAdminKey empty = At(Write(""));
  CHECK(absl::IsFailedPrecondition(empty.Ensure()));
  InitialAdminKey too_short = At(Write("short"));
  CHECK(absl::IsInvalidArgument(too_short.Ensure()));
  CHECK(keys() == 0);
}

}  // namespace countersign::authn::access_keys
