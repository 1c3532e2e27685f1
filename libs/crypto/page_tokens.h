#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"

namespace countersign::crypto {

// Tokens for the next page of a listing. A token is valid only for the caller that got it and for
// the same query. It is sealed, so its content can be neither read nor forged. All processes with
// the same secret accept each other's tokens. Thread-safe.
class PageTokens {
 public:
  // The key is derived from `secret`, which may serve other purposes too. `random` outlives this
  // object.
  PageTokens(const SecretString& secret, RandomSource& random);

  // `scope` contains everything that must be the same for the next page: the caller, what the
  // caller may see, and the query.
  std::string Make(absl::string_view scope, absl::string_view place) const;

  // The place within `token`; "" for an empty token: the first page. INVALID_ARGUMENT with reason
  // `page_token_invalid` for one that was not made for `scope`.
  absl::StatusOr<std::string> Read(absl::string_view scope, absl::string_view token) const;

 private:
  const SecretString key_;
  RandomSource& random_;
};

}  // namespace countersign::crypto
