#include "services/edge/identity/service_provider.h"

#include <catch2/catch.hpp>

namespace countersign::edge::identity {
namespace {

domain::ResourceSet WithProviders(const std::vector<std::string>& names) {
  domain::ResourceSet set;
  for (const std::string& name : names) {
    set.identity_providers[name].saml = domain::IdentityProvider::Saml();
    set.identity_providers[name].saml->audience = "https://" + name + "&\"<";
  }
  set.identity_providers["oidc"].oidc = domain::IdentityProvider::Oidc();
  return set;
}

}  // namespace

TEST_CASE("ServiceProviderMetadata: the only provider, or the named one", "[edge]") {
  const auto only = ServiceProviderMetadata(WithProviders({"a"}), "", "gw.example:8443");
  REQUIRE(only.ok());
  CHECK_THAT(*only, Catch::Contains(R"(entityID="https://a&amp;&quot;&lt;")"));
  CHECK_THAT(*only,
             Catch::Contains(R"(Location="https://gw.example:8443/oauth2/token" index="0")"));
  const auto two = WithProviders({"a", "b"});
  CHECK(ServiceProviderMetadata(two, "provider=b", "gw").ok());
  CHECK(ServiceProviderMetadata(two, "", "gw").status().message() ==
        "there is more than one: ask for ?provider=NAME");
  CHECK_FALSE(ServiceProviderMetadata(two, "provider=oidc", "gw").ok());
  CHECK_FALSE(ServiceProviderMetadata(WithProviders({}), "", "gw").ok());
}

TEST_CASE("ServiceProviderMetadata: recipients, and hosts that are none", "[edge]") {
  auto set = WithProviders({"a"});
  CHECK_FALSE(ServiceProviderMetadata(set, "", "gw\"/><x").ok());
  CHECK_FALSE(ServiceProviderMetadata(set, "", "").ok());
  set.identity_providers["a"].saml->recipients = {"https://one", "https://two"};
  const auto metadata = ServiceProviderMetadata(set, "", "");
  REQUIRE(metadata.ok());
  CHECK_THAT(*metadata, Catch::Contains(R"(Location="https://one" index="0")"));
  CHECK_THAT(*metadata, Catch::Contains(R"(Location="https://two" index="1")"));
}

}  // namespace countersign::edge::identity
