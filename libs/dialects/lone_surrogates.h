#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::dialects {

// Half of a surrogate pair, alone, is no character, and strict JSON has no room for it; some
// servers send one all the same, where a character was cut between two deltas. It must not stay:
// two halves that a caller joins again would be a character that nobody looked at.

// Where in `json`, within strings, an escape of half a pair (`\ud83d`) stands without its other
// half. What is no JSON has any result.
std::vector<std::size_t> LoneSurrogates(absl::string_view json);

// Writes U+FFFD, the replacement character, in the place of the escape at `offset`: the length
// stays the same.
void ReplaceSurrogate(std::string& json, std::size_t offset);

}  // namespace countersign::dialects
