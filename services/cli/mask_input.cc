#include "services/cli/mask_input.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "services/masking/text_masker.h"

namespace countersign::cli {
namespace {

using Rules = std::shared_ptr<const text::RuleSet>;

// Calls feed(piece, end) with all of `input`, at least once.
template <typename Feed>
absl::Status InPieces(absl::string_view input, std::size_t chunk, const Feed& feed) {
  std::size_t at = 0;
  do {
    const std::size_t size = chunk == 0 ? input.size() : std::min(chunk, input.size() - at);
    CS_RETURN_IF_ERROR(feed(input.substr(at, size), at + size >= input.size()));
    at += size;
  } while (at < input.size());
  return absl::OkStatus();
}

absl::StatusOr<text::Redacted> MaskText(const Rules& rules, absl::string_view input,
                                        std::size_t chunk) {
  text::Redacted result;
  text::RedactionStream stream(rules);
  CS_RETURN_IF_ERROR(InPieces(input, chunk, [&](absl::string_view piece, bool end) {
    return stream.Feed(piece, end, &result.text, &result.spans);
  }));
  text::JoinContinued(result.spans);
  return result;
}

// Appends the masking of the document that stands at `offset` of the input.
absl::Status MaskDocument(const Rules& rules, absl::string_view document, std::size_t offset,
                          std::size_t chunk, text::Redacted& result) {
  masking::TextMasker masker(rules, masking::TextMasker::Form::kDocument);
  return InPieces(document, chunk, [&](absl::string_view piece, bool end) -> absl::Status {
    domain::FieldRelease release;
    std::vector<masking::Replaced> places;
    CS_RETURN_IF_ERROR(masker.Feed(piece, end, release, &places));
    for (std::size_t i = 0; i < release.masked.size(); ++i) {
      domain::MaskedSpan& span = release.masked[i];
      text::RedactedSpan masked;
      masked.begin = result.text.size() + span.begin;
      masked.end = result.text.size() + span.end;
      masked.input_begin = offset + places[i].in_begin;
      masked.input_end = offset + places[i].in_end;
      masked.entity = std::move(span.entity);
      masked.original = std::move(span.original);
      masked.continued = span.begin == span.end;
      result.spans.push_back(std::move(masked));
    }
    absl::StrAppend(&result.text, release.text);
    return absl::OkStatus();
  });
}

// One document, or several, each on a line of its own.
absl::StatusOr<text::Redacted> MaskJson(const Rules& rules, absl::string_view input,
                                        std::size_t chunk) {
  text::Redacted result;
  const absl::Status whole = json::Document::Parse(input).status();
  if (whole.ok()) {
    CS_RETURN_IF_ERROR(MaskDocument(rules, input, 0, chunk, result));
    text::JoinContinued(result.spans);
    return result;
  }
  std::size_t offset = 0;
  std::size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(input, '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) {
      absl::StrAppend(&result.text, line);
    } else {
      if (!json::Document::Parse(line).ok()) {
        return absl::InvalidArgumentError(absl::StrCat("the input is no JSON document (",
                                                       whole.message(), "), and its line ", number,
                                                       " alone is none either"));
      }
      CS_RETURN_IF_ERROR(MaskDocument(rules, line, offset, chunk, result));
    }
    offset += line.size() + 1;
    if (offset <= input.size()) result.text += '\n';
  }
  text::JoinContinued(result.spans);
  return result;
}

}  // namespace

absl::StatusOr<text::Redacted> MaskInput(const Rules& rules, absl::string_view input, MaskForm form,
                                         std::size_t chunk) {
  return form == MaskForm::kJson ? MaskJson(rules, input, chunk) : MaskText(rules, input, chunk);
}

}  // namespace countersign::cli
