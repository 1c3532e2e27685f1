#include "libs/text/form_matcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/text/char_folding.h"
#include "libs/text/word_edges.h"

namespace countersign::text {
namespace {

// Escaped, so that no byte means anything but itself.
void AppendEscaped(absl::string_view bytes, std::string* expression) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    expression->append({'\\', 'x', kHex[value >> 4], kHex[value & 15]});
  }
}

// Without white space at its edges.
absl::string_view Trimmed(absl::string_view text) {
  std::size_t begin = text.size();
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char next = DecodeUtf8(text, at);
    if (!IsSpace(next.code_point)) {
      begin = std::min(begin, at);
      end = at + next.size;
    }
    at += next.size;
  }
  return end == 0 ? absl::string_view() : text.substr(begin, end - begin);
}

}  // namespace

absl::Status FormMatcher::AddKeyword(absl::string_view keyword, std::uint32_t term) {
  std::string seen(keyword.data(), keyword.size());
  if (form_) seen = Normalizer::For(*form_).Apply(keyword).text();
  const absl::string_view literal = Trimmed(seen);
  if (literal.empty()) {
    return absl::InvalidArgumentError("nothing is left of the keyword once it is normalised");
  }
  std::string expression;
  AppendEscaped(literal, &expression);
  const auto [known, is_new] = keywords_.emplace(std::move(expression), entries_.size());
  if (is_new) {
    patterns_.push_back({known->first, true});
    entries_.emplace_back().size = literal.size();
  }
  entries_[known->second].terms.push_back(term);
  return absl::OkStatus();
}

absl::Status FormMatcher::AddRegex(absl::string_view regex, bool caseless, std::uint32_t term) {
  CS_RETURN_IF_ERROR(CheckRegex(regex));
  std::string expression = caseless ? absl::StrCat("(?i:", regex, ")") : std::string(regex);
  CS_ASSIGN_OR_RETURN(RegexSpanFinder spans, RegexSpanFinder::Create(expression));
  Entry entry;
  entry.regex = std::move(spans);
  entry.terms.push_back(term);
  entries_.push_back(std::move(entry));
  patterns_.push_back({std::move(expression), false});
  return absl::OkStatus();
}

absl::Status FormMatcher::Compile(Refusal* refusal) {
  keywords_.clear();
  const std::vector<DatabasePattern> patterns = std::exchange(patterns_, {});
  if (patterns.empty()) return absl::OkStatus();
  PatternDatabase::CompileError error;
  auto database = PatternDatabase::Compile(patterns, &error);
  if (!database.ok()) {
    if (error.names_pattern) refusal->term = entries_[error.pattern].terms.front();
    return std::move(database).status();
  }
  database_ = *std::move(database);
  return absl::OkStatus();
}

absl::Status FormMatcher::Scan(
    absl::string_view text,
    absl::FunctionRef<void(std::uint32_t term, std::size_t begin, std::size_t end)> on_hit) const {
  if (!database_) return absl::OkStatus();
  NormalizedText normalized;
  if (form_) normalized = Normalizer::For(*form_).Apply(text);
  const absl::string_view seen = form_ ? absl::string_view(normalized.text()) : text;
  const auto original = [&](std::size_t begin, std::size_t end) {
    return form_ ? normalized.Original(begin, end) : OriginalSpan{begin, end, true};
  };
  return database_->Scan(seen, [&](std::uint32_t pattern, std::size_t end) {
    const Entry& entry = entries_[pattern];
    OriginalSpan span;
    if (entry.regex) {
      const RegexSpan found = entry.regex->At(seen, end);
      span = original(found.begin, found.end);
    } else {
      span = original(end - entry.size, end);
      if (!span.whole || !IsWordEdge(text, span.begin) || !IsWordEdge(text, span.end)) return;
    }
    for (const std::uint32_t term : entry.terms) on_hit(term, span.begin, span.end);
  });
}

}  // namespace countersign::text
