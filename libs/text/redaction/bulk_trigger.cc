#include "libs/text/redaction/bulk_trigger.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/text/redaction/context_words.h"

namespace countersign::text {
namespace {

constexpr std::size_t kMostPrefix = 256;  // bytes of a match that a trigger looks at
constexpr double kRareEnough = 20;        // bits: by chance, one hit in a megabyte
constexpr std::size_t kLongEnough = 16;   // bytes that tell enough however common they are
constexpr double kRatherRare = 7;
constexpr std::size_t kRatherLong = 5;
constexpr double kRareWord = 12;
constexpr std::size_t kLongWord = 20;  // bytes; ordinary words are shorter
constexpr std::size_t kMostColumns = 48;
constexpr std::size_t kFewColumns = 5;
constexpr std::size_t kMostExpression = 16384;
constexpr std::size_t kSoon = 16;      // bytes
constexpr double kTelling = 4;         // below that the whole pattern is looked for …
constexpr std::size_t kShort = 40;     // … and if it is no wider than that
constexpr std::size_t kSimple = 1024;  // and has no longer expression

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

// How seldom ordinary text matches the beginning of a pattern, in bits, by a rough model of text:
// the class of a byte depends on the class of the byte before, all of a class are as likely. Only
// speed depends on it.
class Rarity {
 public:
  double bits() const { return bits_; }

  void Add(const ByteSet& set) {
    double likely = 0;
    for (const Class& kind : kClasses) {
      const bool again = !(before_ & kind.bytes).Empty();
      likely += std::max(kind.share, again ? kind.share_again : 0) *
                static_cast<double>((set & kind.bytes).Size()) /
                static_cast<double>(kind.bytes.Size());
    }
    bits_ -= std::log2(std::clamp(likely, 1e-4, 1.0));
    before_ = set;
  }

  // After something that may be there or not.
  void Blur() { before_ = ByteSet::All(); }

  // One of several ways to go on.
  static Rarity AnyOf(const std::vector<Rarity>& ways) {
    Rarity any;
    double likely = 0;
    for (const Rarity& way : ways) {
      likely += std::exp2(-way.bits_);
      any.before_ = any.before_ | way.before_;
    }
    any.bits_ = -std::log2(std::clamp(likely, 1e-300, 1.0));
    return any;
  }

 private:
  struct Class {
    ByteSet bytes;
    double share;        // of English text
    double share_again;  // of what follows one of the same class
  };
  static constexpr Class kClasses[] = {
      {ByteSet::Range('a', 'z'), 0.75, 0.8},
      {ByteSet::Range('A', 'Z'), 0.03, 0.3},
      {ByteSet::Digits(), 0.02, 0.5},
      {ByteSet::Space(), 0.17, 0.05},
      {ByteSet::Range(0, 0x7F) & ~ByteSet::Range('a', 'z') & ~ByteSet::Range('A', 'Z') &
           ~ByteSet::Digits() & ~ByteSet::Space(),
       0.04, 0.15},
      {ByteSet::Range(0x80, 0xFF), 0.01, 0.7},
  };

  double bits_ = 0;
  ByteSet before_ = ByteSet::All();
};

// Of a match, in bytes, or kUnbounded.
std::size_t Widest(const RegexNode& node) {
  std::size_t widest = 0;
  switch (node.kind) {
    case RegexNode::Kind::kBytes: return 1;
    case RegexNode::Kind::kConcat:
      for (const RegexNode& child : node.children) {
        const std::size_t more = Widest(child);
        if (more > kUnbounded - widest) return kUnbounded;
        widest += more;
      }
      return widest;
    case RegexNode::Kind::kAlternate:
      for (const RegexNode& child : node.children) widest = std::max(widest, Widest(child));
      return widest;
    case RegexNode::Kind::kRepeat: {
      const std::size_t once = Widest(node.children[0]);
      if (once == 0 || node.max == 0) return 0;
      return once > kUnbounded / node.max ? kUnbounded : once * node.max;
    }
    default: return 0;
  }
}

// The beginning of a pattern, up to where it is rare enough.
struct Prefix {
  RegexNode taken{RegexNode::Kind::kConcat, {}, {}, 0, 0, nullptr};
  Rarity rarity;
  std::size_t budget = kMostPrefix;  // bytes of a match that may still be looked at

  std::size_t least = 0;  // bytes of the shortest text that it takes
  bool patient = false;   // it is never enough

  bool Enough() const { return !patient && Rare(); }
  bool Rare() const {
    return rarity.bits() >= kRareEnough || least >= kLongEnough ||
           (rarity.bits() >= kRatherRare && least >= kRatherLong);
  }

  // Takes what is needed of `node`; false when that is not all of it.
  bool Take(const RegexNode& node) {
    if (Enough()) return false;
    switch (node.kind) {
      case RegexNode::Kind::kEmpty:
      case RegexNode::Kind::kWordEdge:
      case RegexNode::Kind::kNotWordEdge: return true;
      case RegexNode::Kind::kBytes:
        if (budget == 0) return false;
        --budget;
        ++least;
        rarity.Add(node.bytes);
        taken.children.push_back(node);
        return true;
      case RegexNode::Kind::kConcat:
        return std::all_of(node.children.begin(), node.children.end(),
                           [&](const RegexNode& child) { return Take(child); });
      case RegexNode::Kind::kAlternate: return TakeAny(node.children);
      case RegexNode::Kind::kRepeat: return TakeRepeat(node);
    }
    return false;
  }

 private:
  bool TakeAny(const std::vector<RegexNode>& ways) {
    RegexNode any{RegexNode::Kind::kAlternate, {}, {}, 0, 0, nullptr};
    std::vector<Rarity> rarities;
    std::size_t least_budget = budget;
    std::size_t shortest = kUnbounded;
    bool all = true;
    for (const RegexNode& way : ways) {
      Prefix beginning{.rarity = rarity, .budget = budget, .least = least};
      // Ways that end soon are taken to their end, so that what follows can be taken, too.
      beginning.patient = patient || Widest(way) <= kSoon;
      all = beginning.Take(way) && all;
      any.children.push_back(std::move(beginning.taken));
      rarities.push_back(beginning.rarity);
      least_budget = std::min(least_budget, beginning.budget);
      shortest = std::min(shortest, beginning.least);
    }
    rarity = Rarity::AnyOf(rarities);
    budget = least_budget;
    least = shortest;
    taken.children.push_back(std::move(any));
    return all;
  }

  bool TakeRepeat(const RegexNode& node) {
    const RegexNode& body = node.children[0];
    for (std::size_t i = 0; i < node.min; ++i) {
      if (!Take(body)) return false;
    }
    if (node.max == node.min) return true;
    if (node.max == kUnbounded) return false;
    RegexNode rest{RegexNode::Kind::kRepeat, {}, {body}, 0, node.max - node.min, nullptr};
    Regex optional = WithWidths(std::move(rest));
    if (optional.max_width > budget) return false;
    budget -= optional.max_width;
    rarity.Blur();
    taken.children.push_back(std::move(optional.root));
    return true;
  }
};

// Leaves out what a beginning starts with while the rest of it is as rare: the name before an @.
void DropCommon(Prefix& beginning) {
  std::vector<RegexNode>& parts = beginning.taken.children;
  std::size_t dropped = 0;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    Prefix rest{.patient = true};
    for (std::size_t k = i; k < parts.size(); ++k) rest.Take(parts[k]);
    if (rest.least == 0 || rest.rarity.bits() < beginning.rarity.bits() - 1) break;
    dropped = i;
  }
  parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(dropped));
}

}  // namespace

std::string PrintRegex(const RegexNode& node, std::size_t span, std::size_t largest) {
  Printer printer{span, largest};
  printer.Print(node);
  return std::move(printer.out);
}

namespace {

// What the first bytes of a match can be, each for itself.
std::vector<ByteSet> ColumnsOf(const Automaton& automaton, std::size_t min_width) {
  std::vector<ByteSet> columns;
  std::vector<bool> reached(automaton.bytes.size(), false);
  for (const Automaton::Edge& edge : automaton.first) reached[edge.state] = true;
  while (columns.size() < std::min(min_width, kMostColumns)) {
    ByteSet& column = columns.emplace_back();
    std::vector<bool> next(reached.size(), false);
    for (std::size_t state = 0; state < reached.size(); ++state) {
      if (!reached[state]) continue;
      column = column | automaton.bytes[state];
      for (const std::uint32_t follower : automaton.followers[state]) next[follower] = true;
    }
    reached.swap(next);
  }
  return columns;
}

// Where a match that begins with nothing rare is a long word, one pattern finds it for all rules
// alike. Returns how far behind the start of a match the word's end is seen, 0 where there is none.
std::size_t ReachOfLongWord(const std::vector<ByteSet>& columns) {
  Rarity rarity;
  std::size_t run = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    rarity.Add(columns[i]);
    if (i < kRatherLong && rarity.bits() >= kRareWord) return 0;
    run = (columns[i] & ~ByteSet::Word()).Empty() ? run + 1 : 0;
    if (run == kLongWord) return i + 1;
  }
  return 0;
}

BulkTrigger ColumnTrigger(const std::vector<ByteSet>& columns) {
  BulkTrigger trigger;
  Rarity rarity;
  for (std::size_t i = 0; i < columns.size() && i < kFewColumns; ++i) {
    rarity.Add(columns[i]);
    trigger.columns.push_back(columns[i]);
  }
  trigger.reach = trigger.columns.size();
  if (rarity.bits() < kTelling || columns.size() < 2) return {};
  return trigger;
}

}  // namespace

BulkPattern MakeContextPattern(const std::vector<std::string>& words) {
  BulkPattern pattern;
  pattern.is_context = true;
  pattern.word_size = words.size() == 1 ? words[0].size() : 0;
  for (const std::string& word : words) {
    if (!pattern.expression.empty()) {
      PrintBytes(~ContextWords::WordBytes(), pattern.expression);
      pattern.expression += '+';
    }
    for (const char byte : word) {
      const auto lower = static_cast<unsigned char>(byte);
      const char both[] = {byte, static_cast<char>(absl::ascii_toupper(lower))};
      PrintBytes(ByteSet::Of(absl::string_view(both, 2)), pattern.expression);
    }
  }
  return pattern;
}

BulkTrigger MakeBulkTrigger(const Regex& folded, const Automaton& automaton) {
  // Hyperscan unrolls what is bounded, and follows what is not for nothing.
  constexpr std::size_t kSpan = 16;
  constexpr std::size_t kLargest = 128;
  const std::vector<ByteSet> columns = ColumnsOf(automaton, folded.min_width);
  if (const std::size_t reach = ReachOfLongWord(columns); reach > 0) {
    BulkTrigger trigger;
    trigger.expression = absl::StrCat("[0-9A-Z_a-z]{", kLongWord, "}");
    trigger.reach = reach;
    return trigger;
  }
  BulkTrigger trigger;
  Prefix beginning;
  trigger.at_end = beginning.Take(folded.root);
  const bool telling = beginning.Enough() || beginning.rarity.bits() >= kTelling;
  const bool rare = beginning.rarity.bits() >= kRareWord;
  const std::size_t reach = WithWidths(beginning.taken).max_width;
  DropCommon(beginning);
  const Regex prefix = WithWidths(std::move(beginning.taken));
  const bool is_short =
      folded.max_width <= kShort && PrintRegex(folded.root, kSpan, kLargest).size() <= kSimple;
  const bool whole = !trigger.at_end && (is_short || !telling);
  const Regex& chosen = whole ? folded : prefix;
  trigger.expression = PrintRegex(chosen.root, kSpan, kLargest);
  trigger.smaller = PrintRegex(chosen.root, 0, 16);
  trigger.reach = whole ? folded.max_width : reach;
  trigger.at_end = trigger.at_end || whole;
  if (trigger.expression.size() > (rare ? kMostExpression : kSimple)) {
    return ColumnTrigger(columns);
  }
  return trigger;
}

}  // namespace countersign::text
