#include "services/authn/access_keys/first_admin_keys.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <thread>

#include "libs/testing/fake_clock.h"
#include "libs/testing/temporary_folder.h"
#include "services/authn/testing/key_store_memory.h"

namespace countersign::authn::access_keys {
namespace {

using countersign::testing::ReadFile;

constexpr char kKey[] = "cs_admin_0123456789abcdef0123456789abcdef";

// A store that is unavailable until `away` is cleared.
class AwayStore final : public KeyStore {
 public:
  absl::Status Insert(const KeyRecord& key, absl::string_view hash) override {
    if (away) return absl::UnavailableError("away");
    return store.Insert(key, hash);
  }
  absl::StatusOr<KeyRecord> FindByHash(absl::string_view hash) override {
    return store.FindByHash(hash);
  }
  absl::StatusOr<KeyRecord> FindById(const std::string& id) override { return store.FindById(id); }
  absl::StatusOr<KeyPage> List(std::size_t page_size, absl::string_view page_token) override {
    return store.List(page_size, page_token);
  }
  absl::StatusOr<KeyRecord> Revoke(const std::string& id, absl::Time now) override {
    return store.Revoke(id, now);
  }

  bool away = false;
  testing::MemoryKeyStore store;
};

struct Fixture {
  FirstAdminKeys Writing(const std::string& path) { return Make({path, ""}); }
  FirstAdminKeys Reading(const std::string& path) { return Make({"", path}); }
  FirstAdminKeys Make(const FirstAdminKeys::Files& files) {
    return {files, store, hasher, clock, random};
  }
  std::string Write(const std::string& content) {
    std::ofstream(folder / "given.key") << content;
    return folder / "given.key";
  }
  absl::StatusOr<KeyRecord> Find() { return store.FindByHash(hasher.Hash(SecretString(kKey))); }
  std::size_t keys() { return store.List(10, "")->items.size(); }

  countersign::testing::TemporaryFolder folder;
  AwayStore store;
  KeyHasher hasher{SecretString(std::string(32, 'k'))};
  countersign::testing::FakeClock clock;
  SystemRandom random;
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "FirstAdminKeys: the written file holds a key that works, for its owner alone",
                 "[authn]") {
  const std::string path = folder / "admin.key";
  FirstAdminKeys file = Writing(path);
  REQUIRE(file.Ensure().ok());
  std::string key = ReadFile(path);
  REQUIRE(key.back() == '\n');
  key.pop_back();
  const auto record = store.FindByHash(hasher.Hash(SecretString(key)));
  REQUIRE(record.ok());
  CHECK(record->identity == "admin");
  CHECK(countersign::testing::FileMode(path) == 0600);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: a second start writes no second key", "[authn]") {
  const std::string path = folder / "admin.key";
  FirstAdminKeys first = Writing(path);
  REQUIRE(first.Ensure().ok());
  const std::string key = ReadFile(path);
  REQUIRE(first.Ensure().ok());
  FirstAdminKeys second = Writing(path);
  REQUIRE(second.Ensure().ok());
  CHECK(ReadFile(path) == key);
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: the file is written once the store is back", "[authn]") {
  FirstAdminKeys file = Writing(folder / "admin.key");
  store.away = true;
  CHECK(absl::IsUnavailable(file.Ensure()));
  CHECK(ReadFile(folder / "admin.key").empty());
  store.away = false;
  CHECK(file.Ensure().ok());
  CHECK_FALSE(ReadFile(folder / "admin.key").empty());
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: the file is written without being asked for",
                 "[authn]") {
  FirstAdminKeys file = Writing(folder / "admin.key");
  file.Start();
  while (ReadFile(folder / "admin.key").empty()) std::this_thread::yield();
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: without a path no key is made", "[authn]") {
  FirstAdminKeys file = Writing("");
  CHECK(file.Ensure().ok());
  CHECK(keys() == 0);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: a place that cannot be written is an error", "[authn]") {
  FirstAdminKeys file = Writing(folder / "missing/admin.key");
  CHECK_FALSE(file.Ensure().ok());
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: the value that is read is a key of the administrator",
                 "[authn]") {
  FirstAdminKeys initial = Reading(Write(std::string(kKey) + "\n"));
  REQUIRE(initial.Ensure().ok());
  const auto record = Find();
  REQUIRE(record.ok());
  CHECK(record->identity == "admin");
  CHECK(record->created_by == "bootstrap");
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: other replicas and later starts add nothing",
                 "[authn]") {
  const std::string path = Write(kKey);
  FirstAdminKeys first = Reading(path);
  FirstAdminKeys second = Reading(path);
  REQUIRE(first.Ensure().ok());
  REQUIRE(first.Ensure().ok());
  REQUIRE(second.Ensure().ok());
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: a revoked key stays revoked", "[authn]") {
  const std::string path = Write(kKey);
  FirstAdminKeys first = Reading(path);
  REQUIRE(first.Ensure().ok());
  REQUIRE(store.Revoke(Find()->id, clock.Now()).ok());
  FirstAdminKeys restarted = Reading(path);
  REQUIRE(restarted.Ensure().ok());
  CHECK(Find()->StateAt(clock.Now()) == KeyState::kRevoked);
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: one key is read and another written", "[authn]") {
  FirstAdminKeys both = Make({folder / "written.key", Write(kKey)});
  REQUIRE(both.Ensure().ok());
  REQUIRE(both.Ensure().ok());
  CHECK(Find().ok());
  CHECK_FALSE(ReadFile(folder / "written.key").empty());
  CHECK(keys() == 2);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: without a path no key is read", "[authn]") {
  FirstAdminKeys initial = Reading("");
  CHECK(initial.Ensure().ok());
  CHECK(keys() == 0);
}

TEST_CASE_METHOD(Fixture, "FirstAdminKeys: unusable files are errors", "[authn]") {
  FirstAdminKeys missing = Reading(folder / "missing");
  CHECK(absl::IsFailedPrecondition(missing.Ensure()));
  FirstAdminKeys empty = Reading(Write(""));
  CHECK(absl::IsFailedPrecondition(empty.Ensure()));
  FirstAdminKeys too_short = Reading(Write("short"));
  CHECK(absl::IsInvalidArgument(too_short.Ensure()));
  CHECK(keys() == 0);
}

}  // namespace countersign::authn::access_keys
