#include "services/cli/offline/mask_input.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "libs/json/document.h"
#include "services/masking/field_masker.h"
#include "services/masking/text_masker.h"

namespace countersign::cli::offline {
namespace {

using Rules = std::shared_ptr<const text::redaction::RuleSet>;

// Calls feed(piece, end) for all of `input`, at least once.
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

absl::StatusOr<text::redaction::Redacted> MaskText(const Rules& rules, absl::string_view input,
                                                   std::size_t chunk) {
  text::redaction::Redacted result;
  text::redaction::RedactionStream stream(rules);
  CS_RETURN_IF_ERROR(InPieces(input, chunk, [&](absl::string_view piece, bool end) {
    return stream.Feed(piece, end, &result.text, &result.spans);
  }));
  text::redaction::JoinContinued(result.spans);
  return result;
}

// Masks the document at `offset` of the input and appends the result.
absl::Status MaskDocument(const Rules& rules, absl::string_view document, std::size_t offset,
                          std::size_t chunk, text::redaction::Redacted& result) {
  masking::TextMasker masker(rules, masking::TextMasker::Form::kDocument);
  return InPieces(document, chunk, [&](absl::string_view piece, bool end) -> absl::Status {
    domain::FieldRelease release;
    std::vector<masking::Replaced> places;
    CS_RETURN_IF_ERROR(masker.Feed(piece, end, release, &places));
    for (std::size_t i = 0; i < release.masked.size(); ++i) {
      domain::MaskedSpan& span = release.masked[i];
      text::redaction::RedactedSpan masked;
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

// Masks one document, or one document per line.
absl::StatusOr<text::redaction::Redacted> MaskJson(const Rules& rules, absl::string_view input,
                                                   std::size_t chunk) {
  text::redaction::Redacted result;
  const absl::Status whole = json::Document::Parse(input).status();
  if (whole.ok()) {
    CS_RETURN_IF_ERROR(MaskDocument(rules, input, 0, chunk, result));
    text::redaction::JoinContinued(result.spans);
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
        return absl::InvalidArgumentError(absl::StrCat("the input is not a JSON document (",
                                                       whole.message(), "), and its line ", number,
                                                       " alone is none either"));
      }
      CS_RETURN_IF_ERROR(MaskDocument(rules, line, offset, chunk, result));
    }
    offset += line.size() + 1;
    if (offset <= input.size()) result.text += '\n';
  }
  text::redaction::JoinContinued(result.spans);
  return result;
}

// Masks `input` with the dialect's reader, as the edge does in a call.
absl::StatusOr<MaskedInput> MaskAnswer(const MaskWork& work, absl::string_view input) {
  const bool is_document = absl::StartsWith(absl::StripLeadingAsciiWhitespace(input), "{");
  const dialects::AnswerHead head{200, is_document ? "application/json" : "text/event-stream"};
  dialects::AnswerOptions options;
  options.unknown_events = work.unknown_events;
  const std::unique_ptr<dialects::AnswerReader> reader =
      dialects::DefaultDialect().OpenAnswer(dialects::ReadCall(), head, options);
  MaskedInput result;
  masking::FieldMasker masker(work.rules, nullptr);
  const auto pass = [&](absl::StatusOr<std::vector<domain::FieldPiece>> asked) -> absl::Status {
    CS_RETURN_IF_ERROR(asked.status());
    CS_ASSIGN_OR_RETURN(auto releases, masker.Feed(*asked));
    CS_ASSIGN_OR_RETURN(const auto deliveries, reader->Release(std::move(releases)));
    for (const dialects::Delivery& delivery : deliveries) {
      absl::StrAppend(&result.masked.text, delivery.bytes);
      for (const domain::DeliveredSpan& found : delivery.masked) {
        if (found.span.begin == found.span.end) continue;  // continues the previous one
        result.masked.spans.emplace_back().entity = found.span.entity;
        result.fields.push_back(found.field);
      }
    }
    return absl::OkStatus();
  };
  CS_RETURN_IF_ERROR(InPieces(input, work.chunk, [&](absl::string_view piece, bool end) {
    const absl::Status fed = pass(reader->Feed(piece));
    return fed.ok() && end ? pass(reader->Finish()) : fed;
  }));
  return result;
}

}  // namespace

absl::StatusOr<MaskedInput> MaskInput(const MaskWork& work, absl::string_view input) {
  if (work.form == MaskForm::kAnswer) return MaskAnswer(work, input);
  MaskedInput result;
  CS_ASSIGN_OR_RETURN(result.masked, work.form == MaskForm::kJson
                                         ? MaskJson(work.rules, input, work.chunk)
                                         : MaskText(work.rules, input, work.chunk));
  return result;
}

}  // namespace countersign::cli::offline
