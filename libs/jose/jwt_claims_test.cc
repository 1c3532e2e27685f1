#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/jose/jwt.h"
#include "libs/jose/testing/test_tokens.h"

// The claims of correctly signed tokens.
namespace countersign::jose {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

const crypto::TestSigner& Signer() {
  static const auto& signer = *new auto(crypto::TestSigner::Ed25519());
  return signer;
}

Expectations Expect() {
  Expectations expectations;
  expectations.issuer = "https://idp/";
  expectations.audiences = {"api://us", "us"};
  expectations.algorithms = {crypto::SignatureAlgorithm::kEdDsa};
  return expectations;
}

absl::Status Verify(absl::string_view payload, const Expectations& expectations = Expect(),
                    absl::Time now = kNow) {
  const auto token =
      UnverifiedToken::Parse(SignToken(Signer(), "EdDSA", R"({"alg":"EdDSA"})", payload));
  if (!token.ok()) return token.status();
  return VerifyToken(*token, expectations, *ParseJwkSet(JwkSetJson({JwkJson(Signer())})), now)
      .status();
}

// "" when a token with these claims is accepted, otherwise the reason.
std::string Outcome(absl::string_view payload, const Expectations& expectations = Expect(),
                    absl::Time now = kNow) {
  return GetReason(Verify(payload, expectations, now));
}

// A valid payload with `claim` in place of the member `name`.
std::string With(absl::string_view name, absl::string_view claim) {
  std::string out = "{";
  const std::pair<absl::string_view, absl::string_view> good[] = {
      {"iss", R"("iss":"https://idp/")"},
      {"sub", R"("sub":"s")"},
      {"aud", R"("aud":"us")"},
      {"exp", R"("exp":1700000300)"},
  };
  bool replaced = false;
  for (const auto& [member, text] : good) {
    const absl::string_view chosen = member == name ? claim : text;
    replaced = replaced || member == name;
    if (!chosen.empty()) absl::StrAppend(&out, out.size() > 1 ? "," : "", chosen);
  }
  if (!replaced) absl::StrAppend(&out, ",", claim);
  return out + "}";
}

}  // namespace

TEST_CASE("VerifyToken: unusual values of exp, nbf and iat", "[jose]") {
  const std::tuple<const char*, const char*, absl::string_view> cases[] = {
      {"exp", R"("exp":1700000300)", ""},
      {"exp", R"("exp":1700000300.5)", ""},
      {"exp", R"("exp":1.7000003e9)", ""},
      {"exp", R"("exp":1699999941)", ""},  // within the skew of 60 s
      {"exp", R"("exp":1699999940)", reason::kExpired},
      {"exp", R"("exp":1)", reason::kExpired},
      {"exp", "", reason::kExpiryMissing},
      {"exp", R"("exp":null)", reason::kBadClaim},
      {"exp", R"("exp":-1)", reason::kBadClaim},
      {"exp", R"("exp":0)", reason::kBadClaim},
      {"exp", R"("exp":"1700000300")", reason::kBadClaim},
      {"exp", R"("exp":true)", reason::kBadClaim},
      {"exp", R"("exp":[1700000300])", reason::kBadClaim},
      {"exp", R"("exp":9007199254740993)", ""},  // rounds to 2^53
      {"exp", R"("exp":18446744073709551615)", reason::kBadClaim},
      {"exp", R"("exp":1e300)", reason::kBadClaim},
      {"exp", R"("exp":1e999)", reason::kBadPayload},
      {"exp", R"("exp":1700000300,"exp":1700000301)", reason::kBadPayload},
      {"exp", R"("exp":NaN)", reason::kBadPayload},
      {"nbf", R"("nbf":1700000060)", ""},
      {"nbf", R"("nbf":1700000061)", reason::kNotYetValid},
      {"nbf", R"("nbf":-5)", reason::kBadClaim},
      {"nbf", R"("nbf":"soon")", reason::kBadClaim},
      {"iat", R"("iat":1700000060)", ""},
      {"iat", R"("iat":1700000061)", reason::kIssuedInFuture},
      {"iat", R"("iat":null)", reason::kBadClaim},
  };
  for (const auto& [name, claim, expected] : cases) {
    CAPTURE(claim);
    CHECK(Outcome(With(name, claim)) == expected);
  }
}

TEST_CASE("VerifyToken: aud is a string or an array with one of our audiences", "[jose]") {
  const std::pair<const char*, absl::string_view> cases[] = {
      {R"("aud":"us")", ""},
      {R"("aud":["us"])", ""},
      {R"("aud":["them","api://us"])", ""},
      {R"("aud":"US")", reason::kAudience},
      {R"("aud":"us ")", reason::kAudience},
      {R"("aud":"")", reason::kAudience},
      {R"("aud":[])", reason::kAudience},
      {R"("aud":["them"])", reason::kAudience},
      {"", reason::kAudienceMissing},
      {R"("aud":null)", reason::kBadClaim},
      {R"("aud":1)", reason::kBadClaim},
      {R"("aud":{"us":1})", reason::kBadClaim},
      {R"("aud":["us",1])", reason::kBadClaim},
      {R"("aud":[["us"]])", reason::kBadClaim},
  };
  for (const auto& [claim, expected] : cases) {
    CAPTURE(claim);
    CHECK(Outcome(With("aud", claim)) == expected);
  }
  Expectations nobody = Expect();
  nobody.audiences = {};
  CHECK(Outcome(With("aud", R"("aud":"us")"), nobody) == reason::kAudience);
}

TEST_CASE("VerifyToken: a token for others says for whom it is, and for whom it must be",
          "[jose]") {
  const auto message = [](absl::string_view claim) {
    return std::string(Verify(With("aud", claim)).message());
  };
  CHECK(message(R"("aud":"account")") ==
        "the token is meant for account, but must be for api://us or us");
  CHECK(message(R"("aud":["a","b"])") ==
        "the token is meant for a and b, but must be for api://us or us");
  CHECK(message(R"("aud":[])") == "the token is meant for nobody, but must be for api://us or us");
  CHECK(message(R"("aud":"a\u001b[31m")") ==
        "the token is meant for a\\x1b[31m, but must be for api://us or us");
  CHECK(message(absl::StrCat(R"("aud":")", std::string(101, 'a'), R"(")")) ==
        absl::StrCat("the token is meant for ", std::string(100, 'a'),
                     " …, but must be for api://us or us"));
}

TEST_CASE("VerifyToken: iss is compared byte for byte", "[jose]") {
  const std::pair<const char*, absl::string_view> cases[] = {
      {R"("iss":"https://idp/")", ""},
      {R"("iss":"https://idp")", reason::kIssuer},
      {R"("iss":"https://IDP/")", reason::kIssuer},
      {R"("iss":"")", reason::kIssuer},
      {R"("iss":["https://idp/"])", reason::kIssuerMissing},
      {R"("iss":null)", reason::kIssuerMissing},
      {"", reason::kIssuerMissing},
  };
  for (const auto& [claim, expected] : cases) {
    CAPTURE(claim);
    CHECK(Outcome(With("iss", claim)) == expected);
  }
}

TEST_CASE("VerifyToken: the subject is the configured claim, a non-empty string", "[jose]") {
  CHECK(Outcome(With("sub", "")) == reason::kSubject);
  CHECK(Outcome(With("sub", R"("sub":"")")) == reason::kSubject);
  CHECK(Outcome(With("sub", R"("sub":7)")) == reason::kSubject);
  CHECK(Outcome(With("sub", R"("sub":"alice\u0000x")")) == reason::kBadClaim);
  Expectations by_oid = Expect();
  by_oid.subject_claim = "oid";
  CHECK(Outcome(With("oid", R"("oid":"u-1")"), by_oid).empty());
  CHECK(Outcome(With("sub", R"("sub":"s")"), by_oid) == reason::kSubject);
}

TEST_CASE("VerifyToken: a bounded lifetime requires iat and is enforced", "[jose]") {
  Expectations bounded = Expect();
  bounded.max_lifetime = absl::Seconds(400);
  CHECK(Outcome(With("iat", R"("iat":1699999900)"), bounded).empty());
  CHECK(Outcome(With("iat", R"("iat":1699999899)"), bounded) == reason::kLifetime);
  CHECK(Outcome(With("sub", R"("sub":"s")"), bounded) == reason::kLifetime);
}

TEST_CASE("VerifyToken: a payload that is not an object is refused", "[jose]") {
  for (const char* payload : {"", "1", "[1]", "\"x\"", "null", "{", "{}}", "{\"a\":1,\"a\":2}"}) {
    CAPTURE(payload);
    CHECK(Outcome(payload) == reason::kBadPayload);
  }
}

TEST_CASE("VerifyToken: claims are checked after the signature", "[jose]") {
  const auto token = UnverifiedToken::Parse(
      SignToken(Signer(), "EdDSA", R"({"alg":"EdDSA"})", With("exp", R"("exp":1)")));
  REQUIRE(token.ok());
  const crypto::TestSigner other = crypto::TestSigner::Ed25519();
  CHECK(GetReason(VerifyToken(*token, Expect(), *ParseJwkSet(JwkSetJson({JwkJson(other)})), kNow)
                      .status()) == reason::kSignature);
}

}  // namespace countersign::jose
