#include "services/authn/access_keys/admin_key_file.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/testing/fake_clock.h"
#include "libs/testing/temporary_folder.h"
#include "services/authn/testing/key_store_memory.h"

namespace countersign::authn::access_keys {
namespace {

using countersign::testing::ReadFile;

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
  AdminKeyFile At(const std::string& path) { return {path, store, hasher, clock, random}; }
  std::size_t keys() { return store.List(10, "")->items.size(); }

  countersign::testing::TemporaryFolder folder;
  AwayStore store;
  KeyHasher hasher{SecretString(std::string(32, 'k'))};
  countersign::testing::FakeClock clock;
  SystemRandom random;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "AdminKeyFile: holds a key that works, for its owner alone", "[authn]") {
  const std::string path = folder / "admin.key";
  AdminKeyFile file = At(path);
  REQUIRE(file.Ensure().ok());
  std::string key = ReadFile(path);
  REQUIRE(key.back() == '\n');
  key.pop_back();
  const auto record = store.FindByHash(hasher.Hash(SecretString(key)));
  REQUIRE(record.ok());
  CHECK(record->identity == "admin");
  CHECK(countersign::testing::FileMode(path) == 0600);
}

TEST_CASE_METHOD(Fixture, "AdminKeyFile: a second start makes no second key", "[authn]") {
  const std::string path = folder / "admin.key";
  AdminKeyFile first = At(path);
  REQUIRE(first.Ensure().ok());
  const std::string key = ReadFile(path);
  REQUIRE(first.Ensure().ok());
  AdminKeyFile second = At(path);
  REQUIRE(second.Ensure().ok());
  CHECK(ReadFile(path) == key);
  CHECK(keys() == 1);
}

TEST_CASE_METHOD(Fixture, "AdminKeyFile: is written once the store is back", "[authn]") {
  AdminKeyFile file = At(folder / "admin.key");
  store.away = true;
  CHECK(absl::IsUnavailable(file.Ensure()));
  CHECK(ReadFile(folder / "admin.key").empty());
  store.away = false;
  CHECK(file.Ensure().ok());
  CHECK_FALSE(ReadFile(folder / "admin.key").empty());
}

TEST_CASE_METHOD(Fixture, "AdminKeyFile: without a path there is no key", "[authn]") {
  AdminKeyFile file = At("");
  CHECK(file.Ensure().ok());
  CHECK(keys() == 0);
}

TEST_CASE_METHOD(Fixture, "AdminKeyFile: a place that cannot be written is an error", "[authn]") {
  AdminKeyFile file = At(folder / "missing/admin.key");
  CHECK_FALSE(file.Ensure().ok());
}

}  // namespace countersign::authn::access_keys
