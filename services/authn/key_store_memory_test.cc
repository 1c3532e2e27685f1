#include "services/authn/key_store_memory.h"

#include "services/authn/key_store_contract.h"

namespace countersign::authn {
namespace {

class MemoryUnderTest {
 public:
  KeyStore& store() { return store_; }

 private:
  MemoryKeyStore store_;
};

}  // namespace

AUTHN_KEY_STORE_CONTRACT("MemoryKeyStore", MemoryUnderTest)

TEST_CASE("KeyRecord: expires at its time, and revocation outranks expiry", "[authn]") {
  KeyRecord key = contract::AKey("a");
  CHECK(key.StateAt(contract::kStart + absl::Hours(100'000)) == KeyState::kActive);
  key.expires_at = contract::kStart + absl::Seconds(10);
  CHECK(key.StateAt(contract::kStart + absl::Seconds(9)) == KeyState::kActive);
  CHECK(key.StateAt(contract::kStart + absl::Seconds(10)) == KeyState::kExpired);
  key.revoked_at = contract::kStart;
  CHECK(key.StateAt(contract::kStart + absl::Seconds(10)) == KeyState::kRevoked);
}

}  // namespace countersign::authn
