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

// Reversible placeholders: tokens that replace values in a prompt, and their restoration in its
// answer. A token is `<LABEL_` and ten characters, letter and digit in turn, of an HMAC over the
// caller, the connection, the label and the value: equal prompts of one caller give equal bytes,
// and nobody without the key can tell what stands behind a token.
namespace countersign::masking {

// Who may get the originals of one label back.
struct RestoreRule {
  domain::MaskingRule::Restore who = domain::MaskingRule::Restore::kCaller;
  std::vector<std::string> groups;
  std::vector<std::string> identities;
};

// The placeholder rules of one profile's prompts. Immutable.
struct PlaceholderRules {
  SecretString key;
  std::map<std::string, std::vector<RestoreRule>, std::less<>> by_label;  // all of them must agree
};

// A stand-in that a rule writes and FillIn replaces by the token: of equal length, and never itself
// a token.
std::string PlaceholderForm(absl::string_view label);

// Makes the tokens of one call. Immutable, thread-safe.
class PlaceholderMaker {
 public:
  PlaceholderMaker(std::shared_ptr<const PlaceholderRules> rules, const domain::Principal& caller,
                   std::string connection);

  // Puts tokens where `release` has their form, and adds those that the caller may have restored
  // to its placeholders. No offset changes.
  void FillIn(domain::FieldRelease& release) const;

 private:
  std::string Token(absl::string_view label, absl::string_view value) const;
  bool MayRestore(absl::string_view label) const;

  const std::shared_ptr<const PlaceholderRules> rules_;
  const std::string issuer_, subject_, identity_, connection_;
  const std::vector<std::string> groups_;
};

// The rules that put originals in the place of `known` tokens: also where the case of a token
// changed, where its brackets are gone or escaped, or where spaces, quotes, hyphens, underscores,
// backslashes or asterisks stand between its parts. Other tokens stay. INTERNAL when two originals
// share a token (of 2^40): neither could be restored rightly.
absl::StatusOr<std::shared_ptr<const text::redaction::RuleSet>> RestoringRules(
    const std::vector<domain::Placeholder>& known);

}  // namespace countersign::masking
