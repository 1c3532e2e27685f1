#include "services/authn/vault/vault.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/vault/local_credential_sealer.h"

namespace countersign::authn::vault {
namespace {

const char kBearer[] = R"({"bearer":{"inline":"sk-secret"}})";

SecretString Key(char of) { return SecretString(std::string(32, of)); }

absl::StatusOr<domain::CredentialLease> Parse(const std::string& spec) {
  return ParseCredentialSpec(SecretString(spec));
}

struct Fixture {
  SystemRandom random;
  Vault vault{{Key('a')}, random};
};

}  // namespace

TEST_CASE("ParseCredentialSpec: each form gives the headers it stands for", "[authn]") {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {kBearer, "authorization", "Bearer sk-secret"},
      {"{\"bearer\":{\"inline\":\"sk-secret\\r\\n\"}}", "authorization", "Bearer sk-secret"},
      {R"({"header":{"name":"X-Api-Key","value":{"inline":"v 1"}}})", "x-api-key", "v 1"},
      {R"({"basic":{"username":"u","password":{"inline":"p:w"}}})", "authorization",
       "Basic dTpwOnc="},
  };
  for (const auto& [spec, name, value] : cases) {
    CAPTURE(spec);
    const auto lease = Parse(spec);
    REQUIRE(lease.ok());
    REQUIRE(lease->headers.size() == 1);
    CHECK(lease->headers[0].name == name);
    CHECK(lease->headers[0].value.Reveal() == value);
    CHECK(lease->client_key_pem.empty());
  }
}

TEST_CASE("ParseCredentialSpec: mtls gives a certificate and a key, and no header", "[authn]") {
  const auto lease = Parse(
      R"({"mtls":{"cert":{"inline":"-----BEGIN CERTIFICATE-----\nx"},"key":{"inline":"-----BEGIN PRIVATE KEY-----\ny"}}})");
  REQUIRE(lease.ok());
  CHECK(lease->headers.empty());
  CHECK(absl::StrContains(lease->client_certificate_pem.Reveal(), "CERTIFICATE"));
  CHECK(absl::StrContains(lease->client_key_pem.Reveal(), "PRIVATE KEY"));
}

TEST_CASE("ParseCredentialSpec: a value that cannot be sent is refused and not quoted", "[authn]") {
  for (
      const char* spec : {
          "",
          "{}",
          "[]",
          "null",
          "not json hunter2",
          R"({"bearer":"hunter2"})",
          R"({"bearer":{"inline":""}})",
          R"({"bearer":{"inline":"\n"}})",
          R"({"bearer":{"inline":"hunter2\r\nx-evil: 1"}})",
          R"({"bearer":{"inline":"hunter2\u0000"}})",
          R"({"bearer":{"inline":7}})",
          R"({"bearer":{"env":"hunter2"}})",
          R"({"bearer":{"inline":"hunter2"},"basic":{}})",
          R"({"other":{"inline":"hunter2"}})",
          R"({"bearer":{"inline":"hunter2"},"bearer":{"inline":"hunter2"}})",
          R"({"header":{"name":"","value":{"inline":"hunter2"}}})",
          R"({"header":{"name":"x y","value":{"inline":"hunter2"}}})",
          R"({"header":{"name":"x:","value":{"inline":"hunter2"}}})",
          R"({"header":{"name":"Host","value":{"inline":"hunter2"}}})",
          R"({"header":{"name":"Content-Length","value":{"inline":"hunter2"}}})",
          R"({"header":{"name":"transfer-encoding","value":{"inline":"hunter2"}}})",
          R"({"header":{"value":{"inline":"hunter2"}}})",
          R"({"basic":{"username":"","password":{"inline":"hunter2"}}})",
          R"({"basic":{"username":"a:b","password":{"inline":"hunter2"}}})",
          R"({"basic":{"username":"u"}})",
          R"({"mtls":{"cert":{"inline":"hunter2"},"key":{"inline":"hunter2"}}})",
          R"({"mtls":{"cert":{"inline":"-----BEGIN CERTIFICATE-----"},"key":{"inline":"hunter2"}}})",
      }) {
    CAPTURE(spec);
    const auto lease = Parse(spec);
    CHECK(absl::IsInvalidArgument(lease.status()));
    CHECK_FALSE(absl::StrContains(lease.status().message(), "hunter2"));
  }
}

TEST_CASE_METHOD(Fixture, "Vault: what was sealed opens under its name only", "[authn]") {
  const auto sealed = vault.Seal("openai", SecretString(kBearer));
  REQUIRE(sealed.ok());
  CHECK_FALSE(absl::StrContains(*sealed, "sk-secret"));
  CHECK(vault.Open("openai", *sealed)->Reveal() == kBearer);
  CHECK(GetReason(vault.Open("other", *sealed).status()) == "vault_open_failed");
  CHECK(*vault.Seal("openai", SecretString(kBearer)) != *sealed);
}

TEST_CASE_METHOD(Fixture, "Vault: any changed character is noticed", "[authn]") {
  const std::string sealed = *vault.Seal("openai", SecretString(kBearer));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'a' ? 'b' : 'a';
    CHECK_FALSE(vault.Open("openai", changed).ok());
  }
  for (const char* garbage : {"", ".", "..", "v1..", "v2.00000000.AAAA", "v1.x.y.z"}) {
    CHECK_FALSE(vault.Open("openai", garbage).ok());
  }
}

TEST_CASE_METHOD(Fixture, "Vault: an older key still opens, a missing one is told apart",
                 "[authn]") {
  const std::string sealed = *vault.Seal("openai", SecretString(kBearer));
  const Vault rotated({Key('b'), Key('a')}, random);
  CHECK(rotated.Open("openai", sealed).ok());
  const std::string anew = *rotated.Seal("openai", SecretString(kBearer));
  CHECK(GetReason(vault.Open("openai", anew).status()) == "vault_key_missing");
}

TEST_CASE_METHOD(Fixture, "Vault: a spec that could not be leased is not sealed", "[authn]") {
  CHECK(absl::IsInvalidArgument(vault.Seal("openai", SecretString("{}")).status()));
}

TEST_CASE_METHOD(Fixture, "LocalCredentialSealer: the same value keeps its sealed text",
                 "[authn]") {
  const LocalCredentialSealer sealer(vault);
  const std::string first = *sealer.SealNow("openai", SecretString(kBearer), "");
  CHECK(*sealer.SealNow("openai", SecretString(kBearer), first) == first);
  CHECK(*sealer.SealNow("other", SecretString(kBearer), first) != first);
  const SecretString changed(R"({"bearer":{"inline":"sk-other"}})");
  const std::string second = *sealer.SealNow("openai", changed, first);
  CHECK(second != first);
  CHECK(vault.Open("openai", second)->Reveal() == changed.Reveal());
  CHECK(vault.Open("openai", *sealer.SealNow("openai", changed, "garbage")).ok());
}

TEST_CASE_METHOD(Fixture, "LocalCredentialSealer: answers its caller before it returns",
                 "[authn]") {
  LocalCredentialSealer sealer(vault);
  absl::StatusOr<std::string> answer = absl::UnknownError("none");
  sealer.Seal("openai", SecretString(kBearer), "", absl::InfiniteFuture(),
              [&](absl::StatusOr<std::string> sealed) { answer = std::move(sealed); });
  CHECK(answer.ok());
}

}  // namespace countersign::authn::vault
