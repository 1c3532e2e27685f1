#include "libs/protobuf_texts/text_fields.h"

#include <algorithm>

#include "absl/strings/str_split.h"

namespace countersign::protobuf_texts {
namespace {

using Names = std::vector<absl::string_view>;

bool Matches(const std::vector<std::string>& pattern, std::size_t p, const Names& names,
             std::size_t n) {
  for (; p < pattern.size() && pattern[p] != "**"; ++p, ++n) {
    if (n == names.size() || (pattern[p] != "*" && pattern[p] != names[n])) return false;
  }
  if (p == pattern.size()) return n == names.size();
  for (; n <= names.size(); ++n) {
    if (Matches(pattern, p + 1, names, n)) return true;
  }
  return false;
}

}  // namespace

TextFields::TextFields(std::vector<std::string> patterns) {
  for (const std::string& pattern : patterns) {
    std::vector<std::string> names = absl::StrSplit(pattern, '.');
    // Two in a row say no more than one, and would only cost time.
    names.erase(std::unique(names.begin(), names.end(),
                            [](const std::string& a, const std::string& b) {
                              return a == "**" && b == "**";
                            }),
                names.end());
    patterns_.push_back(std::move(names));
  }
}

bool TextFields::Has(absl::string_view names) const {
  if (patterns_.empty()) return true;
  const Names split = absl::StrSplit(names, '.');
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const auto& pattern) { return Matches(pattern, 0, split, 0); });
}

}  // namespace countersign::protobuf_texts
