#pragma once

#include <cstddef>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::cli::output {

// "Name:         value" on a line; values of several lines begin in one column.
void PrintField(std::ostream& out, absl::string_view name, absl::string_view value);

// Places in a text, as byte offsets.
using Spans = std::vector<std::pair<std::size_t, std::size_t>>;

// Prints a text with every character visible: a line behind "|" for each of its lines, other
// controls escaped, and behind ">" marks under what the spans name.
void PrintText(std::ostream& out, absl::string_view text, const Spans& spans = {});

}  // namespace countersign::cli::output
