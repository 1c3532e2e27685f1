#include "services/authn/oidc/issuer_url.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"

namespace countersign::authn::oidc {

TEST_CASE("CheckIssuerUrl: https, or http to a literal loopback address", "[authn]") {
  for (const char* good :
       {"https://idp.example", "https://idp.example/tenant/v2.0", "https://idp.example:8443/",
        "http://127.0.0.1:9000", "http://127.8.9.10", "http://[::1]:9000/x", "http://localhost:3",
        "https://10.0.0.5"}) {
    CAPTURE(good);
    CHECK(CheckIssuerUrl(good).ok());
  }
  for (const char* bad : {"",
                          "idp.example",
                          "//idp.example",
                          "http://idp.example",
                          "http://10.0.0.5",
                          "http://localhost.evil.example",
                          "http://127.0.0.1.evil.example",
                          "ftp://idp.example",
                          "https://user@idp.example",
                          "https://user:pw@idp.example",
                          "https://idp.example?x=1",
                          "https://idp.example#x",
                          "https://",
                          "https:idp",
                          "https://idp.example/ x",
                          "http://0177.0.0.1",
                          "http://2130706433",
                          "http://[::ffff:127.0.0.1]",
                          "file:///etc/passwd",
                          "javascript:alert(1)"}) {
    CAPTURE(bad);
    CHECK_FALSE(CheckIssuerUrl(bad).ok());
  }
}

TEST_CASE("HostIsLiteral: addresses and localhost, but not names that start like one", "[authn]") {
  for (const char* literal :
       {"https://127.0.0.1/x", "https://10.1.2.3:8443", "https://[fd00::1]/", "https://localhost",
        "https://[::1]", "https://2130706433", "https://0177.0.0.1", "https://127.0.0.1."}) {
    CAPTURE(literal);
    CHECK(HostIsLiteral(literal));
  }
  for (const char* name : {"https://idp.example", "https://10.1.2.3.example", "https://localhost.x",
                           "no url", "https://1e100.net", "https://127.0.0.1.evil.example"}) {
    CAPTURE(name);
    CHECK_FALSE(HostIsLiteral(name));
  }
}

TEST_CASE("DiscoveryUrl: one slash, whether the issuer ends in one or not", "[authn]") {
  CHECK(DiscoveryUrl("https://idp") == "https://idp/.well-known/openid-configuration");
  CHECK(DiscoveryUrl("https://idp/t/") == "https://idp/t/.well-known/openid-configuration");
}

TEST_CASE("SameOrigin: scheme, host and port", "[authn]") {
  CHECK(SameOrigin("https://idp/a", "https://idp:443/b"));
  CHECK_FALSE(SameOrigin("https://idp", "http://idp"));
  CHECK_FALSE(SameOrigin("https://idp", "https://idp:8443"));
  CHECK_FALSE(SameOrigin("https://idp", "https://idp2"));
  CHECK_FALSE(SameOrigin("https://idp", "no url"));
}

TEST_CASE("JwksUriFromDiscovery: the document's issuer must be exactly this one", "[authn]") {
  const auto read = [](absl::string_view issuer_in_document, absl::string_view jwks_uri,
                       absl::string_view issuer = "https://idp.example/") {
    return JwksUriFromDiscovery(
        absl::StrCat(R"({"issuer":")", issuer_in_document, R"(","jwks_uri":")", jwks_uri, R"("})"),
        issuer);
  };
  CHECK(*read("https://idp.example/", "https://keys.example/k") == "https://keys.example/k");
  CHECK_FALSE(read("https://idp.example", "https://keys.example/k").ok());
  CHECK_FALSE(read("https://other.example/", "https://keys.example/k").ok());
  CHECK_FALSE(read("https://idp.example/{tenantid}", "https://keys.example/k").ok());
  CHECK_FALSE(read("https://idp.example/", "http://keys.example/k").ok());
  CHECK_FALSE(read("https://idp.example/", "").ok());
  CHECK_FALSE(JwksUriFromDiscovery("{}", "").ok());
  CHECK_FALSE(JwksUriFromDiscovery("<html>", "https://idp").ok());
  CHECK_FALSE(JwksUriFromDiscovery(R"({"issuer":"https://idp","issuer":"https://idp",
                                       "jwks_uri":"https://idp/k"})",
                                   "https://idp")
                  .ok());
}

TEST_CASE("JwksUriFromDiscovery: a document cannot point to a private address", "[authn]") {
  const auto read = [](absl::string_view jwks_uri, absl::string_view issuer) {
    return JwksUriFromDiscovery(
        absl::StrCat(R"({"issuer":")", issuer, R"(","jwks_uri":")", jwks_uri, R"("})"), issuer);
  };
  CHECK(read("http://127.0.0.1:9000/jwks", "http://127.0.0.1:9000").ok());
  CHECK_FALSE(read("http://127.0.0.1:9001/jwks", "http://127.0.0.1:9000").ok());
  CHECK_FALSE(read("http://127.0.0.1:9000/jwks", "https://idp.example").ok());
  CHECK_FALSE(read("https://169.254.169.254/jwks", "https://idp.example").ok());
  CHECK_FALSE(read("https://localhost/jwks", "https://idp.example").ok());
}

}  // namespace countersign::authn::oidc
