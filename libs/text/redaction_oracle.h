#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "libs/text/redaction.h"

// The definition of redaction (redaction.h), word for word and slow: every start, every end, every
// rule, by interpreting the regex tree. For tests alone; shares no code with the automaton.
namespace countersign::text::oracle {

inline bool WordAt(absl::string_view text, std::size_t at) {
  return at < text.size() && IsWordByte(static_cast<unsigned char>(text[at]));
}

// Where matches of `node` that begin at `start` may end.
inline std::set<std::size_t> Ends(const RegexNode& node, absl::string_view text,
                                  std::size_t start) {
  std::set<std::size_t> ends;
  switch (node.kind) {
    case RegexNode::Kind::kEmpty: return {start};
    case RegexNode::Kind::kBytes:
      if (start < text.size() && node.bytes.Contains(static_cast<unsigned char>(text[start]))) {
        ends.insert(start + 1);
      }
      return ends;
    case RegexNode::Kind::kWordEdge:
    case RegexNode::Kind::kNotWordEdge: {
      const bool edge = (start > 0 && WordAt(text, start - 1)) != WordAt(text, start);
      if (edge == (node.kind == RegexNode::Kind::kWordEdge)) ends.insert(start);
      return ends;
    }
    case RegexNode::Kind::kAlternate:
      for (const RegexNode& child : node.children) ends.merge(Ends(child, text, start));
      return ends;
    case RegexNode::Kind::kConcat: {
      ends = {start};
      for (const RegexNode& child : node.children) {
        std::set<std::size_t> next;
        for (const std::size_t at : ends) next.merge(Ends(child, text, at));
        ends = std::move(next);
      }
      return ends;
    }
    case RegexNode::Kind::kRepeat: {
      std::set<std::size_t> frontier = {start};
      for (std::size_t count = 0; count <= node.max && !frontier.empty(); ++count) {
        if (count >= node.min) {
          const std::size_t before = ends.size();
          ends.insert(frontier.begin(), frontier.end());
          if (count > node.min && ends.size() == before) break;
        }
        std::set<std::size_t> next;
        for (const std::size_t at : frontier) next.merge(Ends(node.children[0], text, at));
        frontier = std::move(next);
      }
      return ends;
    }
  }
  return ends;
}

struct Match {
  std::size_t begin, end;
  std::size_t rule;
};

inline std::vector<Match> AllMatches(const std::vector<RedactionRule>& rules,
                                     absl::string_view text) {
  std::vector<Match> matches;
  for (std::size_t r = 0; r < rules.size(); ++r) {
    const RedactionRule& rule = rules[r];
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
      if (begin > 0 && rule.left_forbidden.Contains(static_cast<unsigned char>(text[begin - 1]))) {
        continue;
      }
      for (const std::size_t end : Ends(rule.regex.root, text, begin)) {
        const bool forbidden = end < text.size() &&
                               rule.right_forbidden.Contains(static_cast<unsigned char>(text[end]));
        if (end == begin || forbidden) continue;
        if (rule.validator == nullptr || rule.validator(text.substr(begin, end - begin))) {
          matches.push_back({begin, end, r});
        }
      }
    }
  }
  return matches;
}

inline Redacted Whole(const std::vector<RedactionRule>& rules, absl::string_view text) {
  std::vector<Match> matches = AllMatches(rules, text);
  std::sort(matches.begin(), matches.end(), [&](const Match& a, const Match& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a.end != b.end) return a.end > b.end;
    if (rules[a.rule].priority != rules[b.rule].priority) {
      return rules[a.rule].priority > rules[b.rule].priority;
    }
    return a.rule < b.rule;
  });
  Redacted redacted;
  std::size_t done = 0;
  for (std::size_t i = 0; i < matches.size();) {
    const Match lead = matches[i];
    std::size_t end = lead.end;
    bool mixed = false;
    for (; i < matches.size() && matches[i].begin < end; ++i) {
      end = std::max(end, matches[i].end);
      mixed = mixed || matches[i].rule != lead.rule;
    }
    const RedactionRule& rule = rules[lead.rule];
    RedactedSpan span;
    span.input_begin = lead.begin;
    span.input_end = end;
    span.entity = rule.entity;
    span.original = std::string(text.substr(lead.begin, end - lead.begin));
    redacted.text.append(text.data() + done, lead.begin - done);
    span.begin = redacted.text.size();
    redacted.text += !rule.rewrite ? rule.replacement
                     : mixed       ? rule.mixed_replacement
                                   : rule.rewrite(span.original);
    span.end = redacted.text.size();
    redacted.spans.push_back(std::move(span));
    done = end;
  }
  redacted.text.append(text.data() + done, text.size() - done);
  return redacted;
}

}  // namespace countersign::text::oracle
