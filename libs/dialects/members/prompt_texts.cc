#include "libs/dialects/members/prompt_texts.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::members {
namespace {

using domain::FieldRelease;
using domain::JoinedText;
using domain::MaskedSpan;

bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The first bytes of `text`, and the last ones, at most `size`, in whole characters.
absl::string_view Head(absl::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && ContinuesCharacter(text[size])) --size;
  return text.substr(0, size);
}
absl::string_view Tail(absl::string_view text, std::size_t size) {
  std::size_t from = text.size() - std::min(text.size(), size);
  while (from < text.size() && ContinuesCharacter(text[from])) ++from;
  return text.substr(from);
}

// Makes the border texts of one text.
class BorderWriter {
 public:
  BorderWriter(const domain::Prompt& prompt, const PromptTexts& texts, std::size_t of)
      : prompt_(prompt), text_(texts.texts[of]), of_(of) {}

  void Write(absl::string_view separator, std::vector<BorderText>& result) {
    BorderText border{of_, "", {}};
    for (const JoinedText::Segment& segment : text_.segments) {
      const absl::string_view part = prompt_.parts[segment.part].text;
      if (part.size() <= 2 * kBorderBytes) {
        Append(part, segment.begin, separator, border);
        continue;
      }
      Append(Head(part, kBorderBytes), segment.begin, separator, border);
      Finish(border, result);
      const absl::string_view tail = Tail(part, kBorderBytes);
      Append(tail, segment.begin + part.size() - tail.size(), separator, border);
    }
    Finish(border, result);
  }

 private:
  void Append(absl::string_view text, std::size_t target, absl::string_view separator,
              BorderText& border) {
    if (!border.segments.empty()) absl::StrAppend(&border.text, separator);
    border.segments.push_back({border.text.size(), target, text.size()});
    absl::StrAppend(&border.text, text);
  }

  void Finish(BorderText& border, std::vector<BorderText>& result) {
    BorderText done = std::exchange(border, BorderText{of_, "", {}});
    if (done.segments.size() > 1) result.push_back(std::move(done));
  }

  const domain::Prompt& prompt_;
  const JoinedText& text_;
  const std::size_t of_;
};

// A range of a text that is replaced.
struct Replacement {
  std::size_t begin = 0;
  std::size_t end = 0;
  const MaskedSpan* span = nullptr;
  absl::string_view text;
  bool over_border = false;
};

// The place in the text of a match over several parts.
std::optional<Replacement> FindOverBorder(const BorderText& border, const FieldRelease& found,
                                          const MaskedSpan& span) {
  const BorderText::Segment* first = nullptr;
  const BorderText::Segment* last = nullptr;
  for (const BorderText::Segment& segment : border.segments) {
    if (segment.size == 0 || span.in_end <= segment.begin) continue;
    if (span.in_begin >= segment.begin + segment.size) continue;
    if (first == nullptr) first = &segment;
    last = &segment;
  }
  if (first == last) return std::nullopt;
  Replacement result;
  result.begin =
      first->target + (std::max<std::size_t>(span.in_begin, first->begin) - first->begin);
  result.end = last->target + std::min<std::size_t>(span.in_end - last->begin, last->size);
  result.span = &span;
  result.text = absl::string_view(found.text).substr(span.begin, span.end - span.begin);
  result.over_border = true;
  return result;
}

// Writes a release anew, with other replacements.
class ReleaseWriter {
 public:
  ReleaseWriter(const JoinedText& text, const FieldRelease& release)
      : text_(text), release_(release) {}

  // Copies clear text up to `end`, a position in the text, or skips it.
  bool TakeClear(std::size_t end, bool copy) {
    while (in_ < end) {
      if (NextMasked() != nullptr && in_ == NextMasked()->in_begin) return false;
      if (out_ >= release_.text.size()) return false;
      const char c = release_.text[out_++];
      if (c == text_.text[in_]) {
        ++in_;
      } else if (c != '"' && c != '\\') {
        return false;  // not the quotes of a number that became a string
      }
      if (copy) result_.text += c;
    }
    return in_ == end;
  }

  // Skips up to `end`, a position in the text; where a match ends behind it, up to there.
  bool Skip(std::size_t end) {
    while (in_ < end) {
      const MaskedSpan* next = NextMasked();
      if (next == nullptr || next->in_begin >= end) return TakeClear(end, false);
      if (!TakeClear(next->in_begin, false)) return false;
      in_ = next->in_end;
      out_ = next->end;
      ++masked_;
    }
    return true;
  }

  void Write(const Replacement& replacement) {
    MaskedSpan span = *replacement.span;
    span.begin = result_.text.size();
    absl::StrAppend(&result_.text, replacement.text);
    span.end = result_.text.size();
    span.in_begin = replacement.begin;
    span.in_end = in_;
    span.original = text_.text.substr(replacement.begin, in_ - replacement.begin);
    result_.masked.push_back(std::move(span));
  }

  // Copies what follows the last character.
  FieldRelease Finish() {
    result_.text.append(release_.text, out_, std::string::npos);
    result_.placeholders = release_.placeholders;
    result_.restored = release_.restored;
    return std::move(result_);
  }

 private:
  const MaskedSpan* NextMasked() const {
    return masked_ < release_.masked.size() ? &release_.masked[masked_] : nullptr;
  }

  const JoinedText& text_;
  const FieldRelease& release_;
  FieldRelease result_;
  std::size_t masked_ = 0;
  std::size_t in_ = 0;
  std::size_t out_ = 0;
};

// Merges overlapping replacements into the leftmost of them.
std::vector<Replacement> Merge(std::vector<Replacement> all) {
  std::stable_sort(all.begin(), all.end(), [](const Replacement& a, const Replacement& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::vector<Replacement> merged;
  for (const Replacement& each : all) {
    if (!merged.empty() && each.begin < merged.back().end) {
      merged.back().end = std::max(merged.back().end, each.end);
      merged.back().over_border |= each.over_border;
    } else {
      merged.push_back(each);
    }
  }
  return merged;
}

}  // namespace

PromptTexts JoinPrompt(const domain::Prompt& prompt) {
  PromptTexts result;
  result.texts = domain::JoinParts(prompt);
  for (std::size_t i = 0; i < result.texts.size(); ++i) {
    const std::vector<JoinedText::Segment>& segments = result.texts[i].segments;
    if (segments.size() == 1) continue;
    BorderWriter writer(prompt, result, i);
    writer.Write(" ", result.borders);
    const bool messages = std::any_of(
        segments.begin(), segments.end(),
        [&](const JoinedText::Segment& segment) { return prompt.parts[segment.part].breaks_line; });
    if (messages) writer.Write("", result.borders);
  }
  return result;
}

absl::StatusOr<FieldRelease> AddBorderMatches(const JoinedText& text, FieldRelease release,
                                              const BorderText& border, const FieldRelease& found) {
  std::vector<Replacement> all;
  for (const MaskedSpan& span : found.masked) {
    if (auto replacement = FindOverBorder(border, found, span)) all.push_back(*replacement);
  }
  if (all.empty()) return release;
  for (const MaskedSpan& span : release.masked) {
    if (span.end < span.begin || span.end > release.text.size()) break;  // found out below
    all.push_back({static_cast<std::size_t>(span.in_begin), static_cast<std::size_t>(span.in_end),
                   &span,
                   absl::string_view(release.text).substr(span.begin, span.end - span.begin)});
  }
  ReleaseWriter writer(text, release);
  std::vector<domain::Placeholder> placeholders;
  for (const Replacement& each : Merge(std::move(all))) {
    if (!writer.TakeClear(each.begin, true) || !writer.Skip(each.end)) {
      return absl::FailedPreconditionError("the masked text does not fit its parts");
    }
    writer.Write(each);
    for (const domain::Placeholder& placeholder : found.placeholders) {
      if (each.over_border && absl::StrContains(each.text, placeholder.token)) {
        placeholders.push_back(placeholder);
      }
    }
  }
  FieldRelease result = writer.Finish();
  for (domain::Placeholder& placeholder : placeholders) {
    result.placeholders.push_back(std::move(placeholder));
  }
  return result;
}

}  // namespace countersign::dialects::members
