#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "libs/text/testing/redaction_oracle.h"

// The definition of the text that a stream must hold, computed slowly: text that a continuation
// could make part of a match, judging by patterns only (validators apply to complete matches). For
// tests and benchmarks only; shares no code with the automaton.
//
// Supports only rules without word boundaries and without min_count, and texts that fold to
// themselves.
namespace countersign::text::testing::oracle {

inline bool HasWordEdge(const regex::RegexNode& node) {
  return node.kind == regex::RegexNode::Kind::kWordEdge ||
         node.kind == regex::RegexNode::Kind::kNotWordEdge ||
         std::any_of(node.children.begin(), node.children.end(), HasWordEdge);
}

// Where matches of a node end, and whether more text could extend or complete one.
struct Reach {
  std::set<std::size_t> ends;
  bool open = false;
};

inline Reach FindReach(const regex::RegexNode& node, absl::string_view text, std::size_t start) {
  Reach reach;
  const auto follow = [&](const regex::RegexNode& next, const std::set<std::size_t>& starts) {
    std::set<std::size_t> ends;
    for (const std::size_t at : starts) {
      Reach further = FindReach(next, text, at);
      ends.merge(further.ends);
      reach.open = reach.open || further.open;
    }
    return ends;
  };
  switch (node.kind) {
    case regex::RegexNode::Kind::kBytes:
      if (start == text.size()) {
        reach.open = !node.bytes.Empty();
      } else if (node.bytes.Contains(static_cast<unsigned char>(text[start]))) {
        reach.ends.insert(start + 1);
      }
      break;
    case regex::RegexNode::Kind::kAlternate:
      for (const regex::RegexNode& child : node.children) reach.ends.merge(follow(child, {start}));
      break;
    case regex::RegexNode::Kind::kConcat:
      reach.ends = {start};
      for (const regex::RegexNode& child : node.children) reach.ends = follow(child, reach.ends);
      break;
    case regex::RegexNode::Kind::kRepeat: {
      std::set<std::size_t> frontier = {start};
      for (std::size_t count = 0; count <= node.max && !frontier.empty(); ++count) {
        if (count >= node.min) {
          const std::size_t before = reach.ends.size();
          reach.ends.insert(frontier.begin(), frontier.end());
          if (count > node.min && reach.ends.size() == before) break;
        }
        if (count < node.max) frontier = follow(node.children[0], frontier);
      }
      break;
    }
    default: reach.ends.insert(start);
  }
  return reach;
}

// The offset from which `text` must be held. Text before `from` has been released: it is the result
// for a shorter text and serves as context only.
inline std::size_t HoldFrom(const std::vector<redaction::RedactionRule>& rules,
                            absl::string_view text, std::size_t from) {
  std::size_t hold = text.size();
  std::vector<Match> matches;
  for (std::size_t r = 0; r < rules.size(); ++r) {
    const redaction::RedactionRule& rule = rules[r];
    const regex::Regex regex = regex::Folded(rule.regex);
    for (std::size_t begin = from; begin < text.size(); ++begin) {
      if (begin > 0 && rule.left_forbidden.Contains(static_cast<unsigned char>(text[begin - 1]))) {
        continue;
      }
      if (rule.left_word_edge && FollowsWord(text, begin)) continue;
      const Reach reach = FindReach(regex.root, text, begin);
      if (!reach.open && reach.ends.empty()) continue;
      if (!rule.context.empty() && !HasContext(rule.context, text, begin)) continue;
      if (!rule.exclusion.empty() && HasContext(rule.exclusion, text, begin)) continue;
      if (reach.open) hold = std::min(hold, begin);
      for (const std::size_t end : reach.ends) {
        if (end == text.size() && !rule.right_forbidden.Empty()) {
          hold = std::min(hold, begin);  // the next byte can extend it
        } else if (end == text.size() ||
                   !rule.right_forbidden.Contains(static_cast<unsigned char>(text[end]))) {
          const absl::string_view match = text.substr(begin, end - begin);
          if (rule.validator == nullptr || rule.validator(match)) {
            matches.push_back({begin, end, r});
          }
        }
      }
    }
  }
  // Matches that share bytes are not replaced before the last one is complete.
  std::sort(matches.begin(), matches.end(),
            [](const Match& a, const Match& b) { return a.begin < b.begin; });
  for (std::size_t i = 0; i < matches.size();) {
    const std::size_t begin = matches[i].begin;
    std::size_t end = matches[i].end;
    for (; i < matches.size() && matches[i].begin < end; ++i) end = std::max(end, matches[i].end);
    if (end > hold) return std::min(hold, begin);
  }
  return hold;
}

}  // namespace countersign::text::testing::oracle
