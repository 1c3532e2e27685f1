#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/dialects/dialect.h"

namespace countersign::dialects::anthropic {

// The results of a batch: one JSON document per line. Each line is masked as an answer of its own;
// all are delivered together. A line that is not JSON ends the answer.
class JsonLinesAnswer final : public AnswerReader {
 public:
  using OpenLine = std::function<std::unique_ptr<AnswerReader>()>;
  explicit JsonLinesAnswer(OpenLine open_line) : open_line_(std::move(open_line)) {}

  absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) override;
  absl::StatusOr<std::vector<domain::FieldPiece>> Finish() override;
  absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) override;
  // The call that made the batch is not this one: its results cost nothing.
  const Usage& usage() const override { return usage_; }
  bool upstream_failed() const override { return false; }

 private:
  struct Line {
    std::unique_ptr<AnswerReader> reader;  // null: an empty line
    std::size_t pieces = 0;
    std::string end;  // "\n", or nothing behind the last one
  };

  const OpenLine open_line_;
  std::string body_;
  std::vector<Line> lines_;
  bool finished_ = false;
  Usage usage_{0, 0, true};
};

}  // namespace countersign::dialects::anthropic
