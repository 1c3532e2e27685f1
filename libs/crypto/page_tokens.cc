#include "libs/crypto/page_tokens.h"

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/seal.h"

namespace countersign::crypto {
namespace {

constexpr std::size_t kMaxTokenBytes = 4096;

std::string Context(absl::string_view scope) {
  return LengthPrefixed().Add("countersign page token").Add(scope).bytes();
}

}  // namespace

PageTokens::PageTokens(const SecretString& secret, RandomSource& random)
    : key_(HmacSha256(secret.Reveal(), "countersign page tokens v1")), random_(random) {}

std::string PageTokens::Make(absl::string_view scope, absl::string_view place) const {
  return Base64UrlEncode(Seal(key_, Context(scope), place, random_));
}

absl::StatusOr<std::string> PageTokens::Read(absl::string_view scope,
                                             absl::string_view token) const {
  if (token.empty()) return std::string();
  absl::StatusOr<std::string> sealed = absl::InvalidArgumentError("too long");
  if (token.size() <= kMaxTokenBytes) sealed = Base64UrlDecode(token);
  if (sealed.ok()) {
    absl::StatusOr<std::string> place = Open(key_, Context(scope), *sealed);
    if (place.ok()) return place;
  }
  return WithReason(absl::InvalidArgumentError(
                        "the page token was not given to you for this listing: begin again"),
                    "page_token_invalid");
}

}  // namespace countersign::crypto
