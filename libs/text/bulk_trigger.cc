#include "libs/text/bulk_trigger.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace countersign::text {
namespace {

constexpr std::size_t kMostPrefix = 256;        // bytes of a match that a trigger looks at
constexpr std::size_t kLeastPrefix = 4;         // fewer would be hit all the time
constexpr std::size_t kMostExpression = 16384;  // Hyperscan's compile time grows with it

void PrintBytes(const ByteSet& bytes, std::string& out) {
  out += '[';
  for (unsigned first = 0; first < 256; ++first) {
    if (!bytes.Contains(static_cast<unsigned char>(first))) continue;
    unsigned last = first;
    while (last < 255 && bytes.Contains(static_cast<unsigned char>(last + 1))) ++last;
    absl::StrAppend(&out, absl::StrFormat("\\x%02x", first));
    if (last > first) absl::StrAppend(&out, absl::StrFormat("-\\x%02x", last));
    first = last;
  }
  out += ']';
}

struct Printer {
  std::size_t span;
  std::size_t largest;
  std::string out = {};

  void Print(const RegexNode& node) {
    switch (node.kind) {
      case RegexNode::Kind::kEmpty:
      case RegexNode::Kind::kWordEdge:
      case RegexNode::Kind::kNotWordEdge: return;
      case RegexNode::Kind::kBytes: return PrintBytes(node.bytes, out);
      case RegexNode::Kind::kConcat:
        for (const RegexNode& child : node.children) Print(child);
        return;
      case RegexNode::Kind::kAlternate: return PrintAlternate(node);
      case RegexNode::Kind::kRepeat: return PrintRepeat(node);
    }
  }

  void PrintAlternate(const RegexNode& node) {
    out += "(?:";
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) out += '|';
      Print(node.children[i]);
    }
    out += ')';
  }

  void PrintRepeat(const RegexNode& node) {
    out += "(?:";
    Print(node.children[0]);
    out += ')';
    const std::size_t min = std::min(node.min, largest);
    if (node.max == kUnbounded || node.max > largest || node.max - node.min > span) {
      absl::StrAppend(&out, "{", min, ",}");
    } else {
      absl::StrAppend(&out, "{", min, ",", node.max, "}");
    }
  }
};

Regex Copy(const RegexNode& node) { return WithWidths(node); }

// Appends to `prefix` what of `node` fits into `budget`; false when that is not all of it.
bool TakePrefix(const RegexNode& node, std::size_t& budget, RegexNode& prefix) {
  if (node.kind == RegexNode::Kind::kConcat) {
    return std::all_of(node.children.begin(), node.children.end(),
                       [&](const RegexNode& child) { return TakePrefix(child, budget, prefix); });
  }
  Regex whole = Copy(node);
  if (whole.max_width <= budget) {
    budget -= whole.max_width;
    prefix.children.push_back(std::move(whole.root));
    return true;
  }
  if (node.kind == RegexNode::Kind::kAlternate) {
    RegexNode any;
    any.kind = RegexNode::Kind::kAlternate;
    for (const RegexNode& child : node.children) {
      RegexNode beginning;
      beginning.kind = RegexNode::Kind::kConcat;
      std::size_t rest = budget;
      TakePrefix(child, rest, beginning);
      any.children.push_back(std::move(beginning));
    }
    prefix.children.push_back(std::move(any));
  } else if (node.kind == RegexNode::Kind::kRepeat && node.min > 0) {
    whole.root.max = whole.root.min;
    const Regex fewest = WithWidths(std::move(whole.root));
    if (fewest.max_width <= budget) {
      prefix.children.push_back(fewest.root);
    } else {
      TakePrefix(node.children[0], budget, prefix);
    }
  }
  return false;
}

}  // namespace

std::string PrintRegex(const RegexNode& node, std::size_t span, std::size_t largest) {
  Printer printer{span, largest};
  printer.Print(node);
  return std::move(printer.out);
}

BulkTrigger MakeBulkTrigger(const Regex& folded) {
  // Hyperscan unrolls what is bounded, and follows what is not for nothing.
  constexpr std::size_t kSpan = 16;
  constexpr std::size_t kLargest = 128;
  BulkTrigger trigger;
  RegexNode beginning;
  beginning.kind = RegexNode::Kind::kConcat;
  std::size_t budget = kMostPrefix;
  trigger.at_end = TakePrefix(folded.root, budget, beginning);
  const Regex prefix = WithWidths(std::move(beginning));
  const bool telling = trigger.at_end || prefix.min_width >= kLeastPrefix;
  const Regex& chosen = telling ? prefix : folded;
  trigger.expression = PrintRegex(chosen.root, kSpan, kLargest);
  trigger.smaller = PrintRegex(chosen.root, 0, 16);
  trigger.reach = chosen.max_width;
  trigger.at_end = trigger.at_end || !telling;
  if (trigger.expression.size() > kMostExpression) trigger.expression.clear();
  return trigger;
}

}  // namespace countersign::text
