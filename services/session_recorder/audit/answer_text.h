#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace countersign::session_recorder::audit {

// Reassembles the texts of a recorded answer, so that a search finds phrases that span several
// pieces. Reads server-sent events and JSON bodies of any dialect by member names; other payloads
// count as one text.
class AnswerText {
 public:
  void Add(absl::string_view delivered);

  // Gives every text to `use` until that returns false.
  void ForEach(const std::function<bool(absl::string_view)>& use) const;

 private:
  // Texts by their path in the answer, such as "choices/1/delta/content".
  std::map<std::string, std::string> texts_;
  std::string raw_;
};

// Whether `text` contains `needle`, with ASCII letters in either case.
bool ContainsCaseless(absl::string_view text, absl::string_view needle);

}  // namespace countersign::session_recorder::audit
