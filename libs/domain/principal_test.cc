#include "libs/domain/principal.h"

#include <catch2/catch.hpp>

namespace countersign::domain {

TEST_CASE("HasRole: a grant for one connection does not hold for another", "[domain]") {
  Principal principal;
  principal.roles = {{Role::kCaller, {"openai"}}};
  CHECK(HasRole(principal, Role::kCaller, "openai"));
  CHECK_FALSE(HasRole(principal, Role::kCaller, "other"));
  CHECK_FALSE(HasRole(principal, Role::kAdmin, "openai"));
  CHECK(HasRole(principal, Role::kCaller, ""));
}

TEST_CASE("HasRole: no principal has the role none", "[domain]") {
  Principal principal;
  principal.roles = {{Role::kNone, {}}};
  CHECK_FALSE(HasRole(principal, Role::kNone, ""));
}

TEST_CASE("SamePerson: empty identities are not equal", "[domain]") {
  Principal a, b;
  a.issuer = b.issuer = "https://idp";
  a.subject = "1";
  b.subject = "2";
  CHECK_FALSE(SamePerson(a, b));
  a.identity = b.identity = "alice";
  CHECK(SamePerson(a, b));
}

}  // namespace countersign::domain
