#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/authn/access_keys/key_store.h"

// What every KeyStore must do. `store` is empty.
namespace countersign::authn::testing {

inline const absl::Time kStart = absl::FromUnixMicros(1'700'000'000'123'456);

inline access_keys::KeyRecord AKey(const std::string& id,
                                   absl::Duration age = absl::ZeroDuration()) {
  access_keys::KeyRecord key;
  key.id = id;
  key.identity = "ci";
  key.created_by = "admin";
  key.created_at = kStart + age;
  return key;
}

inline std::string AHash(const std::string& of) {
  std::string hash(32, '\xfe');
  hash.replace(0, of.size(), of);
  hash[31] = '\0';
  return hash;
}

inline void CheckFinding(access_keys::KeyStore& store) {
  access_keys::KeyRecord key = AKey("a");
  key.expires_at = kStart + absl::Hours(1);
  key.identity_version = 7;
  REQUIRE(store.Insert(key, AHash("a")).ok());
  REQUIRE(store.Insert(AKey("b"), AHash("b")).ok());

  const auto found = store.FindByHash(AHash("a"));
  REQUIRE(found.ok());
  CHECK(found->id == "a");
  CHECK(found->identity == "ci");
  CHECK(found->identity_version == 7);
  CHECK(found->created_by == "admin");
  CHECK(found->created_at == kStart);
  CHECK(found->expires_at == kStart + absl::Hours(1));
  CHECK(found->revoked_at == absl::InfiniteFuture());
  CHECK(store.FindByHash(AHash("b"))->expires_at == absl::InfiniteFuture());
  CHECK(absl::IsNotFound(store.FindByHash(AHash("c")).status()));
  CHECK(absl::IsNotFound(store.FindByHash("").status()));
  CHECK(store.FindById("a")->identity_version == 7);
  CHECK(store.FindById("b")->id == "b");
  CHECK(absl::IsNotFound(store.FindById("c").status()));
}

inline void CheckUniqueness(access_keys::KeyStore& store) {
  REQUIRE(store.Insert(AKey("a"), AHash("a")).ok());
  CHECK(absl::IsAlreadyExists(store.Insert(AKey("a"), AHash("b"))));
  CHECK(absl::IsAlreadyExists(store.Insert(AKey("b"), AHash("a"))));
  REQUIRE(store.Revoke("a", kStart).ok());
  CHECK(absl::IsAlreadyExists(store.Insert(AKey("b"), AHash("a"))));
  CHECK(store.FindByHash(AHash("a"))->id == "a");
}

inline void CheckRevoking(access_keys::KeyStore& store) {
  REQUIRE(store.Insert(AKey("a"), AHash("a")).ok());
  REQUIRE(store.Insert(AKey("b"), AHash("b")).ok());
  const auto first = store.Revoke("a", kStart + absl::Minutes(1));
  REQUIRE(first.ok());
  CHECK(first->revoked_at == kStart + absl::Minutes(1));
  const auto again = store.Revoke("a", kStart + absl::Minutes(2));
  REQUIRE(again.ok());
  CHECK(again->revoked_at == kStart + absl::Minutes(1));
  CHECK(store.FindById("a")->StateAt(kStart) == access_keys::KeyState::kRevoked);
  CHECK(store.FindByHash(AHash("a"))->StateAt(kStart) == access_keys::KeyState::kRevoked);
  CHECK(store.FindByHash(AHash("b"))->StateAt(kStart) == access_keys::KeyState::kActive);
  CHECK(absl::IsNotFound(store.Revoke("c", kStart).status()));
}

inline void CheckListing(access_keys::KeyStore& store) {
  CHECK(store.List(10, "")->items.empty());
  // Two keys were created in the same microsecond.
  const std::vector<std::string> ids = {"c", "a", "b", "e", "d"};
  const std::vector<int> ages = {0, 1, 1, 2, 3};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    REQUIRE(store.Insert(AKey(ids[i], absl::Microseconds(ages[i])), AHash(ids[i])).ok());
  }
  for (const std::size_t page_size : {1u, 2u, 3u, 5u, 100u}) {
    std::vector<std::string> seen;
    std::string token;
    do {
      const auto page = store.List(page_size, token);
      REQUIRE(page.ok());
      CHECK(page->items.size() <= page_size);
      REQUIRE_FALSE(page->items.empty());
      for (const access_keys::KeyRecord& key : page->items) seen.push_back(key.id);
      token = page->next_page_token;
    } while (!token.empty());
    CHECK(seen == ids);
  }
  for (const char* token : {"x", "1", "-a", "1x-a", "99999999999999999999-a"}) {
    CHECK(absl::IsInvalidArgument(store.List(1, token).status()));
  }
}

}  // namespace countersign::authn::testing

// One test per clause. `fixture` has a method store().
#define AUTHN_KEY_STORE_CONTRACT(name, fixture)                                   \
  TEST_CASE(name ": finds keys by their hash", "[authn]") {                       \
    fixture under_test;                                                           \
    countersign::authn::testing::CheckFinding(under_test.store());                \
  }                                                                               \
  TEST_CASE(name ": ids and hashes are taken for ever", "[authn]") {              \
    fixture under_test;                                                           \
    countersign::authn::testing::CheckUniqueness(under_test.store());             \
  }                                                                               \
  TEST_CASE(name ": a key is revoked once and keeps the first time", "[authn]") { \
    fixture under_test;                                                           \
    countersign::authn::testing::CheckRevoking(under_test.store());               \
  }                                                                               \
  TEST_CASE(name ": pages hold every key once, oldest first", "[authn]") {        \
    fixture under_test;                                                           \
    countersign::authn::testing::CheckListing(under_test.store());                \
  }
