#include "libs/text/matching/form_matcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/text/regex/pattern_edges.h"
#include "libs/text/unicode/char_folding.h"
#include "libs/text/unicode/word_edges.h"

namespace countersign::text::matching {
namespace {

// `text` without leading and trailing white space.
absl::string_view Trimmed(absl::string_view text) {
  std::size_t begin = text.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char next = DecodeUtf8(text, at);
    if (!unicode::IsSpace(next.code_point)) {
      begin = std::min(begin, at);
      end = at + next.size;
    }
    at += next.size;
  }
  return end == 0 ? absl::string_view() : text.substr(begin, end - begin);
}

}  // namespace

void FirstHits::Add(std::uint32_t id, std::size_t begin, std::size_t end) {
  const auto [known, is_new] = by_id_.emplace(id, MatchHit{id, begin, end});
  if (is_new) return;
  MatchHit& hit = known->second;
  if (std::pair(end, begin) < std::pair(hit.end, hit.begin)) hit = {id, begin, end};
}

bool FirstHits::MayImprove(std::uint32_t id, std::size_t begin) const {
  const auto known = by_id_.find(id);
  return known == by_id_.end() || begin < known->second.end;
}

bool FormMatcher::IsPlausible(absl::string_view place, std::size_t size) const {
  // Spaced-out letters are at most this far apart; numbers do not count as words.
  constexpr std::size_t kMostApart = 4;
  if (form_ == unicode::Form::kJoined) return place.size() <= kMostApart * size;
  if (form_ != unicode::Form::kLeet) return true;
  return std::any_of(place.begin(), place.end(), [](char byte) {
    return absl::ascii_isalpha(static_cast<unsigned char>(byte)) ||
           static_cast<unsigned char>(byte) >= 0x80;
  });
}

absl::Status FormMatcher::AddKeyword(absl::string_view keyword, bool as_folded, std::uint32_t id) {
  const std::string seen = unicode::Normalizer::For(form_).Apply(keyword).text();
  const absl::string_view literal = Trimmed(seen);
  if (literal.empty()) {
    return absl::InvalidArgumentError("the keyword is empty after normalisation");
  }
  const auto [known, is_new] = literals_.emplace(std::string(literal), keywords_.size());
  if (is_new) keywords_.push_back({literal.size(), {}});
  std::string folded;
  if (as_folded) folded = unicode::Normalizer::For(unicode::Form::kFolded).Apply(keyword).text();
  auto& readings = keywords_[known->second].readings;
  auto reading = std::find_if(readings.begin(), readings.end(),
                              [&](const Keyword::Reading& one) { return one.folded == folded; });
  if (reading == readings.end()) reading = readings.insert(reading, {std::move(folded), {}});
  std::vector<std::uint32_t>& ids = reading->ids;
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  return absl::OkStatus();
}

absl::Status FormMatcher::AddRegex(absl::string_view regex, bool caseless, std::uint32_t term,
                                   std::uint32_t id) {
  CS_ASSIGN_OR_RETURN(auto parts, regex::ResolveStoredWordEdges(regex));
  for (regex::EdgedPattern& part : parts) {
    std::string expression =
        caseless ? absl::StrCat("(?i:", part.pattern, ")") : std::move(part.pattern);
    CS_ASSIGN_OR_RETURN(regex::RegexSpanFinder spans, regex::RegexSpanFinder::Create(expression));
    regexes_.push_back({std::move(spans), term, id, part.before, part.after});
    patterns_.push_back({std::move(expression), false});
  }
  return absl::OkStatus();
}

absl::Status FormMatcher::Compile(const regex::DatabaseCache* cache, Refusal* refusal) {
  std::vector<std::string> literals(keywords_.size());
  for (auto& [literal, place] : literals_) literals[place] = literal;
  literals_.clear();
  index_.Build(std::move(literals));
  const std::vector<regex::DatabasePattern> patterns = std::exchange(patterns_, {});
  if (patterns.empty()) return absl::OkStatus();
  regex::PatternDatabase::CompileError error;
  auto database = regex::PatternDatabase::Compile(patterns, &error, cache);
  if (!database.ok()) {
    if (error.names_pattern) refusal->term = regexes_[error.pattern].term;
    return std::move(database).status();
  }
  database_ = *std::move(database);
  return absl::OkStatus();
}

template <typename ToOriginal>
void FormMatcher::AddMatch(const Regex& regex, absl::string_view text, std::size_t end,
                           ToOriginal to_original, FirstHits& hits) const {
  regex::RegexSpan found = regex.spans.At(text, end);
  if (regex.edge_before && !unicode::IsWordEdge(text, found.begin)) return;
  if (regex.edge_after) {
    if (!unicode::IsWordEdge(text, end)) return;
    found.end = end;  // a later end may lie within a word
  }
  const unicode::OriginalSpan span = to_original(found);
  hits.Add(regex.id, span.begin, span.end);
}

absl::Status FormMatcher::Scan(absl::string_view text, FirstHits& hits) const {
  if (database_ == nullptr && keywords_.empty()) return absl::OkStatus();
  if (form_ == unicode::Form::kRaw && keywords_.empty()) {
    return database_->Scan(text, [&](std::uint32_t pattern, std::size_t end) {
      AddMatch(
          regexes_[pattern], text, end,
          [](regex::RegexSpan span) {
            return unicode::OriginalSpan{span.begin, span.end};
          },
          hits);
    });
  }
  const FormText seen(unicode::Normalizer::For(form_), text);
  index_.Find(seen, [&](std::uint32_t keyword, std::size_t begin) {
    for (const Keyword::Reading& reading : keywords_[keyword].readings) {
      const std::size_t not_before = seen.NotBefore(begin);
      if (std::none_of(reading.ids.begin(), reading.ids.end(),
                       [&](std::uint32_t id) { return hits.MayImprove(id, not_before); })) {
        continue;
      }
      const unicode::OriginalSpan span = seen.Original(begin, begin + keywords_[keyword].size);
      if (!span.whole || !unicode::IsWordEdge(text, span.begin) ||
          !unicode::IsWordEdge(text, span.end))
        return;
      if (!IsPlausible(text.substr(span.begin, span.end - span.begin), keywords_[keyword].size)) {
        return;
      }
      if (!reading.folded.empty()) {
        const absl::string_view place = text.substr(span.begin, span.end - span.begin);
        if (unicode::Normalizer::For(unicode::Form::kFolded).Apply(place).text() != reading.folded)
          continue;
      }
      for (const std::uint32_t id : reading.ids) hits.Add(id, span.begin, span.end);
    }
  });
  if (database_ == nullptr) return absl::OkStatus();
  return database_->Scan(seen.text(), [&](std::uint32_t pattern, std::size_t end) {
    AddMatch(
        regexes_[pattern], seen.text(), end,
        [&](regex::RegexSpan span) { return seen.Original(span.begin, span.end); }, hits);
  });
}

}  // namespace countersign::text::matching
