#pragma once

#include <string>
#include <vector>

#include "libs/dialects/dialect.h"

namespace countersign::dialects::pass_through {

// An answer that is neither JSON, nor events, nor an error. Text, which is UTF-8 or declared as
// text, is masked as one text; other bytes, such as sound, are delivered as they came.
class BodyAnswer final : public AnswerReader {
 public:
  BodyAnswer(const AnswerHead& head, bool masked)
      : content_type_(head.content_type), masked_(masked) {}

  absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) override;
  absl::StatusOr<std::vector<domain::FieldPiece>> Finish() override;
  absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) override;
  const Usage& usage() const override { return usage_; }
  bool upstream_failed() const override { return false; }

 private:
  const std::string content_type_;
  const bool masked_;
  const Usage usage_;
  std::string body_;
  bool asked_ = false;
  bool finished_ = false;
};

}  // namespace countersign::dialects::pass_through
