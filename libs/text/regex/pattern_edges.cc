#include "libs/text/regex/pattern_edges.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/text/regex/regex_parser.h"

namespace countersign::text::regex {
namespace {

constexpr absl::string_view kEdge = "\\b";
constexpr absl::string_view kCaseless = "(?i)";

using Kind = RegexNode::Kind;

bool HasLettersBeyondAscii(absl::string_view pattern) {
  return absl::StrContains(pattern, "\\x{") ||
         std::any_of(pattern.begin(), pattern.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// A part of a pattern, from `begin` on.
struct Alternative {
  std::string flags;
  absl::string_view text;
  std::size_t begin = 0;
};

// The end of the escape, class or character at `at` of a valid pattern.
std::size_t SkipOne(absl::string_view pattern, std::size_t at) {
  if (pattern[at] == '\\') return at + 2;
  if (pattern[at] != '[') return at + 1;
  for (++at; pattern[at] != ']'; ++at) at += pattern[at] == '\\';
  return at + 1;
}

// Splits at each `|` outside of groups. One alternative if there is none.
std::vector<Alternative> SplitAlternatives(const Alternative& whole) {
  std::vector<Alternative> result;
  std::string flags = whole.flags;
  std::size_t begin = 0;
  const auto add = [&](std::size_t end) {
    const absl::string_view text = whole.text.substr(begin, end - begin);
    result.push_back({flags, text, whole.begin + begin});
    if (absl::StrContains(text, kCaseless)) flags = std::string(kCaseless);  // for what follows
  };
  int depth = 0;
  for (std::size_t at = 0; at < whole.text.size(); at = SkipOne(whole.text, at)) {
    const char c = whole.text[at];
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c != '|' || depth > 0) continue;
    add(at);
    begin = at + 1;
  }
  add(whole.text.size());
  return result;
}

// Without leading flags, and without a group around all of it.
Alternative Unwrap(Alternative part) {
  while (true) {
    if (absl::ConsumePrefix(&part.text, kCaseless)) {
      part.flags = std::string(kCaseless);
      part.begin += kCaseless.size();
      continue;
    }
    if (part.text.empty() || part.text.front() != '(') return part;
    int depth = 0;
    std::size_t at = 0;
    do {
      depth += part.text[at] == '(' ? 1 : part.text[at] == ')' ? -1 : 0;
      at = SkipOne(part.text, at);
    } while (depth > 0 && at < part.text.size());
    if (depth > 0 || at != part.text.size()) return part;
    absl::string_view head = "(";
    if (absl::StartsWith(part.text, "(?:")) head = "(?:";
    if (absl::StartsWith(part.text, "(?i:")) head = "(?i:";
    if (head == "(?i:") part.flags = std::string(kCaseless);
    part.text = part.text.substr(head.size(), part.text.size() - head.size() - 1);
    part.begin += head.size();
  }
}

void AddAlternatives(Alternative part, std::vector<Alternative>& result) {
  part = Unwrap(std::move(part));
  std::vector<Alternative> split = SplitAlternatives(part);
  if (split.size() == 1) {
    result.push_back(std::move(part));
    return;
  }
  for (Alternative& each : split) AddAlternatives(std::move(each), result);
}

// What may stand beside a position.
constexpr unsigned kWord = RegexNode::kWordChars;
constexpr unsigned kOther = RegexNode::kOtherChars;
constexpr unsigned kBeyond = RegexNode::kBeyondAscii;
constexpr unsigned kOutside = 8;  // the text around a match

struct Sides {
  unsigned first = 0;
  unsigned last = 0;
  bool nullable = true;
};

Sides FindSides(const RegexNode& node) {
  if (node.chars != 0) return {node.chars, node.chars, false};
  Sides sides;
  switch (node.kind) {
    case Kind::kBytes: return {kWord | kOther | kBeyond, kWord | kOther | kBeyond, false};
    case Kind::kConcat:
      for (const RegexNode& child : node.children) {
        const Sides part = FindSides(child);
        if (sides.nullable) sides.first |= part.first;
        sides.last = part.nullable ? sides.last | part.last : part.last;
        sides.nullable &= part.nullable;
      }
      return sides;
    case Kind::kAlternate:
      sides.nullable = false;
      for (const RegexNode& child : node.children) {
        const Sides part = FindSides(child);
        sides.first |= part.first;
        sides.last |= part.last;
        sides.nullable |= part.nullable;
      }
      return sides;
    case Kind::kRepeat:
      sides = FindSides(node.children[0]);
      sides.nullable |= node.min == 0;
      return sides;
    default: return sides;
  }
}

// Finds the edges of one alternative that can be dropped, or one that cannot be kept.
class EdgeWalk {
 public:
  // `shift`: from offsets in the alternative to those in the whole pattern; may wrap around.
  explicit EdgeWalk(std::size_t shift) : shift_(shift) {}

  absl::Status Walk(const RegexNode& node, unsigned left, unsigned right) {
    if (node.chars != 0) return absl::OkStatus();
    switch (node.kind) {
      case Kind::kWordEdge:
      case Kind::kNotWordEdge: return Judge(node, left, right);
      case Kind::kConcat: return WalkConcat(node, left, right);
      case Kind::kAlternate:
        for (const RegexNode& child : node.children) {
          CS_RETURN_IF_ERROR(Walk(child, left, right));
        }
        return absl::OkStatus();
      case Kind::kRepeat: {
        const Sides own = FindSides(node.children[0]);
        const bool again = node.max > 1;
        return Walk(node.children[0], left | (again ? own.last : 0),
                    right | (again ? own.first : 0));
      }
      default: return absl::OkStatus();
    }
  }

  const std::vector<std::size_t>& implied() const { return implied_; }

 private:
  absl::Status WalkConcat(const RegexNode& node, unsigned left, unsigned right) {
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      unsigned after = 0;
      std::size_t next = i + 1;
      for (; next < node.children.size(); ++next) {
        const Sides sides = FindSides(node.children[next]);
        after |= sides.first;
        if (!sides.nullable) break;
      }
      if (next == node.children.size()) after |= right;
      CS_RETURN_IF_ERROR(Walk(node.children[i], left, after));
      const Sides own = FindSides(node.children[i]);
      left = own.nullable ? left | own.last : own.last;
    }
    return absl::OkStatus();
  }

  // There is an edge everywhere but between two characters of words (word_edges.h).
  absl::Status Judge(const RegexNode& edge, unsigned left, unsigned right) {
    if (((left | right) & kBeyond) == 0) return absl::OkStatus();  // as the engines see it
    const bool apart = (left & (kWord | kOutside)) == 0 || (right & (kWord | kOutside)) == 0;
    const bool within = (left & ~kBeyond) == kWord && (right & ~kBeyond) == kWord;
    if (edge.kind == Kind::kWordEdge ? apart : within) {
      implied_.push_back(edge.min);
      return absl::OkStatus();
    }
    // Beside an ASCII letter the engines find every edge, and some more.
    const bool found = left == kWord || right == kWord;
    if (edge.kind == Kind::kWordEdge && found && !within) return absl::OkStatus();
    const absl::string_view name = edge.kind == Kind::kWordEdge ? "\\b" : "\\B";
    const std::string place = absl::StrCat("at byte ", edge.min + shift_, ": ", name);
    if (apart || within) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, " can never match between these characters"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        place,
        " beside a character beyond ASCII works at the two ends of a pattern or of one of its "
        "alternatives; write what may stand there instead, such as \\s+ or [\\s,.:;=-]"));
  }

  const std::size_t shift_;
  std::vector<std::size_t> implied_;
};

// The alternative without the edges at its ends.
absl::StatusOr<EdgedPattern> TakeOuterEdges(const Alternative& part) {
  absl::string_view rest = part.text;
  EdgedPattern result;
  CS_ASSIGN_OR_RETURN(const Regex parsed, ParseRegex(absl::StrCat(part.flags, rest)));
  if (parsed.root.kind == Kind::kConcat && !parsed.root.children.empty()) {
    const auto is_edge = [](const RegexNode& node) { return node.kind == Kind::kWordEdge; };
    result.before = is_edge(parsed.root.children.front()) && absl::ConsumePrefix(&rest, kEdge);
    result.after = is_edge(parsed.root.children.back()) && absl::ConsumeSuffix(&rest, kEdge);
  }
  result.pattern = absl::StrCat(part.flags, rest);
  return result;
}

absl::StatusOr<EdgedPattern> ResolveOne(const Alternative& part) {
  CS_ASSIGN_OR_RETURN(EdgedPattern result, TakeOuterEdges(part));
  CS_ASSIGN_OR_RETURN(const Regex parsed, ParseRegex(result.pattern));
  EdgeWalk walk(part.begin + (result.before ? kEdge.size() : 0) - part.flags.size());
  CS_RETURN_IF_ERROR(walk.Walk(parsed.root, kOutside, kOutside));
  std::vector<std::size_t> implied = walk.implied();
  std::sort(implied.rbegin(), implied.rend());
  for (const std::size_t at : implied) result.pattern.erase(at, kEdge.size());
  CS_RETURN_IF_ERROR(CheckRegex(result.pattern));
  return result;
}

}  // namespace

absl::StatusOr<std::vector<EdgedPattern>> ResolveWordEdges(absl::string_view pattern) {
  CS_RETURN_IF_ERROR(ParseRegex(pattern).status());
  std::vector<EdgedPattern> result;
  if (!HasLettersBeyondAscii(pattern) ||
      (!absl::StrContains(pattern, "\\b") && !absl::StrContains(pattern, "\\B"))) {
    CS_RETURN_IF_ERROR(CheckRegex(pattern));
    result.push_back({std::string(pattern)});
    return result;
  }
  std::vector<Alternative> parts;
  AddAlternatives({"", pattern, 0}, parts);
  for (const Alternative& part : parts) {
    CS_ASSIGN_OR_RETURN(result.emplace_back(), ResolveOne(part));
  }
  return result;
}

absl::StatusOr<std::vector<EdgedPattern>> ResolveStoredWordEdges(absl::string_view pattern) {
  auto resolved = ResolveWordEdges(pattern);
  if (resolved.ok()) return resolved;
  CS_RETURN_IF_ERROR(CheckRegex(pattern));
  Alternative whole{"", pattern, 0};
  if (absl::ConsumePrefix(&whole.text, kCaseless)) whole.flags = std::string(kCaseless);
  CS_ASSIGN_OR_RETURN(EdgedPattern kept, TakeOuterEdges(whole));
  if (!CheckRegex(kept.pattern).ok()) kept = {std::string(pattern)};
  return std::vector<EdgedPattern>{std::move(kept)};
}

absl::Status CheckWordEdges(absl::string_view pattern) {
  const absl::Status resolved = ResolveWordEdges(pattern).status();
  return CheckRegex(pattern).ok() ? resolved : absl::OkStatus();
}

}  // namespace countersign::text::regex
