#include "libs/jose/jwt.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/jose/testing/test_tokens.h"

// The form of tokens and the choice of keys: everything up to the signature.
namespace countersign::jose {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const char kGoodPayload[] =
    R"({"iss":"https://idp","sub":"s","aud":"us","exp":1700000300,"iat":1699999990})";

const crypto::TestSigner& P256() {
  static const auto& signer = *new auto(crypto::TestSigner::Ec(crypto::KeyType::kP256));
  return signer;
}
const crypto::TestSigner& OtherP256() {
  static const auto& signer = *new auto(crypto::TestSigner::Ec(crypto::KeyType::kP256));
  return signer;
}
const crypto::TestSigner& P384() {
  static const auto& signer = *new auto(crypto::TestSigner::Ec(crypto::KeyType::kP384));
  return signer;
}
const crypto::TestSigner& Rsa() {
  static const auto& signer = *new auto(crypto::TestSigner::Rsa(2048));
  return signer;
}

Expectations Expect() {
  Expectations expectations;
  expectations.issuer = "https://idp";
  expectations.audiences = {"us"};
  for (const char* name : {"RS256", "PS256", "ES256", "ES384", "EdDSA"}) {
    expectations.algorithms.push_back(crypto::SignatureAlgorithmFromString(name));
  }
  return expectations;
}

JwkSet Keys(const std::vector<std::string>& jwks) { return *ParseJwkSet(JwkSetJson(jwks)); }

// "" when the token is accepted, otherwise the reason.
std::string Outcome(absl::string_view token, const JwkSet& keys,
                    const Expectations& expectations = Expect()) {
  const auto parsed = UnverifiedToken::Parse(token);
  if (!parsed.ok()) {
    CHECK(parsed.status().code() == absl::StatusCode::kUnauthenticated);
    return GetReason(parsed.status());
  }
  const auto verified = VerifyToken(*parsed, expectations, keys, kNow);
  if (!verified.ok()) CHECK(verified.status().code() == absl::StatusCode::kUnauthenticated);
  return GetReason(verified.status());
}

std::string WithHeader(absl::string_view header) {
  return SignToken(P256(), "ES256", header, kGoodPayload);
}

}  // namespace

TEST_CASE("VerifyToken: a valid token of each algorithm gives its claims", "[jose]") {
  const crypto::TestSigner ed25519 = crypto::TestSigner::Ed25519();
  const std::pair<const char*, const crypto::TestSigner*> cases[] = {{"RS256", &Rsa()},
                                                                     {"PS256", &Rsa()},
                                                                     {"ES256", &P256()},
                                                                     {"ES384", &P384()},
                                                                     {"EdDSA", &ed25519}};
  for (const auto& [algorithm, signer] : cases) {
    CAPTURE(algorithm);
    const std::string token =
        SignToken(*signer, algorithm, absl::StrCat(R"({"alg":")", algorithm, R"(","kid":"k"})"),
                  kGoodPayload);
    const auto parsed = UnverifiedToken::Parse(token);
    REQUIRE(parsed.ok());
    CHECK(parsed->unverified_issuer() == "https://idp");
    const auto verified =
        VerifyToken(*parsed, Expect(), Keys({JwkJson(*signer, R"("kid":"k")")}), kNow);
    REQUIRE(verified.ok());
    CHECK(verified->subject == "s");
    CHECK(verified->issuer == "https://idp");
    CHECK(verified->expires_at == absl::FromUnixSeconds(1'700'000'300));
    CHECK(verified->claims()["iat"].integer() == 1'699'999'990);
  }
}

TEST_CASE("UnverifiedToken::Parse: each malformed header is refused with its reason", "[jose]") {
  const std::pair<const char*, absl::string_view> cases[] = {
      {R"({"alg":"none"})", reason::kAlgorithm},
      {R"({"alg":"None"})", reason::kAlgorithm},
      {R"({"alg":"HS256"})", reason::kAlgorithm},
      {R"({"alg":"es256"})", reason::kAlgorithm},
      {R"({"alg":"ES256K"})", reason::kAlgorithm},
      {R"({"alg":"RSA-OAEP"})", reason::kAlgorithm},
      {R"({"alg":1})", reason::kAlgorithm},
      {R"({"alg":null})", reason::kAlgorithm},
      {R"({"alg":["ES256"]})", reason::kAlgorithm},
      {R"({})", reason::kAlgorithm},
      {R"({"alg":"ES256","alg":"ES256"})", reason::kBadHeader},
      {R"({"alg":"ES256","\u0061lg":"none"})", reason::kBadHeader},
      {R"({"alg":"ES256"} )", ""},
      {R"({"alg":"ES256"}x)", reason::kBadHeader},
      {R"({"alg":"ES256",})", reason::kBadHeader},
      {R"({'alg':'ES256'})", reason::kBadHeader},
      {R"(["ES256"])", reason::kBadHeader},
      {R"("ES256")", reason::kBadHeader},
      {R"(1)", reason::kBadHeader},
      {R"()", reason::kBadHeader},
      {"{\"alg\":\"ES256\",\"x\":\"\xff\"}", reason::kBadHeader},
      {R"({"alg":"ES256","x":"\ud800"})", reason::kBadHeader},
      {R"({"alg":"ES256","x":[[[[[[[[[1]]]]]]]]]})", reason::kBadHeader},
      {R"({"alg":"ES256","kid":1})", reason::kBadHeader},
      {R"({"alg":"ES256","kid":""})", reason::kBadHeader},
      {R"({"alg":"ES256","kid":null})", reason::kBadHeader},
      {R"({"alg":"ES256","kid":["k"]})", reason::kBadHeader},
      {R"({"alg":"ES256","typ":1})", reason::kBadHeader},
      {R"({"alg":"ES256","crit":["x"]})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","crit":[]})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","crit":null})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","b64":false})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","b64":true})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","zip":"DEF"})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","enc":"A256GCM"})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","jwk":{"kty":"EC"}})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","jku":"https://evil/keys"})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","x5u":"https://evil/cert"})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","x5c":["MIIB"]})", reason::kForbiddenHeader},
      {R"({"alg":"ES256","x5t":"harmless"})", ""},
  };
  const JwkSet keys = Keys({JwkJson(P256())});
  for (const auto& [header, expected] : cases) {
    CAPTURE(header);
    CHECK(Outcome(WithHeader(header), keys) == expected);
  }
}

TEST_CASE("UnverifiedToken::Parse: deep nesting is refused without deep recursion", "[jose]") {
  const std::string deep =
      absl::StrCat(R"({"alg":"ES256","x":)", std::string(5000, '['), std::string(5000, ']'), "}");
  CHECK(Outcome(WithHeader(deep), Keys({JwkJson(P256())})) == reason::kBadHeader);
  const std::string payload =
      absl::StrCat(R"({"x":)", std::string(5000, '['), std::string(5000, ']'), "}");
  CHECK(Outcome(SignToken(P256(), "ES256", R"({"alg":"ES256"})", payload), {}) ==
        reason::kBadPayload);
}

TEST_CASE("UnverifiedToken::Parse: other numbers of parts, sizes and alphabets are refused",
          "[jose]") {
  const JwkSet keys = Keys({JwkJson(P256())});
  const std::string good = WithHeader(R"({"alg":"ES256"})");
  REQUIRE(Outcome(good, keys).empty());
  const std::vector<std::string> parts = absl::StrSplit(good, '.');

  CHECK(Outcome("", keys) == reason::kNotCompact);
  CHECK(Outcome("a.b", keys) == reason::kNotCompact);
  CHECK(Outcome(good + ".", keys) == reason::kNotCompact);
  CHECK(Outcome("." + good, keys) == reason::kNotCompact);
  CHECK(Outcome(good + ".a.b", keys) == reason::kNotCompact);  // an encrypted token has five
  CHECK(Outcome("..", keys) == reason::kBadHeader);
  CHECK(Outcome(std::string(kMaxTokenBytes + 1, 'a'), keys) == reason::kTooLarge);

  for (const std::string& token : {
           good + "=",
           good + "\n",
           good + " ",
           " " + good,
           good + "?",
           good + std::string(1, '\0'),
           parts[0] + "=." + parts[1] + "." + parts[2],
           parts[0] + "." + parts[1] + "+." + parts[2],
           parts[0] + "." + parts[1] + "\x80." + parts[2],
           parts[0] + "." + parts[1] + ".",
       }) {
    CAPTURE(token);
    CHECK(Outcome(token, keys) == reason::kBadEncoding);
  }
}

TEST_CASE("UnverifiedToken::Parse: the unused bits of the last character must be zero", "[jose]") {
  const JwkSet keys = Keys({JwkJson(P256())});
  std::string token = WithHeader(R"({"alg":"ES256"})");
  // 64 bytes are 86 characters; the last one has two significant bits, so A, Q, g and w are
  // canonical.
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  token.back() = alphabet[alphabet.find(token.back()) + 1];
  CHECK(Outcome(token, keys) == reason::kBadEncoding);
}

TEST_CASE("UnverifiedToken::Parse: every prefix of a token is refused", "[jose]") {
  const JwkSet keys = Keys({JwkJson(P256())});
  const std::string good = WithHeader(R"({"alg":"ES256"})");
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(Outcome(good.substr(0, size), keys).empty());
  }
}

TEST_CASE("VerifyToken: a changed character anywhere in a token is detected", "[jose]") {
  const JwkSet keys = Keys({JwkJson(P256())});
  const std::string good = WithHeader(R"({"alg":"ES256"})");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string token = good;
    token[i] = token[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(Outcome(token, keys).empty());
  }
}

TEST_CASE("VerifyToken: typ must be that of the profile", "[jose]") {
  const JwkSet keys = Keys({JwkJson(P256())});
  const std::tuple<const char*, const char*, bool> cases[] = {
      {R"({"alg":"ES256"})", "", true},
      {R"({"alg":"ES256","typ":"JWT"})", "", true},
      {R"({"alg":"ES256","typ":"jwt"})", "", true},
      {R"({"alg":"ES256","typ":"at+jwt"})", "", true},
      {R"({"alg":"ES256","typ":"application/at+jwt"})", "", true},
      {R"({"alg":"ES256","typ":"logout+jwt"})", "", false},
      {R"({"alg":"ES256","typ":"cs-internal+jwt"})", "", false},
      {R"({"alg":"ES256","typ":"dpop+jwt"})", "", false},
      {R"({"alg":"ES256","typ":"AT+JWT"})", "at+jwt", true},
      {R"({"alg":"ES256","typ":"JWT"})", "at+jwt", false},
      {R"({"alg":"ES256"})", "at+jwt", false},
      {R"({"alg":"ES256","typ":"at+jwt"})", "JWT", false},
      {R"({"alg":"ES256","typ":"application/application/jwt"})", "JWT", false},
  };
  for (const auto& [header, profile, accepted] : cases) {
    CAPTURE(header, profile);
    Expectations expectations = Expect();
    expectations.type = profile;
    CHECK(Outcome(WithHeader(header), keys, expectations) == (accepted ? "" : reason::kType));
  }
}

TEST_CASE("VerifyToken: an algorithm that the issuer does not list is refused", "[jose]") {
  Expectations expectations = Expect();
  expectations.algorithms = {crypto::SignatureAlgorithm::kRs256};
  CHECK(Outcome(WithHeader(R"({"alg":"ES256"})"), Keys({JwkJson(P256())}), expectations) ==
        reason::kAlgorithm);
}

TEST_CASE("VerifyToken: the key is chosen by kid, type, curve and alg", "[jose]") {
  const std::string with_kid = WithHeader(R"({"alg":"ES256","kid":"k"})");
  const std::string without = WithHeader(R"({"alg":"ES256"})");
  const std::string own = JwkJson(P256(), R"("kid":"k")");
  const std::string other = JwkJson(OtherP256(), R"("kid":"o")");
  const std::string p384 = JwkJson(P384(), R"("kid":"k")");
  const std::string rsa = JwkJson(Rsa(), R"("kid":"k")");

  CHECK(Outcome(with_kid, Keys({other, own})).empty());
  CHECK(Outcome(with_kid, Keys({rsa, p384, own})).empty());  // one kid, three types
  CHECK(Outcome(with_kid, Keys({other})) == reason::kKeyIdUnknown);
  CHECK(Outcome(with_kid, Keys({})) == reason::kKeyIdUnknown);
  CHECK(Outcome(with_kid, Keys({p384})) == reason::kKeyMismatch);
  CHECK(Outcome(with_kid, Keys({rsa})) == reason::kKeyMismatch);
  CHECK(Outcome(with_kid, Keys({JwkJson(OtherP256(), R"("kid":"k")")})) == reason::kSignature);
  CHECK(Outcome(with_kid, Keys({JwkJson(OtherP256(), R"("kid":"k")"), own})).empty());
  CHECK(Outcome(without, Keys({own})).empty());
  CHECK(Outcome(without, Keys({own, rsa, p384})).empty());
  CHECK(Outcome(without, Keys({own, other})) == reason::kKeyAmbiguous);
  CHECK(Outcome(without, Keys({rsa})) == reason::kKeyMismatch);
}

TEST_CASE("VerifyToken: a key with another alg is not used, even if it could verify", "[jose]") {
  const std::string token = SignToken(Rsa(), "PS256", R"({"alg":"PS256","kid":"k"})", kGoodPayload);
  CHECK(Outcome(token, Keys({JwkJson(Rsa(), R"("kid":"k")")})).empty());
  CHECK(Outcome(token, Keys({JwkJson(Rsa(), R"("kid":"k","alg":"RS256")")})) ==
        reason::kKeyMismatch);
}

TEST_CASE("VerifyToken: a signature of another scheme than the header's is refused", "[jose]") {
  const JwkSet keys = Keys({JwkJson(Rsa())});
  CHECK(Outcome(SignToken(Rsa(), "PS256", R"({"alg":"RS256"})", kGoodPayload), keys) ==
        reason::kSignature);
  CHECK(Outcome(SignToken(P384(), "ES384", R"({"alg":"ES256"})", kGoodPayload),
                Keys({JwkJson(P256())})) == reason::kSignature);
}

TEST_CASE("VerifyToken: the ES256 example of RFC 7515 A.3 has a valid signature and is expired",
          "[jose]") {
  const JwkSet keys = Keys({R"({"kty":"EC","crv":"P-256",
      "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"});
  Expectations expectations = Expect();
  expectations.issuer = "joe";
  CHECK(Outcome("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
                "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFC"
                "gfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
                keys, expectations) == reason::kExpired);
}

}  // namespace countersign::jose
