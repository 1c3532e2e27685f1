#include "libs/text/redaction/term_rules.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <array>
#include <map>
#include <utility>

#include "libs/text/regex/regex_class.h"

namespace countersign::text {
namespace {

// Terms by their code points, folded when case does not count.
struct Trie {
  std::map<UChar32, Trie> next;
  bool complete = false;
};

void Insert(Trie& root, absl::string_view term, bool caseless) {
  Trie* at = &root;
  const auto size = static_cast<std::int32_t>(term.size());
  for (std::int32_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(reinterpret_cast<const std::uint8_t*>(term.data()), i, size, c);
    at = &at->next[caseless ? u_foldCase(c, U_FOLD_CASE_DEFAULT) : c];
  }
  at->complete = true;
}

RegexNode CodePoint(UChar32 c, bool caseless) {
  CodePointSet set;
  set.Add(static_cast<std::uint32_t>(c), static_cast<std::uint32_t>(c));
  if (caseless) set.CloseOverCase();
  return set.ToNode();
}

// What may follow in `trie`. Chains without a branch become one concatenation, so that the depth of
// the tree is the number of branches, not the length of a term.
RegexNode NodeOf(const Trie& trie, bool caseless) {
  RegexNode any;
  any.kind = RegexNode::Kind::kAlternate;
  if (trie.complete) any.children.emplace_back();
  for (const auto& [first, rest] : trie.next) {
    RegexNode chain;
    chain.kind = RegexNode::Kind::kConcat;
    chain.children.push_back(CodePoint(first, caseless));
    const Trie* at = &rest;
    while (!at->complete && at->next.size() == 1) {
      chain.children.push_back(CodePoint(at->next.begin()->first, caseless));
      at = &at->next.begin()->second;
    }
    if (!at->next.empty()) chain.children.push_back(NodeOf(*at, caseless));
    any.children.push_back(std::move(chain));
  }
  return any;
}

}  // namespace

std::vector<RedactionRule> TermRules(const std::vector<std::string>& terms, bool caseless) {
  std::array<Trie, 4> tries;
  for (const std::string& term : terms) {
    if (term.empty()) continue;
    const bool word_begins = IsWordByte(static_cast<unsigned char>(term.front()));
    const bool word_ends = IsWordByte(static_cast<unsigned char>(term.back()));
    Insert(tries[(word_begins ? 1 : 0) + (word_ends ? 2 : 0)], term, caseless);
  }
  std::vector<RedactionRule> rules;
  for (std::size_t kind = 0; kind < tries.size(); ++kind) {
    if (tries[kind].next.empty()) continue;
    RedactionRule rule;
    rule.regex = WithWidths(NodeOf(tries[kind], caseless));
    if ((kind & 1) != 0) rule.left_forbidden = ByteSet::Word();
    if ((kind & 2) != 0) rule.right_forbidden = ByteSet::Word();
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace countersign::text
