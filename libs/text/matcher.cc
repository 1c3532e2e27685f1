#include "libs/text/matcher.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/text/char_folding.h"
#include "libs/text/form_matcher.h"

namespace countersign::text {
namespace {

// A word of fewer characters is not looked for under look-alikes within ASCII, or "LO" would be
// found in "10".
constexpr std::size_t kShortKeyword = 4;

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
    if (IsSpace(next.code_point)) return true;
    at += next.size;
  }
  return false;
}

std::size_t Characters(absl::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }));
}

}  // namespace

struct Matcher::State {
  std::vector<std::uint32_t> ids;  // by place in the list of terms
  FormMatcher raw{std::nullopt};
  FormMatcher spaced{Form::kSpaced};
  FormMatcher caseless{Form::kCaseless};
  FormMatcher compatible{Form::kCompatible};
  FormMatcher folded{Form::kFolded};
  FormMatcher skeleton{Form::kSkeleton};

  std::array<FormMatcher*, 6> All() {
    return {&raw, &spaced, &caseless, &compatible, &folded, &skeleton};
  }

  absl::Status Add(const MatchTerm& term, std::uint32_t place) {
    if (!IsUtf8(term.text)) return absl::InvalidArgumentError("it is not UTF-8");
    if (term.is_regex) {
      // Case is the engine's matter: a pattern's own [A-Z] would be lost on a folded text.
      if (term.view != View::kUnicode) {
        return raw.AddRegex(term.text, term.view == View::kCaseless, place);
      }
      return (IsAscii(term.text) ? folded : compatible).AddRegex(term.text, true, place);
    }
    const absl::string_view word = absl::StripAsciiWhitespace(term.text);
    switch (term.view) {
      case View::kRaw: return (HasSpace(word) ? spaced : raw).AddKeyword(word, place);
      case View::kCaseless: return caseless.AddKeyword(word, place);
      case View::kUnicode: break;
    }
    const bool is_short = Characters(word) < kShortKeyword && !HasSpace(word);
    return (is_short ? folded : skeleton).AddKeyword(word, place);
  }
};

Matcher::Matcher(std::unique_ptr<State> state) : state_(std::move(state)) {}

Matcher::~Matcher() = default;

absl::StatusOr<std::shared_ptr<const Matcher>> Matcher::Compile(
    const std::vector<MatchTerm>& terms) {
  auto state = std::make_unique<State>();
  for (const MatchTerm& term : terms) {
    const auto place = static_cast<std::uint32_t>(state->ids.size());
    state->ids.push_back(term.id);
    if (const absl::Status added = state->Add(term, place); !added.ok()) {
      return TermError(term, added);
    }
  }
  for (FormMatcher* const form : state->All()) {
    FormMatcher::Refusal refusal;
    if (const absl::Status compiled = form->Compile(&refusal); !compiled.ok()) {
      return refusal.term ? TermError(terms[*refusal.term], compiled) : compiled;
    }
  }
  return std::shared_ptr<const Matcher>(new Matcher(std::move(state)));
}

absl::StatusOr<std::vector<MatchHit>> Matcher::Scan(absl::string_view text) const {
  if (text.size() > Normalizer::kMaxBytes) {
    return absl::InvalidArgumentError("the text is longer than 1 GiB");
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError("the text is not UTF-8");
  std::map<std::uint32_t, MatchHit> first;
  for (const FormMatcher* const form : state_->All()) {
    CS_RETURN_IF_ERROR(
        form->Scan(text, [&](std::uint32_t term, std::size_t begin, std::size_t end) {
          const MatchHit hit{state_->ids[term], begin, end};
          const auto [known, is_new] = first.emplace(hit.id, hit);
          if (!is_new &&
              std::pair(hit.end, hit.begin) < std::pair(known->second.end, known->second.begin)) {
            known->second = hit;
          }
        }));
  }
  std::vector<MatchHit> hits;
  for (const auto& [id, hit] : first) hits.push_back(hit);
  return hits;
}

}  // namespace countersign::text
