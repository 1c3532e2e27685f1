#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/answers/piece_queue.h"

namespace countersign::dialects::answers {

// The texts of the parts of one list, in the order in which they come. Each member of the parts is
// a text of its own (`text`, `refusal`), but some clients join what comes, whatever its name. The
// same holds for strings and numbers at one place. So the masker is also asked about the last bytes
// of all of them together, once a list has had texts of several members. Not thread-safe.
class MixedParts {
 public:
  // A queued piece, and where in it the member changes.
  struct Asked {
    std::size_t piece = 0;
    std::vector<std::size_t> changes;
  };

  // Adds the texts of a document, and queues what must be asked about. UNAVAILABLE when there are
  // too many lists.
  absl::Status Add(const FoundTexts& found, PieceQueue& queue, std::vector<Asked>& asked);

  // FAILED_PRECONDITION when a match in the answers to `asked` reaches over such a change: a part
  // of it may have been sent.
  static absl::Status Check(const std::vector<Asked>& asked,
                            const std::vector<domain::FieldRelease>& releases);

 private:
  struct List {
    std::string joined;
    std::string field;                // of the last text
    std::deque<std::size_t> changes;  // in `joined`
  };
  std::map<std::string, List> lists_;  // by place
};

}  // namespace countersign::dialects::answers
