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

// Untrusted JSON Web Tokens (RFC 7515, 7519, 8725), parsed and verified strictly. Every refusal is
// UNAUTHENTICATED with its own reason (libs/base/status.h); messages never quote the token.
namespace countersign::jose {

inline constexpr std::size_t kMaxTokenBytes = 16u << 10;

namespace reason {
// Reasons for refusals before the signature was verified.
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
// Reasons for refusals after the signature was verified.
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

// A parsed token that is not verified yet: nothing in it can be trusted.
class UnverifiedToken {
 public:
  // Accepts at most kMaxTokenBytes, three strict base64url parts, two JSON objects of bounded depth
  // without duplicate keys, a header without `crit`, `b64`, `zip`, `jwk`, `jku`, `x5u` and `x5c`,
  // and an `alg` of crypto::SignatureAlgorithm.
  static absl::StatusOr<UnverifiedToken> Parse(absl::string_view token);

  crypto::SignatureAlgorithm algorithm() const { return algorithm_; }
  const std::string& kid() const { return kid_; }    // empty if absent
  const std::string& type() const { return type_; }  // `typ`; empty if absent
  // `iss`, to be used only for choosing a configured issuer.
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

// The requirements for a token of one issuer.
struct Expectations {
  std::string issuer;                  // equal to `iss`, byte for byte
  std::vector<std::string> audiences;  // `aud` must contain one of them; empty accepts no token
  std::vector<crypto::SignatureAlgorithm> algorithms;
  // The required `typ`, compared without case and "application/"; "" accepts JWT, at+jwt and
  // absence.
  std::string type;
  std::string subject_claim = "sub";
  absl::Duration skew = absl::Seconds(60);
  absl::Duration max_lifetime =
      absl::InfiniteDuration();  // of exp - iat; if finite, `iat` is required
};

// A token whose signature and claims were verified.
struct VerifiedToken {
  std::string issuer;
  std::string subject;  // never empty
  absl::Time expires_at;
  std::shared_ptr<const json::Document> payload;  // all claims

  json::Value claims() const { return payload->root(); }
};

// The keys that may have signed `token`: with its `kid`, and compatible with its type, curve and
// `alg`. For a token without `kid`, the only compatible key. Several keys are returned only when
// they have the same `kid` and algorithm. Refusals: kKeyIdUnknown (worth fetching the issuer's keys
// again), kKeyMismatch, kKeyAmbiguous.
absl::StatusOr<std::vector<crypto::PublicKey>> CandidateKeys(const UnverifiedToken& token,
                                                             const JwkSet& keys);

// Verifies `token` at time `now`. Pure: no clock, no I/O. Checks algorithm, type, issuer, key and
// signature in this order, then the other claims. `exp` is required, a number in (0, 2^53], and has
// passed when now >= exp + skew; `nbf` and `iat`, if present, must not be later than now + skew.
absl::StatusOr<VerifiedToken> VerifyToken(const UnverifiedToken& token,
                                          const Expectations& expectations, const JwkSet& keys,
                                          absl::Time now);

}  // namespace countersign::jose
