#include "services/edge/identity/token_form.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"

namespace countersign::edge::identity {
namespace {

const std::string kExchange = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange";
const std::string kJwtType = "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";

std::string Error(const std::string& body) {
  const auto form = ReadTokenForm(body);
  return form.ok() ? "accepted" : GetReason(form.status());
}

}  // namespace

TEST_CASE("ReadTokenForm: token exchange", "[edge]") {
  const auto form = ReadTokenForm(
      kExchange + "&subject_token=a%2Bb+c" + kJwtType +
      "&actor_token=cs_k&actor_token_type=urn:ietf:params:oauth:token-type:access_token"
      "&audience=countersign&scope=&client_id=x");
  REQUIRE(form.ok());
  CHECK(form->request.subject.Reveal() == "a+b c");
  CHECK(form->request.subject_type == domain::CredentialType::kToken);
  CHECK(form->request.actor.Reveal() == "cs_k");
  CHECK(form->request.actor_type == domain::CredentialType::kKeyOrToken);
  CHECK(form->refusal == "invalid_request");
}

TEST_CASE("ReadTokenForm: assertion grants", "[edge]") {
  const auto saml =
      ReadTokenForm("grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer&assertion=PHM");
  REQUIRE(saml.ok());
  CHECK(saml->request.subject.Reveal() == "PHM");
  CHECK(saml->request.subject_type == domain::CredentialType::kAssertion);
  CHECK(saml->refusal == "invalid_grant");
  const auto jwt =
      ReadTokenForm("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=e.e.e");
  CHECK(jwt->request.subject_type == domain::CredentialType::kToken);
}

TEST_CASE("ReadTokenForm: what is refused", "[edge]") {
  const std::string good = kExchange + "&subject_token=a" + kJwtType;
  CHECK(Error(good) == "accepted");
  CHECK(Error("") == "invalid_request");
  CHECK(Error("grant_type=password") == "unsupported_grant_type");
  CHECK(Error(kExchange + kJwtType) == "invalid_request");
  CHECK(Error(kExchange + "&subject_token=a") == "invalid_request");
  CHECK(Error(kExchange + "&subject_token=a&subject_token_type=jwt") == "invalid_request");
  CHECK(Error(good + "&subject_token=b") == "invalid_request");
  CHECK(Error(good + "&x=%2") == "invalid_request");
  CHECK(Error(good + "&x=%zz") == "invalid_request");
  CHECK(Error(good + "&actor_token=b") == "invalid_request");
  CHECK(Error(good + "&actor_token_type=b") == "invalid_request");
  CHECK(Error(good + "&audience=other") == "invalid_target");
  CHECK(Error(good + "&resource=https://x") == "invalid_target");
  CHECK(Error(good + "&scope=admin") == "invalid_scope");
  CHECK(Error(good + "&requested_token_type=urn:ietf:params:oauth:token-type:saml2") ==
        "invalid_request");
  CHECK(Error("grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer") == "invalid_request");
}

TEST_CASE("MakeTokenError: OAuth's codes, with our reason", "[edge]") {
  const auto refused = MakeTokenError(
      WithReason(absl::UnauthenticatedError("a \"b\" \\ `c`\n"), "assertion_replayed"),
      "invalid_grant");
  CHECK(refused.http_status == 400);
  CHECK(refused.body == R"({"error":"invalid_grant","error_description":"a 'b' ? 'c'?",)"
                        R"("reason":"assertion_replayed"})");
  const auto scope =
      MakeTokenError(WithReason(absl::InvalidArgumentError("m"), "invalid_scope"), "x");
  CHECK(scope.body == R"({"error":"invalid_scope","error_description":"m"})");
  const auto type =
      MakeTokenError(WithReason(absl::InvalidArgumentError("m"), "token_type_mismatch"), "x");
  CHECK(type.body ==
        R"({"error":"invalid_request","error_description":"m","reason":"token_type_mismatch"})");
  const auto down = MakeTokenError(absl::UnavailableError("10.0.0.1:5432 refused"), "x");
  CHECK(down.http_status == 503);
  CHECK(down.body.find("10.0.0.1") == std::string::npos);
  CHECK(MakeTokenError(absl::ResourceExhaustedError("m"), "x").http_status == 429);
}

TEST_CASE("TokenToJson: as RFC 8693 writes it", "[edge]") {
  const absl::Time now = absl::FromUnixSeconds(1000);
  CHECK(
      TokenToJson({SecretString("e.e.e"), now + absl::Seconds(90)}, now) ==
      R"({"access_token":"e.e.e","issued_token_type":)"
      R"("urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":90})");
}

}  // namespace countersign::edge::identity
