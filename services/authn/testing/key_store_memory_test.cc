#include "services/authn/testing/key_store_memory.h"

#include "services/authn/testing/key_store_contract.h"

namespace countersign::authn::testing {
namespace {

class MemoryUnderTest {
 public:
  access_keys::KeyStore& store() { return store_; }

 private:
  MemoryKeyStore store_;
};

}  // namespace

AUTHN_KEY_STORE_CONTRACT("MemoryKeyStore", MemoryUnderTest)

TEST_CASE("KeyRecord: expires at its time, and revocation outranks expiry", "[authn]") {
  access_keys::KeyRecord key = testing::AKey("a");
  CHECK(key.StateAt(testing::kStart + absl::Hours(100'000)) == access_keys::KeyState::kActive);
  key.expires_at = testing::kStart + absl::Seconds(10);
  CHECK(key.StateAt(testing::kStart + absl::Seconds(9)) == access_keys::KeyState::kActive);
  CHECK(key.StateAt(testing::kStart + absl::Seconds(10)) == access_keys::KeyState::kExpired);
  key.revoked_at = testing::kStart;
  CHECK(key.StateAt(testing::kStart + absl::Seconds(10)) == access_keys::KeyState::kRevoked);
}

}  // namespace countersign::authn::testing
