#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/answers/piece_queue.h"

namespace countersign::dialects::answers {

// Remembers the texts at each place of a stream that the dialect does not know. A second string at
// such a place, whatever its name, continues the text or repeats it:
//   the same string             complete
//   the whole text and more     a growing text: the addition is masked, the rest is sent as before
//   anything else               a piece of one text, as if its name had said so
// The first string is open: it may be any of these until the next event of its kind (the same
// choice, or the same type of event) decides. When that has no string at the place the first one is
// complete, unless it could be the beginning of a number or a key: then it stays open.
// Short words that follow each other (states, kinds) stay complete; one that completes a match with
// those before it is masked. Not thread-safe.
class RepeatedTexts {
 public:
  struct Outcome {
    std::vector<std::string> opened_fields;     // their event waits for what becomes of them
    std::vector<std::string> ended_fields;      // complete
    std::vector<std::string> continued_fields;  // opened earlier; this event continues them
    std::vector<std::string> dropped_fields;    // grow: sent again with what is held of them
  };
  // Classifies the unknown texts of `found`. A known member's pieces are pieces: one that begins
  // like the one before it may be chance, and to take it for a repetition would double text. Both
  // readings are guarded (growth_guard.h). UNAVAILABLE when there are too many places.
  absl::Status Resolve(FoundTexts& found, PieceQueue& queue, Outcome& outcome);
  // Whether the last piece of a known text repeated the one before it.
  bool IsGrowing(const std::string& field) const;

 private:
  struct Seen {
    std::string last;    // the last text; empty when it was too long to keep
    std::string joined;  // the strings while they were complete, concatenated
    int repeats = 0;     // of the last one
    bool open = false;   // has had its first text only
    bool continues = false;
    bool grows = false;
  };
  struct OpenPlace {
    std::string field;
    std::int64_t group;
    std::string discriminators;
    bool may_be_cut;  // its text ends like a part of a number or a key
  };
  struct Known {
    std::string last;
    std::uint64_t fed = 0;
    bool guarded = false;  // a piece has repeated the one before it
    bool growing = false;  // the last one did
  };
  void TrackGrowth(FoundText& text);
  void Open(FoundText& text, Seen& seen, Outcome& outcome);
  static void Repeat(FoundText& text, Seen& seen, PieceQueue& queue);
  void ResolveOpen(FoundText& text, Seen& seen, PieceQueue& queue, Outcome& outcome);
  void ResolveUnknown(FoundText& text, Seen& seen, PieceQueue& queue, Outcome& outcome);
  void FindGrowth(FoundText& text, Seen& seen, Outcome& outcome);
  // Ends the places opened by earlier events that `found`, an event of their kind, does not have.
  void EndAbsent(const FoundTexts& found, Outcome& outcome);

  absl::flat_hash_map<std::string, Seen> seen_;  // by field
  std::vector<OpenPlace> open_places_;
  absl::flat_hash_map<std::string, Known> known_;  // by field
};

// The field of what grows in the pieces of a known text.
std::string GrowthField(absl::string_view field);

// The released part of each text that repeats.
struct ReleasedTexts {
  struct Text {
    std::string released;
    bool changed = false;
    std::size_t delivered = 0;  // bytes held by the masker that were already sent
  };
  absl::flat_hash_map<std::string, Text> by_field;
  absl::flat_hash_map<std::string, GrowthGuard> guards;  // by field
};

}  // namespace countersign::dialects::answers
