#include "services/authn/access_keys/access_key.h"

#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::authn::access_keys {

TEST_CASE("MakeAccessKey: keys contain their id, are long, and differ", "[authn]") {
  SystemRandom random;
  std::set<std::string> ids;
  std::set<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    const FreshKey fresh = MakeAccessKey(random);
    const std::string& key = fresh.key.Reveal();
    CHECK(absl::StartsWith(key, absl::StrCat("cs_", fresh.id, "_")));
    CHECK(fresh.id.size() == 12);
    CHECK(key.size() == 3 + 12 + 1 + 43);
    CHECK(CheckAdoptedKey(fresh.key).ok());  // a generated key can be adopted elsewhere
    ids.insert(fresh.id);
    keys.insert(key);
  }
  CHECK(ids.size() == 1000);
  CHECK(keys.size() == 1000);
}

TEST_CASE("CheckAdoptedKey: 16 to 4096 printable characters without spaces", "[authn]") {
  CHECK(CheckAdoptedKey(SecretString("sk-proj-abcdefgh")).ok());
  CHECK(CheckAdoptedKey(SecretString(std::string(4096, 'k'))).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString("sk-proj-abcdefg")).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString(std::string(4097, 'k'))).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString("sk-proj-abcdefgh with space")).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString("sk-proj-abcdefgh\n")).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString("sk-proj-abcdefgh\xc3\xa4")).ok());
  const absl::Status refused = CheckAdoptedKey(SecretString("hunter2 hunter2 hunter2"));
  CHECK_FALSE(absl::StrContains(refused.message(), "hunter2"));
}

TEST_CASE("KeyHasher: the hash depends on the key and the secret", "[authn]") {
  const KeyHasher hasher(SecretString(std::string(32, 'a')));
  const KeyHasher other(SecretString(std::string(32, 'b')));
  const SecretString key("cs_aaaaaaaaaaaa_secret");
  CHECK(hasher.Hash(key) == hasher.Hash(key));
  CHECK(hasher.Hash(key).size() == 32);
  CHECK(hasher.Hash(key) != other.Hash(key));
  CHECK(hasher.Hash(key) != hasher.Hash(SecretString("cs_aaaaaaaaaaaa_Secret")));
}

}  // namespace countersign::authn::access_keys
