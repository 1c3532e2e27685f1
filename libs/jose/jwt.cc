#include "libs/jose/jwt.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"

namespace countersign::jose {
namespace {

constexpr std::size_t kMaxHeaderDepth = 8;
constexpr std::size_t kMaxPayloadDepth = 16;
constexpr std::size_t kMaxTypeBytes = 64;
constexpr double kMaxTime = 9007199254740992.0;  // 2^53

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return WithReason(absl::UnauthenticatedError(message), reason);
}

absl::StatusOr<json::Document> ParsePart(absl::string_view encoded, std::size_t max_depth,
                                         absl::string_view what, absl::string_view reason) {
  const auto bytes = Base64UrlDecode(encoded);
  if (!bytes.ok()) {
    return Refuse(reason::kBadEncoding, absl::StrCat("the token's ", what, " is not base64url"));
  }
  json::Limits limits;
  limits.max_bytes = kMaxTokenBytes;
  limits.max_depth = max_depth;
  auto document = json::Document::Parse(*bytes, limits);
  if (!document.ok() || !document->root().is(json::Type::kObject)) {
    return Refuse(reason, absl::StrCat("the token's ", what, " is not a strict JSON object"));
  }
  return document;
}

// An optional string member of at most `max` bytes.
absl::StatusOr<std::string> OptionalString(json::Value object, absl::string_view member,
                                           std::size_t max) {
  const json::Value value = object[member];
  if (!value.exists()) return std::string();
  if (!value.is(json::Type::kString) || value.text().empty() || value.text().size() > max) {
    return Refuse(reason::kBadHeader,
                  absl::StrCat("the token's `", member, "` is not a short string"));
  }
  return std::string(value.text());
}

// "application/at+jwt" and "AT+JWT" are "at+jwt" (RFC 7515 §4.1.9, RFC 9068 §4).
std::string CanonicalType(absl::string_view type) {
  std::string lower = absl::AsciiStrToLower(type);
  constexpr absl::string_view kPrefix = "application/";
  return absl::StartsWith(lower, kPrefix) ? lower.substr(kPrefix.size()) : lower;
}

bool TypeAccepted(absl::string_view type, absl::string_view expected) {
  const std::string canonical = CanonicalType(type);
  if (!expected.empty()) return canonical == CanonicalType(expected);
  return canonical.empty() || canonical == "jwt" || canonical == "at+jwt";
}

// A NumericDate of RFC 7519: nullopt when absent; kBadClaim when outside (0, 2^53].
absl::StatusOr<std::optional<absl::Time>> NumericDate(json::Value claims, absl::string_view claim) {
  const json::Value value = claims[claim];
  if (!value.exists()) return std::optional<absl::Time>();
  const std::optional<double> seconds = value.number();
  if (!seconds || !std::isfinite(*seconds) || *seconds <= 0 || *seconds > kMaxTime) {
    return Refuse(reason::kBadClaim, absl::StrCat("the token's `", claim, "` is not a time"));
  }
  return std::optional<absl::Time>(absl::UnixEpoch() + absl::Seconds(*seconds));
}

// The texts of `aud` for a message. Some issuers let their callers choose them, so they are escaped
// and short.
std::string DescribeAudience(json::Value audience) {
  constexpr std::size_t kMaxBytes = 100;
  const std::size_t count = audience.is(json::Type::kArray) ? audience.size() : 0;
  std::string names(count == 0 ? audience.text() : absl::string_view());
  for (std::size_t i = 0; i < count && names.size() <= kMaxBytes; ++i) {
    absl::StrAppend(&names, i == 0 ? "" : " and ", audience.at(i).text());
  }
  if (names.empty()) return "nobody";
  const bool is_long = names.size() > kMaxBytes;
  if (is_long) names.resize(kMaxBytes);
  return absl::StrCat(absl::CHexEscape(names), is_long ? " …" : "");
}

absl::Status CheckAudience(json::Value claims, const std::vector<std::string>& accepted) {
  const json::Value audience = claims["aud"];
  const auto accepts = [&](json::Value value) {
    return value.is(json::Type::kString) &&
           std::find(accepted.begin(), accepted.end(), value.text()) != accepted.end();
  };
  if (!audience.exists()) return Refuse(reason::kAudienceMissing, "the token names no audience");
  if (audience.is(json::Type::kString)) {
    if (accepts(audience)) return absl::OkStatus();
  } else if (audience.is(json::Type::kArray)) {
    bool found = false;
    for (std::size_t i = 0; i < audience.size(); ++i) {
      if (!audience.at(i).is(json::Type::kString)) {
        return Refuse(reason::kBadClaim, "the token's `aud` has a member that is not a string");
      }
      found = found || accepts(audience.at(i));
    }
    if (found) return absl::OkStatus();
  } else {
    return Refuse(reason::kBadClaim, "the token's `aud` is neither a string nor an array");
  }
  return Refuse(reason::kAudience,
                absl::StrCat("the token is meant for ", DescribeAudience(audience),
                             ", but must be for ", absl::StrJoin(accepted, " or ")));
}

// Checks `exp`, `nbf` and `iat`; returns the expiry.
absl::StatusOr<absl::Time> CheckTimes(json::Value claims, const Expectations& expectations,
                                      absl::Time now) {
  CS_ASSIGN_OR_RETURN(const auto expiry, NumericDate(claims, "exp"));
  CS_ASSIGN_OR_RETURN(const auto not_before, NumericDate(claims, "nbf"));
  CS_ASSIGN_OR_RETURN(const auto issued_at, NumericDate(claims, "iat"));
  if (!expiry) return Refuse(reason::kExpiryMissing, "the token has no `exp`");
  if (now >= *expiry + expectations.skew) {
    return Refuse(reason::kExpired, "the token has expired");
  }
  if (not_before && *not_before > now + expectations.skew) {
    return Refuse(reason::kNotYetValid, "the token is not valid yet");
  }
  if (issued_at && *issued_at > now + expectations.skew) {
    return Refuse(reason::kIssuedInFuture, "the token was issued in the future");
  }
  if (expectations.max_lifetime != absl::InfiniteDuration() &&
      (!issued_at || *expiry - *issued_at > expectations.max_lifetime)) {
    return Refuse(reason::kLifetime, "the token lives longer than is accepted");
  }
  return *expiry;
}

absl::Status CheckSignature(const std::vector<crypto::PublicKey>& candidates,
                            crypto::SignatureAlgorithm algorithm, absl::string_view input,
                            absl::string_view signature) {
  for (const crypto::PublicKey& key : candidates) {
    if (key.Verify(algorithm, input, signature)) return absl::OkStatus();
  }
  return Refuse(reason::kSignature, "the token's signature does not verify");
}

}  // namespace

absl::StatusOr<UnverifiedToken> UnverifiedToken::Parse(absl::string_view text) {
  if (text.size() > kMaxTokenBytes) return Refuse(reason::kTooLarge, "the token is over 16 KiB");
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() != 3) {
    return Refuse(reason::kNotCompact, "a signed token has three parts, separated by dots");
  }
  CS_ASSIGN_OR_RETURN(const json::Document document,
                      ParsePart(parts[0], kMaxHeaderDepth, "header", reason::kBadHeader));
  const json::Value header = document.root();
  for (const char* member : {"crit", "b64", "zip", "enc", "jwk", "jku", "x5u", "x5c"}) {
    if (header[member].exists()) {
      return Refuse(reason::kForbiddenHeader,
                    absl::StrCat("the token's header has `", member, "`"));
    }
  }
  UnverifiedToken token;
  token.algorithm_ = crypto::SignatureAlgorithmFromString(header["alg"].text());
  if (token.algorithm_ == crypto::SignatureAlgorithm::kUnknown) {
    return Refuse(reason::kAlgorithm, "the token's `alg` is not one that is ever accepted");
  }
  CS_ASSIGN_OR_RETURN(token.kid_, OptionalString(header, "kid", kMaxKeyIdBytes));
  CS_ASSIGN_OR_RETURN(token.type_, OptionalString(header, "typ", kMaxTypeBytes));
  CS_ASSIGN_OR_RETURN(json::Document payload,
                      ParsePart(parts[1], kMaxPayloadDepth, "payload", reason::kBadPayload));
  auto signature = Base64UrlDecode(parts[2]);
  if (!signature.ok() || signature->empty()) {
    return Refuse(reason::kBadEncoding, "the token's signature is missing or not base64url");
  }
  token.payload_ = std::make_shared<const json::Document>(std::move(payload));
  token.signing_input_ = std::string(text.substr(0, parts[0].size() + 1 + parts[1].size()));
  token.signature_ = *std::move(signature);
  return token;
}

absl::string_view UnverifiedToken::unverified_issuer() const {
  return payload_->root()["iss"].text();
}

absl::StatusOr<std::vector<crypto::PublicKey>> CandidateKeys(const UnverifiedToken& token,
                                                             const JwkSet& keys) {
  if (!token.kid().empty() && !keys.HasKey(token.kid())) {
    return Refuse(reason::kKeyIdUnknown, "the issuer has no key with the token's `kid`");
  }
  std::vector<crypto::PublicKey> candidates;
  for (const Jwk& jwk : keys.keys) {
    if (!token.kid().empty() && jwk.kid != token.kid()) continue;
    if (!crypto::Fits(token.algorithm(), jwk.key.type())) continue;
    if (jwk.algorithm != crypto::SignatureAlgorithm::kUnknown &&
        jwk.algorithm != token.algorithm()) {
      continue;
    }
    candidates.push_back(jwk.key);
  }
  if (candidates.empty()) {
    return Refuse(reason::kKeyMismatch, "no key of the issuer fits the token's `alg`");
  }
  if (token.kid().empty() && candidates.size() > 1) {
    return Refuse(reason::kKeyAmbiguous, "the token has no `kid` and several keys fit");
  }
  return candidates;
}

absl::StatusOr<VerifiedToken> VerifyToken(const UnverifiedToken& token,
                                          const Expectations& expectations, const JwkSet& keys,
                                          absl::Time now) {
  const auto& allowed = expectations.algorithms;
  if (std::find(allowed.begin(), allowed.end(), token.algorithm()) == allowed.end()) {
    return Refuse(reason::kAlgorithm, "the issuer's `algorithms` do not list the token's `alg`");
  }
  if (!TypeAccepted(token.type(), expectations.type)) {
    return Refuse(reason::kType, "the token's `typ` is not one that is accepted here");
  }
  const json::Value claims = token.payload_->root();
  if (!claims["iss"].is(json::Type::kString)) {
    return Refuse(reason::kIssuerMissing, "the token names no issuer");
  }
  if (claims["iss"].text() != expectations.issuer) {
    return Refuse(reason::kIssuer, "the token is of another issuer");
  }
  CS_ASSIGN_OR_RETURN(const auto candidates, CandidateKeys(token, keys));
  CS_RETURN_IF_ERROR(
      CheckSignature(candidates, token.algorithm(), token.signing_input_, token.signature_));
  CS_ASSIGN_OR_RETURN(const absl::Time expires_at, CheckTimes(claims, expectations, now));
  CS_RETURN_IF_ERROR(CheckAudience(claims, expectations.audiences));
  const json::Value subject = claims[expectations.subject_claim];
  if (!subject.is(json::Type::kString) || subject.text().empty()) {
    return Refuse(reason::kSubject, absl::StrCat("the token has no `", expectations.subject_claim,
                                                 "` to name its subject"));
  }
  if (absl::StrContains(subject.text(), '\0')) {
    return Refuse(reason::kBadClaim, absl::StrCat("the token's `", expectations.subject_claim,
                                                  "` holds a NUL character"));
  }
  return VerifiedToken{expectations.issuer, std::string(subject.text()), expires_at,
                       token.payload_};
}

}  // namespace countersign::jose
