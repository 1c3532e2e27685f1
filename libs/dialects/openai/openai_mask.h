#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "libs/dialects/openai/openai_texts.h"
#include "libs/dialects/splice.h"
#include "libs/domain/event_payload.h"
#include "libs/domain/masker.h"

namespace countersign::dialects {

// The pieces that one question to the masker consists of.
class PieceQueue {
 public:
  // A piece of a text that goes on; gives its place among the pieces.
  std::size_t Add(const std::string& field, absl::string_view text, bool end);

  // A text that is complete; `name` says what it is ("arguments" are JSON). Nothing when it is
  // known to be let through as it is: streams repeat the same few strings in every chunk.
  std::optional<std::size_t> AddWhole(absl::string_view text, absl::string_view name = "text");

  // What became of a whole text, to be remembered.
  void Learn(absl::string_view text, const domain::FieldRelease& release,
             absl::string_view name = "text");

  // The pieces since the last Take.
  std::vector<domain::FieldPiece> Take();

 private:
  std::vector<domain::FieldPiece> pieces_;
  std::size_t whole_ = 0;
  absl::flat_hash_set<std::string> unchanged_;
};

// The masking of one JSON document: which of its strings were asked about, and what the answers
// make of it. Offsets are into the document's bytes.
class DocumentMask {
 public:
  // Queues a piece for every text. `ends(text)`: nothing follows in that text.
  template <typename Ends>
  DocumentMask(const FoundTexts& found, PieceQueue& queue, const Ends& ends) {
    for (const FoundText& text : found.texts) AddText(text, text.continues && ends(text), queue);
    AddRest(found, queue);
  }

  struct Outcome {
    std::vector<Edit> edits;
    std::vector<domain::DeliveredSpan> masked;
    bool texts_withheld = false;  // some text changed, and none that continues remains
  };
  // `releases` are the answers to all pieces of the question. FAILED_PRECONDITION when something
  // would have to be masked that cannot be.
  absl::StatusOr<Outcome> Apply(const std::vector<domain::FieldRelease>& releases,
                                PieceQueue& queue) const;

 private:
  struct Text {
    std::size_t piece;
    std::size_t begin, end;
    std::string field;
    std::string original;
    bool whole;
  };
  struct Logprobs {
    std::size_t begin, end;
    std::string field;
    std::string tokens;
    std::optional<std::size_t> alternatives;
  };
  void AddText(const FoundText& text, bool end, PieceQueue& queue);
  void AddRest(const FoundTexts& found, PieceQueue& queue);
  bool MayStay(const Logprobs& logprobs, const std::vector<domain::FieldRelease>& releases) const;

  std::vector<Text> texts_;
  std::vector<Logprobs> logprobs_;
  std::vector<std::pair<std::size_t, std::size_t>> obfuscation_;
  std::string names_;
  std::optional<std::size_t> names_piece_;
};

}  // namespace countersign::dialects
