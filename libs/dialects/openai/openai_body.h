#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libs/dialects/dialect.h"
#include "libs/dialects/openai/openai_mask.h"

namespace countersign::dialects {

// An answer that comes as one body: a completion, a list of models, or an upstream's error. The
// caller gets it as it came when nothing in it is masked. An error that is not JSON is masked as
// one text, and refused when escapes in it hide more; an answer that is not JSON is refused.
class OpenAiBody final : public AnswerReader {
 public:
  struct Options {
    bool masked = true;
    int status = 200;
    bool refuse_unknown = false;  // no answer of a form that is not known; errors have any
    // Models that the list leaves out; null: the answer is no list of models.
    std::function<bool(absl::string_view)> serves;
  };
  explicit OpenAiBody(Options options) : options_(std::move(options)) {}

  absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) override;
  absl::StatusOr<std::vector<domain::FieldPiece>> Finish() override;
  absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) override;
  const Usage& usage() const override { return usage_; }
  bool upstream_failed() const override { return options_.status >= 400; }

 private:
  absl::StatusOr<std::vector<domain::FieldPiece>> FinishText();

  const Options options_;
  std::string body_;
  PieceQueue queue_;
  std::optional<DocumentMask> mask_;
  std::optional<std::size_t> text_piece_;     // the body is masked as one text
  std::optional<std::size_t> decoded_piece_;  // and looked at without its escapes
  bool finished_ = false;
  Usage usage_;
};

}  // namespace countersign::dialects
