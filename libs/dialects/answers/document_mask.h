#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/answers/piece_queue.h"
#include "libs/dialects/answers/repeated_texts.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/splice.h"
#include "libs/domain/event_payload.h"
#include "libs/domain/masker.h"

namespace countersign::dialects::answers {

// Asks about the strings of an error as a program that unescapes them would read them, too: a
// string that hides a match so is replaced.
void AddDecodedViews(FoundTexts& found, PieceQueue& queue);

// Asks about complete texts that look like identifiers behind the prefixes that generators write
// (`call_`), too: one that is a secret there is replaced.
void AddIdentifierParts(FoundTexts& found, PieceQueue& queue);

// Masks one JSON document: remembers which texts the masker was asked about, and turns its releases
// into edits. Offsets are into the document's bytes.
class DocumentMask {
 public:
  // Queues a piece for every text. `ends(text)`: true when that continuing text ends with this
  // document.
  DocumentMask(const FoundTexts& found, PieceQueue& queue,
               absl::FunctionRef<bool(const FoundText&)> ends);

  // The piece of the last text of `field` here.
  std::optional<std::size_t> FindPiece(absl::string_view field) const;

  // A continuing text of the document, of which the masker may hold the end.
  struct ContinuedText {
    std::string field;
    std::int64_t group = kNoGroup;
    std::size_t held = 0;     // bytes
    std::string released;     // if some are held: the text as it is sent
    std::size_t edit_at = 0;  // and the index of its edit
  };
  // A text that may not be changed, and what the masker would make of it.
  struct IntactText {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string field;
    domain::FieldRelease release;
  };
  struct Outcome {
    std::vector<Edit> edits;
    std::vector<IntactText> intact;  // has no edits yet
    std::vector<domain::DeliveredSpan> masked;
    std::vector<ContinuedText> continued;
    std::vector<OutputText> output;
    bool texts_withheld = false;  // a text changed, and nothing of a continuing one is left
  };
  // `releases` are the answers to all queued pieces; `released` has the earlier releases of texts
  // that repeat. FAILED_PRECONDITION when something must be masked that cannot be replaced.
  absl::StatusOr<Outcome> Apply(const std::vector<domain::FieldRelease>& releases,
                                PieceQueue& queue, ReleasedTexts& released) const;

 private:
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  struct Text {
    std::size_t piece;
    Range range;
    std::string field;
    std::int64_t group;
    bool continues;
    bool repeats;
    bool is_output;
    bool is_document;
    bool intact;
    bool begins;  // for repeated texts: this is the first piece
    std::optional<std::size_t> context;
    std::optional<Growth> growth;
    std::vector<JoinedPiece> joined;
    std::optional<std::size_t> ended;  // pieces of what grows: its end,
    std::optional<std::size_t> grown;  // and what is added to it
  };
  struct Copy {
    Range range;
    std::string field;
    std::string tokens;
    std::optional<std::size_t> alternatives;
    absl::string_view replacement;
  };
  void AddText(const FoundText& text, bool end, PieceQueue& queue);
  // The replacement of an identifier that completes a match over several values; else nothing.
  static std::optional<domain::FieldRelease> ReplaceJoined(
      const Text& text, const std::vector<domain::FieldRelease>& releases);
  // The replacement of the text; nothing when it is unchanged.
  static std::optional<domain::FieldRelease> Replace(
      const Text& text, const std::vector<domain::FieldRelease>& releases, ReleasedTexts& released);
  bool MayStay(const Copy& copy, const std::vector<domain::FieldRelease>& releases) const;
  // The same releases after those that guard texts which repeat themselves.
  absl::StatusOr<std::vector<domain::FieldRelease>> Guard(
      const std::vector<domain::FieldRelease>& releases, ReleasedTexts& released) const;
  absl::StatusOr<Outcome> ApplyGuarded(const std::vector<domain::FieldRelease>& releases,
                                       PieceQueue& queue, ReleasedTexts& released) const;

  // Adds the continuing text, sent as `release` or unchanged, to the outcome.
  static void NoteContinued(const Text& text, const domain::FieldRelease& asked,
                            const std::optional<domain::FieldRelease>& release, Outcome& outcome);

  std::vector<Text> texts_;
  bool has_copies_;
  std::vector<OutputText> unasked_output_;  // that the queue knows to stay unchanged
  std::vector<OutputText> unasked_;         // all such texts, if there are copies
  std::vector<Copy> copies_;
  std::vector<Range> padding_;
  std::optional<std::size_t> unknown_names_;
};

}  // namespace countersign::dialects::answers
