#include "services/authn/testing/used_assertions_memory.h"

#include "services/authn/testing/used_assertions_contract.h"

namespace countersign::authn::testing {
namespace {

class MemoryUnderTest {
 public:
  assertions::UsedAssertions& store() { return store_; }

 private:
  MemoryUsedAssertions store_;
};

}  // namespace

AUTHN_USED_ASSERTIONS_CONTRACT("MemoryUsedAssertions", MemoryUnderTest)

}  // namespace countersign::authn::testing
