#include "libs/dialects/pass_through/body_answer.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/utf8.h"

namespace countersign::dialects::pass_through {

absl::StatusOr<std::vector<domain::FieldPiece>> BodyAnswer::Feed(absl::string_view bytes) {
  absl::StrAppend(&body_, bytes);
  return std::vector<domain::FieldPiece>();
}

absl::StatusOr<std::vector<domain::FieldPiece>> BodyAnswer::Finish() {
  finished_ = true;
  std::vector<domain::FieldPiece> pieces;
  const bool declared = absl::StartsWithIgnoreCase(content_type_, "text/");
  if (!masked_ || body_.empty() || (!declared && !IsUtf8(body_))) return pieces;
  body_ = ReplaceInvalidUtf8(body_);
  asked_ = true;
  pieces.push_back({"body", body_, true});
  return pieces;
}

absl::StatusOr<std::vector<Delivery>> BodyAnswer::Release(
    std::vector<domain::FieldRelease> releases) {
  std::vector<Delivery> deliveries;
  if (!finished_) return deliveries;
  Delivery delivery;
  delivery.is_final = true;
  if (asked_) {
    delivery.bytes = std::move(releases.front().text);
    for (const domain::MaskedSpan& span : releases.front().masked) {
      delivery.masked.push_back(domain::DeliveredSpan{"body", span});
    }
  } else {
    delivery.bytes = std::move(body_);
  }
  deliveries.push_back(std::move(delivery));
  return deliveries;
}

}  // namespace countersign::dialects::pass_through
