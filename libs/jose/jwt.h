#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/crypto/public_key.h"
#include "libs/jose/jwk.h"
#include "libs/json/document.h"

// JSON Web Tokens from outside (RFC 7515, 7519, 8725), read and verified strictly. Every refusal is
// UNAUTHENTICATED with a reason of its own (libs/base/status.h); messages never quote the token.
namespace countersign::jose {

inline constexpr std::size_t kMaxTokenBytes = 16u << 10;

namespace reason {
// Before the signature: what the token looks like.
inline constexpr absl::string_view kTooLarge = "token_too_large";
inline constexpr absl::string_view kNotCompact = "token_not_compact";
inline constexpr absl::string_view kBadEncoding = "token_encoding";
inline constexpr absl::string_view kBadHeader = "token_header_malformed";
inline constexpr absl::string_view kForbiddenHeader = "token_header_forbidden";
inline constexpr absl::string_view kBadPayload = "token_payload_malformed";
inline constexpr absl::string_view kAlgorithm = "token_algorithm_refused";
inline constexpr absl::string_view kType = "token_type_refused";
inline constexpr absl::string_view kIssuerMissing = "token_issuer_missing";
inline constexpr absl::string_view kIssuer = "issuer_unknown";
inline constexpr absl::string_view kKeyIdUnknown = "token_key_unknown";
inline constexpr absl::string_view kKeyAmbiguous = "token_key_ambiguous";
inline constexpr absl::string_view kKeyMismatch = "token_key_mismatch";
inline constexpr absl::string_view kSignature = "signature_invalid";
// After it: what the token says.
inline constexpr absl::string_view kExpiryMissing = "token_expiry_missing";
inline constexpr absl::string_view kExpired = "credential_expired";
inline constexpr absl::string_view kNotYetValid = "token_not_yet_valid";
inline constexpr absl::string_view kIssuedInFuture = "token_issued_in_future";
inline constexpr absl::string_view kLifetime = "token_lifetime_too_long";
inline constexpr absl::string_view kBadClaim = "token_claim_malformed";
inline constexpr absl::string_view kAudienceMissing = "audience_missing";
inline constexpr absl::string_view kAudience = "audience_mismatch";
inline constexpr absl::string_view kSubject = "token_subject_missing";
}  // namespace reason

struct Expectations;
struct VerifiedToken;

// A token that was taken apart and not yet verified: nothing in it may be believed.
class UnverifiedToken {
 public:
  // At most kMaxTokenBytes, three strict base64url parts, two JSON objects without duplicate keys,
  // of bounded depth; a header without `crit`, `b64`, `zip`, `jwk`, `jku`, `x5u`, `x5c`; `alg` one
  // of crypto::SignatureAlgorithm.
  static absl::StatusOr<UnverifiedToken> Parse(absl::string_view token);

  crypto::SignatureAlgorithm algorithm() const { return algorithm_; }
  const std::string& kid() const { return kid_; }    // empty: none
  const std::string& type() const { return type_; }  // `typ`; empty: none
  // `iss`, good for one thing: choosing which configured issuer is asked.
  absl::string_view unverified_issuer() const;

 private:
  friend absl::StatusOr<VerifiedToken> VerifyToken(const UnverifiedToken& token,
                                                   const Expectations& expectations,
                                                   const JwkSet& keys, absl::Time now);
  crypto::SignatureAlgorithm algorithm_ = crypto::SignatureAlgorithm::kUnknown;
  std::string kid_;
  std::string type_;
  std::string signing_input_;
  std::string signature_;
  std::shared_ptr<const json::Document> payload_;
};

// What a token must say to be accepted from one issuer.
struct Expectations {
  std::string issuer;                  // equal to `iss`, byte for byte
  std::vector<std::string> audiences;  // `aud` names at least one; empty accepts nothing
  std::vector<crypto::SignatureAlgorithm> algorithms;
  // `typ`, compared without case and without "application/"; "" accepts JWT, at+jwt and none.
  std::string type;
  std::string subject_claim = "sub";
  absl::Duration skew = absl::Seconds(60);
  absl::Duration max_lifetime = absl::InfiniteDuration();  // exp - iat; finite demands `iat`
};

// A token whose signature and claims were verified.
struct VerifiedToken {
  std::string issuer;
  std::string subject;  // never empty
  absl::Time expires_at;
  std::shared_ptr<const json::Document> payload;  // all claims

  json::Value claims() const { return payload->root(); }
};

// The keys of `keys` that may have signed `token`: its `kid`, and compatible in type, curve and
// `alg`. A token without `kid` gets a key only when exactly one is compatible. Several are possible
// only for one `kid` and one algorithm. Refusals: kKeyIdUnknown (the one that is worth asking the
// issuer again for), kKeyMismatch, kKeyAmbiguous.
absl::StatusOr<std::vector<crypto::PublicKey>> CandidateKeys(const UnverifiedToken& token,
                                                             const JwkSet& keys);

// Verifies `token` at time `now`. Pure: no clock, no I/O. The order is: algorithm, type, issuer,
// key, signature, and only then the other claims. `exp` is required, a number in (0, 2^53], and
// passed once now >= exp + skew; `nbf` and `iat`, when present, are not later than now + skew.
absl::StatusOr<VerifiedToken> VerifyToken(const UnverifiedToken& token,
                                          const Expectations& expectations, const JwkSet& keys,
                                          absl::Time now);

}  // namespace countersign::jose
