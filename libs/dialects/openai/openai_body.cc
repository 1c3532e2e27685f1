#include "libs/dialects/openai/openai_body.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/decoded_view.h"
#include "libs/dialects/lone_surrogates.h"
#include "libs/dialects/openai/openai_forms.h"
#include "libs/dialects/openai/openai_usage.h"

namespace countersign::dialects {
namespace {

using json::Type;
using json::Value;

constexpr absl::string_view kReplacement = "\xef\xbf\xbd";

std::string AsUtf8(absl::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Char c = DecodeUtf8(bytes, at);
    absl::StrAppend(&text, c.valid ? bytes.substr(at, c.size) : kReplacement);
    at += c.size;
  }
  return text;
}

// The list without the models that `serves` refuses.
absl::StatusOr<std::string> FilterModels(const std::string& body, const Value& data,
                                         const std::function<bool(absl::string_view)>& serves) {
  std::vector<absl::string_view> kept;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Value model = data.at(i);
    if (!serves(model["id"].text())) continue;
    kept.push_back(absl::string_view(body).substr(model.begin(), model.end() - model.begin()));
  }
  if (kept.size() == data.size()) return body;
  return Splice(body,
                {Edit{data.begin(), data.end(), absl::StrCat("[", absl::StrJoin(kept, ","), "]")}});
}

// True when `decoded` masks something that `plain` does not: it stands behind escapes, and cannot
// be replaced without knowing whose they are.
bool HidesMore(const domain::FieldRelease& decoded, const domain::FieldRelease& plain) {
  std::multiset<std::string> known;
  for (const domain::MaskedSpan& span : plain.masked) known.insert(span.original);
  for (const domain::MaskedSpan& span : decoded.masked) {
    const auto same = known.find(span.original);
    if (same == known.end()) return true;
    known.erase(same);
  }
  return false;
}

}  // namespace

void ReadUsage(const Value& usage, Usage& into) {
  const auto count = [&](absl::string_view key) -> std::uint32_t {
    const auto number = usage[key].integer();
    return number && *number > 0 && *number <= UINT32_MAX ? static_cast<std::uint32_t>(*number) : 0;
  };
  if (!usage.is(Type::kObject)) return;
  into.input_tokens = count("prompt_tokens");
  into.output_tokens = count("completion_tokens");
  into.known = true;
}

absl::StatusOr<std::vector<domain::FieldPiece>> OpenAiBody::Feed(absl::string_view bytes) {
  absl::StrAppend(&body_, bytes);
  return std::vector<domain::FieldPiece>();
}

absl::StatusOr<std::vector<domain::FieldPiece>> OpenAiBody::Finish() {
  finished_ = true;
  if (body_.empty()) return queue_.Take();
  absl::StatusOr<json::Document> document = json::Document::Parse(body_);
  if (!document.ok()) {
    const std::vector<std::size_t> lone = LoneSurrogates(body_);
    for (const std::size_t at : lone) ReplaceSurrogate(body_, at);
    if (!lone.empty()) document = json::Document::Parse(body_);
  }
  if (!document.ok() && upstream_failed()) return FinishText();
  if (!document.ok()) return absl::UnavailableError("the upstream's answer is not strict JSON");
  if (options_.masked && options_.refuse_unknown && !upstream_failed() &&
      !IsKnownBody(document->root())) {
    return UnknownForm();
  }
  if (options_.serves && document->root()["data"].is(Type::kArray)) {
    CS_ASSIGN_OR_RETURN(body_, FilterModels(body_, document->root()["data"], options_.serves));
    document = json::Document::Parse(body_);
    if (!document.ok()) return document.status();
  }
  ReadUsage(document->root()["usage"], usage_);
  if (options_.masked) {
    const FoundTexts found = TextsOfBody(document->root(), body_);
    mask_.emplace(found, queue_, [](const FoundText& text) { return text.last; });
  }
  return queue_.Take();
}

absl::StatusOr<std::vector<domain::FieldPiece>> OpenAiBody::FinishText() {
  if (options_.masked) {
    body_ = AsUtf8(body_);
    text_piece_ = queue_.AddWhole(body_);
    const std::string view = DecodedView(body_);
    if (view != body_) decoded_piece_ = queue_.AddWhole(view);
  }
  return queue_.Take();
}

absl::StatusOr<std::vector<Delivery>> OpenAiBody::Release(
    std::vector<domain::FieldRelease> releases) {
  std::vector<Delivery> deliveries;
  if (!finished_ || body_.empty()) return deliveries;
  Delivery delivery;
  delivery.is_final = true;
  if (text_piece_) {
    const domain::FieldRelease& release = releases[*text_piece_];
    if (decoded_piece_ && HidesMore(releases[*decoded_piece_], release)) {
      return absl::FailedPreconditionError("the error hides what would have to be masked");
    }
    delivery.bytes = release.text;
    for (const domain::MaskedSpan& span : release.masked) {
      delivery.masked.push_back(domain::DeliveredSpan{"body", span});
    }
  } else if (mask_.has_value()) {
    CS_ASSIGN_OR_RETURN(DocumentMask::Outcome outcome, mask_->Apply(releases, queue_));
    CS_ASSIGN_OR_RETURN(delivery.bytes, Splice(body_, std::move(outcome.edits)));
    delivery.masked = std::move(outcome.masked);
  } else {
    delivery.bytes = std::move(body_);
  }
  deliveries.push_back(std::move(delivery));
  return deliveries;
}

}  // namespace countersign::dialects
