#include "libs/text/regex/regex_printer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace countersign::text::regex {
namespace {

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

}  // namespace

std::string PrintRegex(const RegexNode& node, std::size_t span, std::size_t largest) {
  Printer printer{span, largest};
  printer.Print(node);
  return std::move(printer.out);
}

}  // namespace countersign::text::regex
