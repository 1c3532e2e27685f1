#include "libs/text/regex/outer_edges.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/text/regex/regex_parser.h"

namespace countersign::text::regex {
namespace {

constexpr absl::string_view kEdge = "\\b";

bool HasLettersBeyondAscii(absl::string_view pattern) {
  return absl::StrContains(pattern, "\\x{") ||
         std::any_of(pattern.begin(), pattern.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

OuterEdges TakeOuterEdges(absl::string_view pattern) {
  OuterEdges edges{std::string(pattern)};
  const absl::StatusOr<Regex> parsed = ParseRegex(pattern);
  if (!parsed.ok() || !HasLettersBeyondAscii(pattern) ||
      parsed->root.kind != RegexNode::Kind::kConcat || parsed->root.children.empty()) {
    return edges;
  }
  const bool begins = parsed->root.children.front().kind == RegexNode::Kind::kWordEdge;
  const bool ends = parsed->root.children.back().kind == RegexNode::Kind::kWordEdge;
  absl::string_view rest = pattern;
  const absl::string_view flags = absl::ConsumePrefix(&rest, "(?i)") ? "(?i)" : "";
  const bool before = begins && absl::ConsumePrefix(&rest, kEdge);
  const bool after = ends && absl::ConsumeSuffix(&rest, kEdge);
  std::string inner = absl::StrCat(flags, rest);
  if (!CheckRegex(inner).ok()) return edges;
  return {std::move(inner), before, after};
}

}  // namespace countersign::text::regex
