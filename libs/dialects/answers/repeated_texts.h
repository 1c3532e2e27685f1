#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/answers/piece_queue.h"

namespace countersign::dialects::answers {

// Remembers the texts at each place of a stream that the dialect does not know. A second string at
// such a place, whatever its name, continues the text or repeats it:
//   the same string             complete
//   the whole text and more     a growing text: the addition is masked, the rest is sent as before
//   anything else               a piece of one text, as if its name had said so
// Short words that follow each other (states, kinds) stay complete; it is checked that they spell
// nothing together. Not thread-safe.
class RepeatedTexts {
 public:
  struct Outcome {
    std::vector<std::string> ended_fields;  // fields of texts that continue under another field
    std::vector<std::size_t> checks;        // pieces that the masker must leave unchanged
  };
  // Classifies the unknown texts of `found`. A known member's pieces are pieces: one that begins
  // like the one before it may be chance, and to take it for a repetition would double text.
  // `ended_groups`: groups in which nothing continues. UNAVAILABLE when there are too many places.
  absl::Status Resolve(FoundTexts& found, const absl::flat_hash_set<std::int64_t>& ended_groups,
                       PieceQueue& queue, Outcome& outcome);

 private:
  struct Seen {
    std::string last;    // the last text; empty when it was too long to keep
    std::string joined;  // the words so far, concatenated
    bool continues = false;
    bool grows = false;
  };
  void ResolveUnknown(FoundText& text, Seen& seen, PieceQueue& queue, Outcome& outcome);
  void FindGrowth(FoundText& text, Seen& seen, Outcome& outcome);

  absl::flat_hash_map<std::string, Seen> seen_;  // by field
};

// The released part of each text that repeats.
struct ReleasedTexts {
  struct Text {
    std::string released;
    bool changed = false;
    std::size_t delivered = 0;  // bytes held by the masker that were already sent
  };
  absl::flat_hash_map<std::string, Text> by_field;
};

}  // namespace countersign::dialects::answers
