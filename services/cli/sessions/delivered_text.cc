#include "services/cli/sessions/delivered_text.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"

namespace countersign::cli::sessions {
namespace {

// Nothing is masked again: every text is released as it is.
std::vector<domain::FieldRelease> ReleaseAll(std::vector<domain::FieldPiece> pieces) {
  std::vector<domain::FieldRelease> releases;
  for (domain::FieldPiece& piece : pieces) {
    domain::FieldRelease release;
    release.text = std::move(piece.text);
    releases.push_back(std::move(release));
  }
  return releases;
}

}  // namespace

DeliveredText::DeliveredText(absl::string_view operation, absl::string_view path,
                             absl::string_view content_type) {
  const dialects::AnswerHead head{200, std::string(content_type)};
  // A record does not say which protocol its connection has; the path does.
  const dialects::Dialect& dialect = dialects::GuessDialect(path);
  if (!absl::StartsWith(content_type, "application/json") &&
      !absl::StartsWith(content_type, "text/event-stream")) {
    return;
  }
  auto prompt = std::make_shared<domain::Prompt>();
  prompt->operation = std::string(operation);
  call_.prompt = std::move(prompt);
  reader_ = dialect.OpenAnswer(call_, head, dialects::AnswerOptions());
}

DeliveredText::~DeliveredText() = default;

std::string DeliveredText::Read(absl::StatusOr<std::vector<domain::FieldPiece>> asked) {
  if (!asked.ok()) {
    reader_ = nullptr;
    return std::exchange(unread_, "");
  }
  const auto deliveries = reader_->Release(ReleaseAll(*std::move(asked)));
  if (!deliveries.ok()) {
    reader_ = nullptr;
    return std::exchange(unread_, "");
  }
  std::string text;
  for (const dialects::Delivery& delivery : *deliveries) {
    for (const dialects::OutputText& piece : delivery.output) {
      if (piece.field != field_ && any_) absl::StrAppend(&text, "\n[", piece.field, "] ");
      field_ = piece.field;
      any_ = true;
      text += piece.text;
    }
  }
  if (!text.empty()) unread_.clear();
  return text;
}

std::string DeliveredText::Feed(absl::string_view delivered) {
  if (reader_ == nullptr) return std::string(delivered);
  absl::StrAppend(&unread_, delivered);
  return Read(reader_->Feed(delivered));
}

std::string DeliveredText::Finish() {
  if (reader_ == nullptr) return "";
  std::string text = Read(reader_->Finish());
  // An answer without any text, such as an error, is shown as it is.
  if (text.empty() && !any_) text = std::exchange(unread_, "");
  return text;
}

}  // namespace countersign::cli::sessions
