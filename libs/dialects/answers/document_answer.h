#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/dialects/answers/document_mask.h"
#include "libs/dialects/answers/grammar.h"
#include "libs/dialects/answers/intact_texts.h"
#include "libs/dialects/answers/mixed_parts.h"
#include "libs/dialects/answers/piece_queue.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::answers {

// An answer that is one body: a result, or an upstream's error. It is unchanged if nothing in it is
// masked. An error that is not JSON is masked as one text, and refused if its unescaped form has
// more matches; any other answer that is not JSON (answer_json.h) is refused.
class DocumentAnswer : public AnswerReader {
 public:
  struct Options {
    bool masked = true;
    int status = 200;
    bool refuse_unknown = false;  // refuse results that the grammar does not know
    SignedTexts signed_texts = SignedTexts::kDrop;
  };
  DocumentAnswer(std::unique_ptr<const DocumentGrammar> grammar, Options options);

  absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) override;
  absl::StatusOr<std::vector<domain::FieldPiece>> Finish() override;
  absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) override;
  const Usage& usage() const override { return usage_; }
  bool upstream_failed() const override { return options_.status >= 400; }

 private:
  void MaskAsText();
  absl::StatusOr<Delivery> ReleaseText(const std::vector<domain::FieldRelease>& releases) const;

  const std::unique_ptr<const DocumentGrammar> grammar_;
  const Options options_;
  std::string body_;
  PieceQueue queue_;
  std::optional<DocumentMask> mask_;
  std::vector<MixedParts::Asked> mixed_;
  std::vector<OutputText> output_;           // if it is not masked
  std::optional<std::size_t> text_piece_;    // the body is masked as one text
  std::vector<std::size_t> decoded_pieces_;  // the body with its escapes resolved
  bool finished_ = false;
  Usage usage_;
};

}  // namespace countersign::dialects::answers
