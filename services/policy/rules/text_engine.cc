#include "services/policy/rules/text_engine.h"

#include <utility>

#include "libs/base/status.h"

namespace countersign::policy::rules {
namespace {

class MatcherScanner final : public TextScanner {
 public:
  explicit MatcherScanner(std::shared_ptr<const text::matching::Matcher> matcher)
      : matcher_(std::move(matcher)) {}
  absl::StatusOr<std::vector<text::matching::MatchHit>> Scan(
      absl::string_view text) const override {
    return matcher_->Scan(text);
  }

 private:
  std::shared_ptr<const text::matching::Matcher> matcher_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const TextScanner>> LocalTextEngine::Compile(
    const std::vector<text::matching::MatchTerm>& terms) const {
  CS_ASSIGN_OR_RETURN(auto matcher,
                      text::matching::Matcher::Compile(terms, cache_ ? &*cache_ : nullptr));
  return std::make_shared<const MatcherScanner>(std::move(matcher));
}

absl::StatusOr<const text::tokens::Tokenizer*> LocalTextEngine::TokenizerByName(
    absl::string_view name) const {
  return text::tokens::Tokenizer::ByName(name);
}

const text::tokens::Tokenizer& LocalTextEngine::TokenizerForModel(absl::string_view model) const {
  return text::tokens::Tokenizer::ForModel(model);
}

}  // namespace countersign::policy::rules
