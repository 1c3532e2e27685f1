#include "libs/domain/resources.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace countersign::domain {
namespace {

Principal Caller(const std::string& identity, const std::vector<std::string>& groups) {
  Principal principal;
  principal.identity = identity;
  principal.groups = groups;
  return principal;
}

// One binding for ann and the group `engineers` on two connections, one for the group `auditors` on
// all.
ResourceSet Bindings() {
  ResourceSet resources;
  RoleBinding& callers = resources.role_bindings["callers"];
  callers.role = Role::kCaller;
  callers.identities = {"ann"};
  callers.groups = {"engineers"};
  callers.connections = {"openai", "local"};
  RoleBinding& auditors = resources.role_bindings["auditors"];
  auditors.role = Role::kAuditor;
  auditors.groups = {"auditors"};
  return resources;
}

TEST_CASE("AddRoles: a binding names identities or groups", "[domain]") {
  const ResourceSet resources = Bindings();
  for (const Principal& given :
       {Caller("ann", {}), Caller("bob", {"engineers"}), Caller("", {"others", "engineers"})}) {
    Principal principal = given;
    AddRoles(resources, principal);
    REQUIRE(principal.roles.size() == 1);
    CHECK(HasRole(principal, Role::kCaller, "openai"));
    CHECK(HasRole(principal, Role::kCaller, "local"));
    CHECK_FALSE(HasRole(principal, Role::kCaller, "other"));
    CHECK_FALSE(HasRole(principal, Role::kAuditor, ""));
  }
}

TEST_CASE("AddRoles: a binding that names both for one caller gives its role once", "[domain]") {
  Principal principal = Caller("ann", {"engineers", "engineers"});
  AddRoles(Bindings(), principal);
  CHECK(principal.roles.size() == 1);
}

TEST_CASE("AddRoles: a binding without connections holds for every connection", "[domain]") {
  Principal principal = Caller("", {"auditors"});
  AddRoles(Bindings(), principal);
  CHECK(HasRole(principal, Role::kAuditor, "any"));
}

TEST_CASE("AddRoles: names are compared whole and by kind", "[domain]") {
  // A group with an identity's name, an identity with a group's name, other cases, parts.
  for (const Principal& given :
       {Caller("", {"ann"}), Caller("engineers", {}), Caller("Ann", {"Engineers"}),
        Caller("an", {"engineer"}), Caller("ann ", {"engineers "}), Caller("", {})}) {
    Principal principal = given;
    AddRoles(Bindings(), principal);
    CHECK(principal.roles.empty());
  }
}

TEST_CASE("AddRoles: a caller without an identity matches no binding of an empty name",
          "[domain]") {
  ResourceSet resources;
  resources.role_bindings["odd"].role = Role::kAdmin;
  resources.role_bindings["odd"].identities = {""};
  Principal principal = Caller("", {});
  AddRoles(resources, principal);
  CHECK(principal.roles.empty());
}

TEST_CASE("AddRoles: keeps the roles that the principal has", "[domain]") {
  Principal principal = Caller("ann", {});
  principal.roles = {{Role::kAdmin, {}}};
  AddRoles(Bindings(), principal);
  CHECK(HasRole(principal, Role::kAdmin, "openai"));
  CHECK(HasRole(principal, Role::kCaller, "openai"));
}

TEST_CASE("ServesModel: a connection without models serves every model", "[domain]") {
  CHECK(ServesModel(Connection(), "gpt-4o"));
  CHECK(ServesModel(Connection(), ""));
}

TEST_CASE("ServesModel: any glob may match, the whole name and its case count", "[domain]") {
  Connection connection;
  connection.models = {"gpt-4o", "meta/*", "o?"};
  for (const char* model : {"gpt-4o", "meta/llama-3", "meta/", "meta/a/b", "o1", "o\xc3\xa9"}) {
    INFO(model);
    CHECK(ServesModel(connection, model));
  }
  for (const char* model :
       {"", "gpt-4", "gpt-4o-mini", "GPT-4o", " gpt-4o", "meta", "o12", "xo1"}) {
    INFO(model);
    CHECK_FALSE(ServesModel(connection, model));
  }
}

TEST_CASE("OidcProfile: every profile survives conversion to text; unknown text is kAny",
          "[domain]") {
  for (int i = 1; i <= static_cast<int>(OidcProfile::kOkta); ++i) {
    const auto profile = static_cast<OidcProfile>(i);
    CHECK_FALSE(ToString(profile).empty());
    CHECK(OidcProfileFromString(ToString(profile)) == profile);
  }
  CHECK(ToString(OidcProfile::kAny).empty());
  for (const char* text : {"", "jwt", "Okta", "okta ", "saml"}) {
    CHECK(OidcProfileFromString(text) == OidcProfile::kAny);
  }
}

TEST_CASE("KnowsPersons: only profiles that define a proof", "[domain]") {
  for (int i = 0; i <= static_cast<int>(OidcProfile::kOkta); ++i) {
    const auto profile = static_cast<OidcProfile>(i);
    const bool has_proof = profile != OidcProfile::kAny && profile != OidcProfile::kJwt &&
                           profile != OidcProfile::kAccessToken;
    CHECK(KnowsPersons(profile) == has_proof);
  }
  CHECK_FALSE(KnowsPersons(static_cast<OidcProfile>(99)));
}

}  // namespace
}  // namespace countersign::domain
