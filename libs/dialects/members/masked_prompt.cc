#include "libs/dialects/members/masked_prompt.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::dialects::members {
namespace {

// The part of a release that belongs to one part of the text.
struct PartRelease {
  std::string text;
  std::vector<domain::MaskedSpan> masked;
};

// Splits a release among the parts of its text.
class ReleaseDivider {
 public:
  ReleaseDivider(const domain::JoinedText& joined, const domain::Prompt& prompt,
                 const domain::FieldRelease& release)
      : joined_(joined), prompt_(prompt), release_(release), parts_(joined.segments.size()) {}

  absl::StatusOr<std::vector<PartRelease>> Divide() {
    for (const domain::MaskedSpan& span : release_.masked) {
      CS_RETURN_IF_ERROR(TakeClear(span.in_begin, span.begin));
      if (span.in_end < in_ || span.in_end > joined_.text.size()) return Misfit();
      PartRelease& part = parts_[AtOrAfter(span.in_begin)];
      domain::MaskedSpan own = span;
      own.begin = part.text.size();
      part.text.append(release_.text, span.begin, span.end - span.begin);
      own.end = part.text.size();
      part.masked.push_back(std::move(own));
      in_ = span.in_end;
      out_ = span.end;
    }
    CS_RETURN_IF_ERROR(TakeClear(joined_.text.size(), release_.text.size()));
    return std::move(parts_);
  }

 private:
  static absl::Status Misfit() {
    return absl::FailedPreconditionError("the masked text cannot be separated from its neighbours");
  }

  // Copies clear text, except the quotes of numbers that have become strings.
  absl::Status TakeClear(std::size_t in_end, std::size_t out_end) {
    if (in_end < in_ || in_end > joined_.text.size() || out_end < out_ ||
        out_end > release_.text.size()) {
      return Misfit();
    }
    while (out_ < out_end) {
      const char c = release_.text[out_];
      if (in_ < in_end && joined_.text[in_] == c) {
        if (const auto part = PartAt(in_)) parts_[*part].text += c;
        ++in_;
      } else if (c == '"' || c == '\\') {
        parts_[AtOrAfter(in_)].text += c;
      } else {
        return Misfit();
      }
      ++out_;
    }
    return in_ == in_end ? absl::OkStatus() : Misfit();
  }

  // The part with the byte; none for separators between parts.
  std::optional<std::size_t> PartAt(std::size_t byte) {
    while (part_ + 1 < parts_.size() && byte >= joined_.segments[part_ + 1].begin) ++part_;
    const domain::JoinedText::Segment& segment = joined_.segments[part_];
    const std::size_t end = segment.begin + prompt_.parts[segment.part].text.size();
    return byte < end ? std::optional<std::size_t>(part_) : std::nullopt;
  }

  std::size_t AtOrAfter(std::size_t byte) {
    if (byte < joined_.text.size() && !PartAt(byte)) ++byte;  // skip the line break before a part
    PartAt(byte);
    return part_;
  }

  const domain::JoinedText& joined_;
  const domain::Prompt& prompt_;
  const domain::FieldRelease& release_;
  std::vector<PartRelease> parts_;
  std::size_t part_ = 0;
  std::size_t in_ = 0;
  std::size_t out_ = 0;
};

// Adds what `release` changes in `text` to `masked` and `result`.
absl::Status ApplyOne(const ReadCall& read, const domain::JoinedText& text,
                      const domain::FieldRelease& release, domain::Prompt& masked,
                      MaskedPrompt& result) {
  std::vector<PartRelease> parts;
  if (text.segments.size() == 1) {
    parts.push_back({release.text, release.masked});
  } else {
    CS_ASSIGN_OR_RETURN(parts, ReleaseDivider(text, masked, release).Divide());
  }
  for (std::size_t k = 0; k < parts.size(); ++k) {
    domain::TextPart& part = masked.parts[text.segments[k].part];
    if (parts[k].masked.empty() && parts[k].text == part.text) continue;
    const TextPlace& place = read.places[text.segments[k].part];
    absl::StatusOr<std::string> json = WriteText(place, parts[k].text);
    if (!json.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat(part.pointer, " must be masked, but cannot be: ", json.status().message()));
    }
    result.edits.push_back(Edit{place.begin, place.end, *std::move(json)});
    for (domain::MaskedSpan& span : parts[k].masked) {
      result.masked.push_back(domain::DeliveredSpan{part.pointer, std::move(span)});
    }
    part.text = std::move(parts[k].text);
  }
  result.placeholders.insert(result.placeholders.end(), release.placeholders.begin(),
                             release.placeholders.end());
  return absl::OkStatus();
}

}  // namespace

std::vector<domain::FieldPiece> AskAboutPrompt(const PromptTexts& texts,
                                               const domain::Prompt& prompt) {
  std::vector<domain::FieldPiece> pieces;
  pieces.reserve(texts.texts.size() + texts.borders.size());
  for (const domain::JoinedText& text : texts.texts) {
    const std::size_t first = text.segments.front().part;
    pieces.push_back({absl::StrCat("part/", first, prompt.parts[first].pointer), text.text, true});
  }
  for (const BorderText& border : texts.borders) {
    const std::size_t first = texts.texts[border.of].segments.front().part;
    pieces.push_back({absl::StrCat(domain::kProbePrefix, first, prompt.parts[first].pointer),
                      border.text, true});
  }
  return pieces;
}

absl::StatusOr<MaskedPrompt> ApplyToPrompt(const ReadCall& read, const PromptTexts& texts,
                                           const std::vector<domain::FieldRelease>& releases) {
  std::vector<domain::FieldRelease> own(releases.begin(), releases.begin() + texts.texts.size());
  for (std::size_t i = 0; i < texts.borders.size(); ++i) {
    const BorderText& border = texts.borders[i];
    CS_ASSIGN_OR_RETURN(own[border.of],
                        AddBorderMatches(texts.texts[border.of], std::move(own[border.of]), border,
                                         releases[texts.texts.size() + i]));
  }
  MaskedPrompt result;
  domain::Prompt masked = *read.prompt;
  for (std::size_t i = 0; i < texts.texts.size(); ++i) {
    if (!own[i].Unchanged())
      CS_RETURN_IF_ERROR(ApplyOne(read, texts.texts[i], own[i], masked, result));
  }
  result.prompt = result.edits.empty() ? read.prompt
                                       : std::make_shared<const domain::Prompt>(std::move(masked));
  return result;
}

}  // namespace countersign::dialects::members
