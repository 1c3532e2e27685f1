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

TEST_CASE("HasRole: a grant without connections holds for all", "[domain]") {
  Principal principal;
  principal.roles = {{Role::kReviewer, {}}, {Role::kCaller, {"a", "b"}}};
  CHECK(HasRole(principal, Role::kReviewer, "anything"));
  CHECK(HasRole(principal, Role::kCaller, "b"));
  CHECK_FALSE(HasRole(principal, Role::kCaller, "A"));
  CHECK_FALSE(HasRole(Principal(), Role::kCaller, ""));
}

TEST_CASE("SamePerson: equal issuer and subject, whatever the identities", "[domain]") {
  Principal a, b;
  a.issuer = b.issuer = "https://idp";
  a.subject = b.subject = "1";
  a.identity = "alice";
  CHECK(SamePerson(a, b));
  b.issuer = "https://other";  // the same subject of another issuer is somebody else
  CHECK_FALSE(SamePerson(a, b));
  b.identity = "Alice";
  CHECK_FALSE(SamePerson(a, b));
}

TEST_CASE("DisplayName: the identity, or else issuer and subject", "[domain]") {
  Principal principal;
  principal.issuer = "https://idp";
  principal.subject = "u#1";
  CHECK(principal.DisplayName() == "https://idp#u#1");
  principal.identity = "alice";
  CHECK(principal.DisplayName() == "alice");
}

TEST_CASE("IdentityKind, Role: every value survives conversion to text; others are the closed one",
          "[domain]") {
  for (int i = 1; i <= static_cast<int>(IdentityKind::kAgent); ++i) {
    const auto kind = static_cast<IdentityKind>(i);
    CHECK_FALSE(ToString(kind).empty());
    CHECK(IdentityKindFromString(ToString(kind)) == kind);
  }
  for (int i = 1; i <= static_cast<int>(Role::kCaller); ++i) {
    const auto role = static_cast<Role>(i);
    CHECK_FALSE(ToString(role).empty());
    CHECK(RoleFromString(ToString(role)) == role);
  }
  for (const char* text : {"", "Human", "Admin", "root", "none", "admin "}) {
    CHECK(IdentityKindFromString(text) == IdentityKind::kUnspecified);
    CHECK(RoleFromString(text) == Role::kNone);
  }
}

}  // namespace countersign::domain
