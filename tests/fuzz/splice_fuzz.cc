// Splicing equals copying the pieces between the edits. Input: the source up to a NUL, then for
// each edit: a gap, a length, a length of replacement.

#include "libs/dialects/splice.h"

#include <algorithm>

#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {

void Run(Input input) {
  const std::string source(input.Until('\0'));
  std::vector<dialects::Edit> edits;
  std::string expected;
  std::size_t at = 0;
  while (!input.Rest().empty() && at < source.size()) {
    dialects::Edit edit;
    edit.begin = std::min<std::size_t>(source.size(), at + input.Byte() % 16);
    edit.end = std::min<std::size_t>(source.size(), edit.begin + input.Byte() % 16);
    edit.replacement = std::string(input.Byte() % 8, 'x');
    expected.append(source, at, edit.begin - at);
    expected += edit.replacement;
    at = edit.end;
    // An edit that removes and inserts nothing would have the same position as the next one.
    if (edit.begin == edit.end) expected.append(source, at++, 1);
    edits.push_back(std::move(edit));
  }
  if (at < source.size()) expected.append(source, at);
  std::reverse(edits.begin(), edits.end());  // any order is allowed
  const auto spliced = dialects::Splice(source, edits);
  Require(spliced.ok() && *spliced == expected, "spliced otherwise", expected);
}

}  // namespace countersign::fuzz
