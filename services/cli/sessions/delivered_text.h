#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"

namespace countersign::cli::sessions {

// The texts of an answer as a reader of the record reads them, from the bytes that were delivered.
// A text that is not the model's first (another choice, the arguments of a tool call) begins on a
// line of its own with its name. Answers of an unknown form are given as they are. Not thread-safe.
class DeliveredText {
 public:
  // `operation` and `path`: of the request; `content_type`: of the answer.
  DeliveredText(absl::string_view operation, absl::string_view path,
                absl::string_view content_type);
  ~DeliveredText();

  // Feed the bytes in order, then Finish once. Each returns text to print.
  std::string Feed(absl::string_view delivered);
  std::string Finish();

 private:
  std::string Read(absl::StatusOr<std::vector<domain::FieldPiece>> asked);

  dialects::ReadCall call_;
  std::unique_ptr<dialects::AnswerReader> reader_;  // null: the form is not known
  std::string unread_;                              // bytes of which no text was given yet
  std::string field_;                               // of the newest text
  bool any_ = false;
};

}  // namespace countersign::cli::sessions
