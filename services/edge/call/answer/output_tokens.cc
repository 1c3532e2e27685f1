#include "services/edge/call/answer/output_tokens.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"

namespace countersign::edge::call::answer {
namespace {

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// The last place between two words, where no token spans: before a single space. The whole text if
// there is none.
std::size_t FindCut(absl::string_view text) {
  for (std::size_t at = text.size(); at > 2; --at) {
    if (IsLetter(text[at - 1]) && text[at - 2] == ' ' && IsLetter(text[at - 3])) return at - 2;
  }
  return text.size();
}

}  // namespace

const text::tokens::Tokenizer& FindTokenizer(const domain::Connection& connection,
                                             absl::string_view model) {
  using text::tokens::Tokenizer;
  if (!connection.tokenizer.empty()) {
    const absl::StatusOr<const Tokenizer*> named = Tokenizer::ByName(connection.tokenizer);
    if (named.ok()) return **named;
  }
  return Tokenizer::ForModel(model);
}

void OutputTokens::Add(const std::vector<dialects::OutputText>& texts) {
  for (const dialects::OutputText& text : texts) {
    kept_[text.field] += text.text;
    kept_bytes_ += text.text.size();
  }
  if (kept_bytes_ > kMostKept) CountKept();
}

std::size_t OutputTokens::CountText(absl::string_view text) const {
  return FindTokenizer(connection_, model_).Count(text);
}

void OutputTokens::CountKept() {
  kept_bytes_ = 0;
  for (auto at = kept_.begin(); at != kept_.end();) {
    std::string& text = at->second;
    const std::size_t cut = FindCut(text);
    counted_ += CountText(absl::string_view(text).substr(0, cut));
    text.erase(0, cut);
    kept_bytes_ += text.size();
    at = text.empty() ? kept_.erase(at) : std::next(at);
  }
}

std::uint32_t OutputTokens::Count() const {
  std::size_t all = counted_;
  for (const auto& [field, text] : kept_) all += CountText(text);
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(all, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace countersign::edge::call::answer
