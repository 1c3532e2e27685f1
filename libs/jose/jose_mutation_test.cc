#include <catch2/catch.hpp>
#include <random>

#include "libs/base/status.h"
#include "libs/jose/jwt.h"
#include "libs/jose/testing/test_tokens.h"

// Random mutations of untrusted input: nothing unsigned is accepted, and nothing crashes.
namespace countersign::jose {
namespace {

class Mutator {
 public:
  Mutator() : seed_(std::random_device{}()), engine_(seed_) {}
  unsigned seed() const { return seed_; }

  std::size_t Below(std::size_t bound) { return engine_() % bound; }

  // Applies one to four edits: a byte changed, removed or doubled, or a piece moved.
  std::string Mutate(std::string text, absl::string_view alphabet) {
    for (std::size_t edits = 1 + Below(4); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = Below(text.size());
      switch (Below(5)) {
        case 0: text[at] = alphabet[Below(alphabet.size())]; break;
        case 1: text.erase(at, 1 + Below(8)); break;
        case 2: text.insert(at, 1, alphabet[Below(alphabet.size())]); break;
        case 3: text.insert(at, text.substr(Below(text.size()), Below(64))); break;
        default: text[at] = static_cast<char>(engine_()); break;
      }
    }
    return text;
  }

 private:
  unsigned seed_;
  std::mt19937 engine_;
};

const char kTokenAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
const char kJsonAlphabet[] = "{}[]\",:\\tfn0-19eE. ku";

}  // namespace

TEST_CASE("VerifyToken: randomly changed tokens are refused", "[jose]") {
  Mutator mutator;
  CAPTURE(mutator.seed());
  const crypto::TestSigner signer = crypto::TestSigner::Ec(crypto::KeyType::kP256);
  const JwkSet keys = *ParseJwkSet(JwkSetJson({JwkJson(signer)}));
  Expectations expectations;
  expectations.issuer = "i";
  expectations.audiences = {"a"};
  expectations.algorithms = {crypto::SignatureAlgorithm::kEs256};
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  const std::string good =
      SignToken(signer, "ES256", R"({"alg":"ES256","typ":"JWT"})",
                R"({"iss":"i","sub":"s","aud":["a","b"],"exp":1700000300,"groups":["g"]})");
  REQUIRE(VerifyToken(*UnverifiedToken::Parse(good), expectations, keys, now).ok());
  for (int i = 0; i < 5000; ++i) {
    const std::string changed = mutator.Mutate(good, kTokenAlphabet);
    if (changed == good) continue;
    const auto parsed = UnverifiedToken::Parse(changed);
    const absl::Status status =
        parsed.ok() ? VerifyToken(*parsed, expectations, keys, now).status() : parsed.status();
    CAPTURE(changed);
    REQUIRE_FALSE(status.ok());
    REQUIRE_FALSE(GetReason(status).empty());
  }
}

TEST_CASE("VerifyToken: randomly changed claims, correctly signed, never crash", "[jose]") {
  Mutator mutator;
  CAPTURE(mutator.seed());
  const crypto::TestSigner signer = crypto::TestSigner::Ed25519();
  const JwkSet keys = *ParseJwkSet(JwkSetJson({JwkJson(signer)}));
  Expectations expectations;
  expectations.issuer = "i";
  expectations.audiences = {"a"};
  expectations.algorithms = {crypto::SignatureAlgorithm::kEdDsa};
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  for (int i = 0; i < 2000; ++i) {
    const std::string claims = mutator.Mutate(
        R"({"iss":"i","sub":"s","aud":"a","exp":1700000300,"nbf":1,"iat":1699999999})",
        kJsonAlphabet);
    const std::string header = mutator.Mutate(R"({"alg":"EdDSA","typ":"JWT"})", kJsonAlphabet);
    const auto parsed = UnverifiedToken::Parse(SignToken(signer, "EdDSA", header, claims));
    if (!parsed.ok()) continue;
    const auto verified = VerifyToken(*parsed, expectations, keys, now);
    CAPTURE(claims);
    if (verified.ok()) {
      REQUIRE(verified->expires_at + expectations.skew > now);
      REQUIRE_FALSE(verified->subject.empty());
    }
  }
}

TEST_CASE("ParseJwkSet: randomly changed sets never crash", "[jose]") {
  Mutator mutator;
  CAPTURE(mutator.seed());
  const std::string good =
      JwkSetJson({JwkJson(crypto::TestSigner::Ec(crypto::KeyType::kP256), R"("kid":"e")"),
                  JwkJson(crypto::TestSigner::Ed25519(), R"("kid":"o","use":"sig")")});
  std::size_t kept = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto set = ParseJwkSet(mutator.Mutate(good, kJsonAlphabet));
    if (set.ok()) kept += set->keys.size();
  }
  CHECK(kept > 0);
}

}  // namespace countersign::jose
