#include "libs/text/matching/matcher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/text/matching/form_matcher.h"
#include "libs/text/unicode/char_folding.h"

namespace countersign::text::matching {
namespace {

// For shorter words ASCII look-alikes are not considered: otherwise "LO" would match "10".
constexpr std::size_t kShortKeyword = 4;
constexpr std::size_t kShortestJoined = 6;

std::string Excerpt(absl::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::size_t size = std::min(text.size(), kLongest);
  while (size < text.size() && size > 0 &&
         (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) {
    --size;
  }
  return absl::StrCat(absl::Utf8SafeCHexEscape(text.substr(0, size)),
                      size < text.size() ? "…" : "");
}

absl::Status TermError(const MatchTerm& term, const absl::Status& status) {
  return Annotate(
      status, absl::StrCat(term.is_regex ? "pattern \"" : "keyword \"", Excerpt(term.text), "\""));
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

bool HasSpace(absl::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char next = DecodeUtf8(text, at);
    if (unicode::IsSpace(next.code_point)) return true;
    at += next.size;
  }
  return false;
}

std::size_t Characters(absl::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }));
}

std::size_t Letters(absl::string_view text) {
  return Characters(unicode::Normalizer::For(unicode::Form::kJoined).Apply(text).text());
}

}  // namespace

struct Matcher::State {
  FormMatcher raw{unicode::Form::kRaw};
  FormMatcher spaced{unicode::Form::kSpaced};
  FormMatcher caseless{unicode::Form::kCaseless};
  FormMatcher compatible{unicode::Form::kCompatible};
  FormMatcher folded{unicode::Form::kFolded};
  FormMatcher skeleton{unicode::Form::kSkeleton};
  FormMatcher leet{unicode::Form::kLeet};
  FormMatcher joined{unicode::Form::kJoined};

  std::array<FormMatcher*, 8> All() {
    return {&raw, &spaced, &caseless, &compatible, &folded, &skeleton, &leet, &joined};
  }

  absl::Status Add(const MatchTerm& term, std::uint32_t place) {
    if (!IsUtf8(term.text)) return absl::InvalidArgumentError("it is not UTF-8");
    if (term.is_regex) {
      // The engine ignores case itself; folding a pattern would change its own [A-Z].
      if (term.view != View::kUnicode) {
        return raw.AddRegex(term.text, term.view == View::kCaseless, place, term.id);
      }
      return (IsAscii(term.text) ? folded : compatible).AddRegex(term.text, true, place, term.id);
    }
    const absl::string_view word = absl::StripAsciiWhitespace(term.text);
    switch (term.view) {
      case View::kRaw: return spaced.AddKeyword(word, false, term.id);
      case View::kCaseless: return caseless.AddKeyword(word, false, term.id);
      case View::kUnicode: break;
      case View::kLeet:
        if (Characters(word) < kShortKeyword) return absl::OkStatus();
        return leet.AddKeyword(word, false, term.id);
      case View::kJoined:
        if (Letters(word) < kShortestJoined) return absl::OkStatus();
        return joined.AddKeyword(word, false, term.id);
    }
    const bool is_short = Characters(word) < kShortKeyword && !HasSpace(word);
    return skeleton.AddKeyword(word, is_short, term.id);
  }
};

Matcher::Matcher(std::unique_ptr<State> state) : state_(std::move(state)) {}

Matcher::~Matcher() = default;

absl::StatusOr<std::shared_ptr<const Matcher>> Matcher::Compile(const std::vector<MatchTerm>& terms,
                                                                const regex::DatabaseCache* cache) {
  auto state = std::make_unique<State>();
  for (std::size_t place = 0; place < terms.size(); ++place) {
    const absl::Status added = state->Add(terms[place], static_cast<std::uint32_t>(place));
    if (!added.ok()) return TermError(terms[place], added);
  }
  for (FormMatcher* const form : state->All()) {
    FormMatcher::Refusal refusal;
    if (const absl::Status compiled = form->Compile(cache, &refusal); !compiled.ok()) {
      return refusal.term ? TermError(terms[*refusal.term], compiled) : compiled;
    }
  }
  return std::shared_ptr<const Matcher>(new Matcher(std::move(state)));
}

absl::StatusOr<std::vector<MatchHit>> Matcher::Scan(absl::string_view text) const {
  if (text.size() > unicode::Normalizer::kMaxBytes) {
    return absl::InvalidArgumentError("the text is longer than 1 GiB");
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError("the text is not UTF-8");
  FirstHits first;
  for (const FormMatcher* const form : state_->All()) CS_RETURN_IF_ERROR(form->Scan(text, first));
  std::vector<MatchHit> hits;
  for (const auto& [id, hit] : first.by_id()) hits.push_back(hit);
  return hits;
}

}  // namespace countersign::text::matching
