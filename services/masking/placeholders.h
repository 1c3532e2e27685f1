#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/secret.h"
#include "libs/domain/masker.h"
#include "libs/domain/principal.h"
#include "libs/domain/resources.h"
#include "libs/text/redaction/redaction.h"

// Reversible placeholders: tokens that replace values in a prompt and are replaced by them in its
// answer. A token is `<LABEL_` and ten characters, alternately letter and digit, from an HMAC over
// the caller, the connection, the label and the value. Equal prompts of one caller give equal
// bytes, and without the key nobody can compute a token's value.
namespace countersign::masking {

// Who may get back the originals of one label.
struct RestoreRule {
  domain::MaskingRule::Restore who = domain::MaskingRule::Restore::kCaller;
  std::vector<std::string> groups;
  std::vector<std::string> identities;
};

// The placeholder rules of one profile's prompts. Immutable.
struct PlaceholderRules {
  SecretString key;
  std::map<std::string, std::vector<RestoreRule>, std::less<>> by_label;  // all rules must allow it
};

// The text that a rule writes and FillIn replaces by the token: of the same length, and never equal
// to a token.
std::string PlaceholderForm(absl::string_view label);

// Computes the tokens of one call. Immutable, thread-safe.
class PlaceholderMaker {
 public:
  PlaceholderMaker(std::shared_ptr<const PlaceholderRules> rules, const domain::Principal& caller,
                   std::string connection);

  // Replaces stand-ins in `release` by tokens, and adds the placeholders that the caller may have
  // restored. Offsets do not change.
  void FillIn(domain::FieldRelease& release) const;

 private:
  std::string Token(absl::string_view label, absl::string_view value) const;
  bool MayRestore(absl::string_view label) const;

  const std::shared_ptr<const PlaceholderRules> rules_;
  const std::string issuer_, subject_, identity_, connection_;
  const std::vector<std::string> groups_;
};

// Rules that replace `known` tokens by their originals, also when the token's case changed, its
// brackets are missing or escaped, or spaces, quotes, hyphens, underscores, backslashes or
// asterisks stand between its parts. Unknown tokens stay. INTERNAL when two originals have the same
// token (of 2^40), because neither could be restored safely.
absl::StatusOr<std::shared_ptr<const text::redaction::RuleSet>> RestoringRules(
    const std::vector<domain::Placeholder>& known);

}  // namespace countersign::masking
