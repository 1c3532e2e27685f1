#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace countersign::session_recorder::audit {

// Puts the text of an answer together again from what was delivered, so that a phrase is found
// even where the stream was cut inside of it: server-sent events and plain JSON bodies of any
// dialect, by the names under which they carry text. What is neither counts as text itself.
class AnswerText {
 public:
  void Add(absl::string_view delivered);

  // ASCII letters match in either case. `needle` is not empty.
  bool Contains(absl::string_view needle) const;

 private:
  // Text by the place in the answer where it stands, e.g. "choices/1/delta/content".
  std::map<std::string, std::string> texts_;
  std::string raw_;
};

// ASCII-caseless substring.
bool ContainsCaseless(absl::string_view text, absl::string_view needle);

}  // namespace countersign::session_recorder::audit
