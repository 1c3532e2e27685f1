#pragma once

#include <cctype>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "services/policy/rules/text_engine.h"

// A simple engine: keywords are substrings, patterns are std::regex, tokens are words.
namespace countersign::policy::rules {

class WordTokenizer final : public text::tokens::Tokenizer {
 public:
  explicit WordTokenizer(std::size_t per_word = 1) : per_word_(per_word) {}
  absl::string_view name() const override { return "words"; }
  bool exact() const override { return true; }
  std::size_t Count(absl::string_view text) const override {
    std::istringstream stream{std::string(text)};
    std::string word;
    std::size_t words = 0;
    while (stream >> word) ++words;
    counted += words;
    return words * per_word_;
  }
  std::size_t CountUpTo(absl::string_view text, std::size_t limit) const override {
    std::istringstream stream{std::string(text)};
    std::string word;
    std::size_t tokens = 0;
    for (; tokens <= limit && stream >> word; ++counted) tokens += per_word_;
    return tokens;
  }

  mutable std::size_t counted = 0;  // words counted so far

 private:
  const std::size_t per_word_;
};

class FakeScanner final : public TextScanner {
 public:
  FakeScanner(std::vector<text::matching::MatchTerm> terms, const absl::Status& failure)
      : terms_(std::move(terms)), failure_(failure) {}

  absl::StatusOr<std::vector<text::matching::MatchHit>> Scan(
      absl::string_view text) const override {
    if (!failure_.ok()) return failure_;
    std::map<std::uint32_t, text::matching::MatchHit> hits;
    for (const text::matching::MatchTerm& term : terms_) {
      const bool caseless = term.view != text::matching::View::kRaw;
      const std::string subject = caseless ? absl::AsciiStrToLower(text) : std::string(text);
      const std::string wanted = caseless ? absl::AsciiStrToLower(term.text) : term.text;
      std::size_t at = std::string::npos;
      std::size_t length = wanted.size();
      if (term.is_regex) {
        std::smatch match;
        if (std::regex_search(subject, match, std::regex(wanted))) {
          at = static_cast<std::size_t>(match.position());
          length = static_cast<std::size_t>(match.length());
        }
      } else {
        at = subject.find(wanted);
      }
      if (at == std::string::npos) continue;
      const auto [hit, fresh] =
          hits.try_emplace(term.id, text::matching::MatchHit{term.id, at, at + length});
      if (!fresh && at < hit->second.begin) hit->second = {term.id, at, at + length};
    }
    std::vector<text::matching::MatchHit> list;
    for (const auto& [id, hit] : hits) list.push_back(hit);
    return list;
  }

 private:
  const std::vector<text::matching::MatchTerm> terms_;
  const absl::Status& failure_;
};

// Refuses patterns that start with '(?=', like the real one.
class FakeTextEngine final : public TextEngine {
 public:
  absl::StatusOr<std::shared_ptr<const TextScanner>> Compile(
      const std::vector<text::matching::MatchTerm>& terms) const override {
    ++compilations;
    for (const text::matching::MatchTerm& term : terms) {
      if (term.is_regex && term.text.rfind("(?=", 0) == 0) {
        return absl::InvalidArgumentError("position 0: no lookahead");
      }
    }
    last_terms = terms;
    return std::make_shared<const FakeScanner>(terms, scan_failure);
  }
  absl::StatusOr<const text::tokens::Tokenizer*> TokenizerByName(
      absl::string_view name) const override {
    if (name == "words") return &words_;
    if (name == "doubled") return &doubled_;
    return absl::NotFoundError("the tokenizers are words, doubled");
  }
  const text::tokens::Tokenizer& TokenizerForModel(absl::string_view model) const override {
    return model == "double-model" ? doubled_ : words_;
  }

  absl::Status scan_failure;  // returned by scans unless OK
  mutable int compilations = 0;
  mutable std::vector<text::matching::MatchTerm> last_terms;
  const WordTokenizer& words() const { return words_; }

 private:
  const WordTokenizer words_;
  const WordTokenizer doubled_{2};
};

}  // namespace countersign::policy::rules
