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

// What has come before at the place of each text of a stream. Whatever its name, a string at a
// place that has had one continues a text or repeats it:
//   the same again            it is complete as it stands
//   all of it and more        a text that grows: what is added is masked, the rest leaves as before
//   something else            a piece of one text, as if its name had said so
// One short word after another (states, kinds) stays complete; that together they spell nothing is
// checked. Not thread-safe.
class RepeatedTexts {
 public:
  struct Outcome {
    std::vector<std::string> ended_fields;  // of texts that are continued under another field
    std::vector<std::size_t> checks;        // pieces of the question that must be let through
  };
  // Decides what the unknown texts of `found` are, and which of those that continue repeat.
  // `ended_groups`: nothing continues in these. UNAVAILABLE when there are too many places.
  absl::Status Resolve(FoundTexts& found, const absl::flat_hash_set<std::int64_t>& ended_groups,
                       PieceQueue& queue, Outcome& outcome);

 private:
  struct Seen {
    std::string last;    // what came last; nothing when it was too long to keep
    std::string joined;  // the words that came, one after another
    bool continues = false;
    bool grows = false;
  };
  void ResolveUnknown(FoundText& text, Seen& seen, PieceQueue& queue, Outcome& outcome);
  void FindGrowth(FoundText& text, Seen& seen, Outcome& outcome);

  absl::flat_hash_map<std::string, Seen> seen_;  // by field
};

// How texts that repeat leave: what has been released of each so far.
struct ReleasedTexts {
  struct Text {
    std::string released;
    bool changed = false;
    std::size_t delivered = 0;  // bytes that the masker holds and that have left already
  };
  absl::flat_hash_map<std::string, Text> by_field;
};

}  // namespace countersign::dialects::answers
