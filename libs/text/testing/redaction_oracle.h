#pragma once

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "libs/base/utf8.h"
#include "libs/text/redaction/context_words.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/redaction/table_reader.h"
#include "libs/text/unicode/text_fold.h"
#include "libs/text/unicode/word_edges.h"
#include "libs/text/unicode/written_escapes.h"

// The definition of redaction (redaction.h), implemented literally and slowly: every start, end and
// rule, by interpreting the regex tree. For tests only; shares no code with the automaton and takes
// foldings from ICU.
namespace countersign::text::testing::oracle {

inline bool WordAt(absl::string_view text, std::size_t at) {
  return at < text.size() && regex::IsWordByte(static_cast<unsigned char>(text[at]));
}

// Whether a character beyond ASCII stands before `at` that belongs to a word; marks belong to what
// they stand on.
inline bool FollowsWord(absl::string_view text, std::size_t at) {
  if (at == 0 || static_cast<unsigned char>(text[at - 1]) < 0x80) return false;
  const std::size_t farthest = at - std::min(at, redaction::kContextReach);
  while (at > farthest) {
    std::size_t begin = at - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
    if (begin < farthest) return false;
    const Utf8Char last = DecodeUtf8(text, begin);
    if (!last.valid || begin + last.size != at) return false;
    if (!unicode::IsPassedByWordEdges(last.code_point)) {
      return unicode::IsWordCharacter(last.code_point);
    }
    at = begin;
  }
  return false;
}

// Where matches of `node` that start at `start` may end.
inline std::set<std::size_t> Ends(const regex::RegexNode& node, absl::string_view text,
                                  std::size_t start) {
  std::set<std::size_t> ends;
  switch (node.kind) {
    case regex::RegexNode::Kind::kEmpty: return {start};
    case regex::RegexNode::Kind::kBytes:
      if (start < text.size() && node.bytes.Contains(static_cast<unsigned char>(text[start]))) {
        ends.insert(start + 1);
      }
      return ends;
    case regex::RegexNode::Kind::kWordEdge:
    case regex::RegexNode::Kind::kNotWordEdge: {
      const bool edge = (start > 0 && WordAt(text, start - 1)) != WordAt(text, start);
      if (edge == (node.kind == regex::RegexNode::Kind::kWordEdge)) ends.insert(start);
      return ends;
    }
    case regex::RegexNode::Kind::kAlternate:
      for (const regex::RegexNode& child : node.children) ends.merge(Ends(child, text, start));
      return ends;
    case regex::RegexNode::Kind::kConcat: {
      ends = {start};
      for (const regex::RegexNode& child : node.children) {
        std::set<std::size_t> next;
        for (const std::size_t at : ends) next.merge(Ends(child, text, at));
        ends = std::move(next);
      }
      return ends;
    }
    case regex::RegexNode::Kind::kRepeat: {
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

// The folding of a code point by text_fold.h's definition: an ASCII character, -1 for unchanged, -2
// for dropped.
inline int FoldedCodePoint(std::uint32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  if (c == 0xFDD0) return unicode::kStringEdge;
  if (c == 0x17F) return 's';
  if (c == 0x212A) return 'K';
  if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return -2;
  const int category = u_charType(c);
  const bool space = u_isUWhiteSpace(c) != 0;
  if (category == U_CONTROL_CHAR && !space) return -2;
  if (c >= 0xFFF9 && c <= 0xFFFB) return -2;
  if (c == 0x305 || c == 0x33F || (c >= 0x332 && c <= 0x337) ||
      (ublock_getCode(c) == UBLOCK_COMBINING_MARKS_FOR_SYMBOLS && category != U_UNASSIGNED)) {
    return -2;
  }
  if (c < 0x80) return -1;
  if (c == 0x2800 || (space && category != U_SPACE_SEPARATOR)) return ' ';
  if (category == U_DASH_PUNCTUATION || c == 0x2212) return '-';
  if (category == U_SPACE_SEPARATOR) return ' ';
  if (category == U_DECIMAL_DIGIT_NUMBER) return '0' + u_charDigitValue(c);
  char name[128] = "";
  UErrorCode error = U_ZERO_ERROR;
  u_charName(c, U_UNICODE_CHAR_NAME, name, sizeof(name), &error);
  if (u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) == U_NT_DIGIT &&
      std::string(name).find("CIRCLED") != std::string::npos) {
    return '0' + static_cast<int>(u_getNumericValue(c));
  }
  const int form = u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE);
  if (form != U_DT_WIDE && form != U_DT_SMALL && form != U_DT_CIRCLE && form != U_DT_FONT) {
    return -1;
  }
  UChar units[2];
  UChar composed[8];
  std::int32_t length = 0;
  U16_APPEND_UNSAFE(units, length, c);
  length = unorm2_normalize(unorm2_getNFKCInstance(&error), units, length, composed, 8, &error);
  return length == 1 && composed[0] < 0x80 ? static_cast<int>(composed[0]) : -1;
}

// A folded text, and for each of its bytes the start and end of its original.
struct FoldedText {
  std::string text;
  std::vector<std::size_t> begin, end;
};

inline FoldedText Fold(absl::string_view original) {
  static auto* const known = new std::map<std::uint32_t, int>;  // ICU is slow
  FoldedText folded;
  for (std::size_t at = 0; at < original.size();) {
    const unicode::WrittenEscape escape = unicode::ReadWrittenEscape(original.substr(at));
    if (escape.size > 0) {
      folded.text += escape.meaning;
      folded.begin.push_back(at);
      folded.end.push_back(at + escape.size);
      at += escape.size;
      continue;
    }
    const Utf8Char next = DecodeUtf8(original, at);
    int to = -1;
    if (next.valid) {
      const auto [found, added] = known->emplace(next.code_point, 0);
      if (added) found->second = FoldedCodePoint(next.code_point);
      to = found->second;
    }
    for (std::size_t i = 0; to == -1 && i < next.size; ++i) {
      folded.text += original[at + i];
      folded.begin.push_back(at + i);
      folded.end.push_back(at + i + 1);
    }
    if (to >= 0) {
      folded.text += static_cast<char>(to);
      folded.begin.push_back(at);
      folded.end.push_back(at + next.size);
    }
    at += next.size;
  }
  return folded;
}

inline bool ContextByte(char byte) {
  return absl::ascii_isalnum(static_cast<unsigned char>(byte)) ||
         static_cast<unsigned char>(byte) >= 0x80;
}

// A phrase's words separated by one space: `routing_number` has two words.
inline std::string SpacedPhrase(absl::string_view phrase) {
  std::string spaced;
  bool between = false;
  for (const char byte : phrase) {
    if (ContextByte(byte) && between && !spaced.empty()) spaced += ' ';
    if (ContextByte(byte)) spaced += byte;
    between = !ContextByte(byte);
  }
  return spaced;
}

struct ContextWord {
  std::size_t begin, end;
};

// A run that holds words of scripts without spaces is searched at every place.
inline bool IsUnspacedRun(absl::string_view run) {
  return redaction::ContextWords::IsUnspaced(run);
}

// The words of `text` that end at or before `upto`, in order; with `parts`, camel-case words are
// split.
inline std::vector<ContextWord> WordsBefore(absl::string_view text, std::size_t upto, bool parts) {
  const auto upper = [&](std::size_t i) {
    return i < upto && absl::ascii_isupper(static_cast<unsigned char>(text[i]));
  };
  const auto lower = [&](std::size_t i) {
    return i < upto && absl::ascii_islower(static_cast<unsigned char>(text[i]));
  };
  std::vector<ContextWord> words;
  for (std::size_t i = 0; i < text.size();) {
    if (!ContextByte(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && ContextByte(text[end])) ++end;
    if (end > upto) break;
    std::size_t begin = i;
    for (std::size_t at = i + 1; parts && at < end; ++at) {
      const bool digit = absl::ascii_isdigit(static_cast<unsigned char>(text[at - 1]));
      const bool begins = upper(at) && (lower(at - 1) || digit || (upper(at - 1) && lower(at + 1)));
      if (!begins) continue;
      words.push_back({begin, at});
      begin = at;
    }
    words.push_back({begin, end});
    i = end;
  }
  return words;
}

inline bool Assigns(absl::string_view between) {
  bool assigns = false;
  for (std::size_t i = 0; i < between.size(); ++i) {
    const char byte = between[i];
    assigns = assigns || byte == '=' || byte == ':';
    const bool begun = i > 0 && (between[i - 1] == '?' || between[i - 1] == '.');
    if (begun && byte != '=') return false;
    if ((byte == '?' || byte == '.') && i + 1 < between.size()) continue;
    const bool arrow = byte == '>' && i > 0 && between[i - 1] == '=';
    const bool beside = regex::IsWordByte(static_cast<unsigned char>(byte)) ||
                        absl::string_view("=: \t\"'`\\])").find(byte) != absl::string_view::npos;
    if (!arrow && !beside) return false;
  }
  return assigns;
}

inline bool StandsBeside(absl::string_view last, absl::string_view between) {
  if (between.size() > redaction::kBesideReach) return false;
  std::string before(last);
  const std::size_t line = between.rfind('\n');
  const auto sets = [](char byte) { return byte == '=' || byte == ':'; };
  const auto characters = [](const std::string& word) {
    return std::count_if(word.begin(), word.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
  };
  if (line != between.npos && std::none_of(between.begin() + line, between.end(), sets)) {
    std::string above(between.substr(0, line));
    while (!above.empty() && (above.back() == ' ' || above.back() == '\n')) above.pop_back();
    if (above.empty() || above.back() != '>') return false;
  }
  std::string marks;
  for (std::size_t i = 0; i < between.size();) {
    if (!ContextByte(between[i])) {
      const absl::string_view rest = between.substr(i);
      const bool word_follows = rest.size() < 2 || ContextByte(rest[1]);
      const bool sets_next = rest.size() > 1 && rest[1] == '=';
      const bool stop = rest[0] == '.' && !word_follows && !sets_next && characters(before) > 4;
      if (rest[0] == ';' || (rest[0] == '?' && !sets_next) || stop) return false;
      const bool arrow = i > 0 && (between[i - 1] == '=' || between[i - 1] == '-');
      const bool label = absl::AsciiStrToUpper(before) == before;
      if (rest[0] == '>' && !arrow && label) return false;
      if (absl::StartsWith(rest, "\n\n")) return false;
      marks += between[i++];
      continue;
    }
    std::string word;
    while (i < between.size() && ContextByte(between[i])) word += between[i++];
    before = word;
    const bool joined = marks.empty() || marks == "_" || marks == "-" || marks == ".";
    if (!joined && !redaction::IsLink(absl::AsciiStrToLower(word))) return false;
    marks.clear();
  }
  return true;
}

// A match that may begin a list.
struct ListItem {
  std::size_t end;
  bool same_line;
};

// Whether a match in folded `text` that starts at `begin` has the required context.
inline bool HasContext(const redaction::ProximityRule& proximity, absl::string_view text,
                       std::size_t begin) {
  bool found = false;
  bool first = true;
  ContextWord last{0, 0};  // the one that starts last; of several, the shortest
  const auto take = [&](const ContextWord& word, bool unspaced) {
    const bool nearer = unspaced ? word.end > last.end : word.end < last.end;
    const bool later = word.begin > last.begin || (word.begin == last.begin && nearer);
    if (first || later) last = word;
    found = true;
    first = false;
  };
  for (const bool parts : {false, true}) {
    const std::vector<ContextWord> words = WordsBefore(text, begin, parts);
    for (const std::string& word : redaction::ContextWords::AddCases(proximity.words)) {
      const std::string wanted = absl::AsciiStrToLower(SpacedPhrase(word));
      if (IsUnspacedRun(wanted)) {
        for (std::size_t at = text.find(wanted); at < begin; at = text.find(wanted, at + 1)) {
          const bool in_reach = at + redaction::kContextReach >= begin;
          if (in_reach && at + wanted.size() <= begin) take({at, at + wanted.size()}, true);
        }
        continue;
      }
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].begin + redaction::kContextReach < begin) continue;
        std::vector<std::string> phrase;
        for (std::size_t j = i; j < words.size(); ++j) {
          const std::string whole =
              absl::AsciiStrToLower(text.substr(words[j].begin, words[j].end - words[j].begin));
          for (const std::size_t size : {whole.size(), redaction::ContextWords::StemSize(whole)}) {
            phrase.push_back(whole.substr(0, size));
            const bool same = absl::StrJoin(phrase, " ") == wanted;
            phrase.pop_back();
            if (same) take({words[j].begin, words[j].begin + size}, false);
          }
          phrase.push_back(whole);
        }
      }
    }
  }
  if (!found) return false;
  const absl::string_view between = text.substr(last.end, begin - last.end);
  const absl::string_view word = text.substr(last.begin, last.end - last.begin);
  return !redaction::IsReplacement(word, between) && (!proximity.assigned || Assigns(between)) &&
         (!proximity.beside || StandsBeside(word, between)) &&
         (!proximity.named || redaction::Names(word, between));
}

// The same, or the match goes on with a list of `matches` of the rule, which all end before it.
inline bool HasContextOrList(const redaction::RedactionRule& rule, absl::string_view text,
                             std::size_t begin, const std::vector<ListItem>& items) {
  if (HasContext(rule.context, text, begin)) return true;
  return std::any_of(items.begin(), items.end(), [&](const ListItem& item) {
    return item.end <= begin && begin - item.end <= redaction::kListReach &&
           redaction::ContinuesList(text.substr(item.end, begin - item.end), item.same_line);
  });
}

inline ListItem MakeItem(const redaction::RedactionRule& rule, absl::string_view text,
                         std::size_t begin, std::size_t end, const std::vector<ListItem>& items) {
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    if (item->end <= begin && begin - item->end <= redaction::kListReach &&
        redaction::ContinuesList(text.substr(item->end, begin - item->end), item->same_line)) {
      return {end, item->same_line};
    }
  }
  const std::size_t reach = redaction::kContextReach + 1;
  std::size_t from = begin > reach ? begin - reach : 0;
  const std::size_t line = text.substr(0, begin).rfind('\n');
  if (line != text.npos) from = std::max(from, line + 1);
  // Only the text from `from` on counts, so a word that begins before it does not.
  return {end, HasContext(rule.context, text.substr(from), begin - from)};
}

// Which rules the column of a table names, at each position. The reader is the definition.
class TableColumns {
 public:
  TableColumns(const std::vector<redaction::RedactionRule>& rules, absl::string_view text) {
    redaction::ContextWords words;
    for (const redaction::RedactionRule& rule : rules) {
      redaction::ProximityRule context = rule.context;
      context.words = redaction::ContextWords::AddCases(context.words);
      numbers_.push_back(context.empty() ? 0 : words.Add(context));
    }
    if (words.empty()) return;
    redaction::TableReader table;
    for (std::size_t at = 0; at < text.size(); ++at) {
      table.VisitNames([&](std::uint32_t proximity) { named_.insert({at, proximity}); });
      if (table.reading() || redaction::TableReader::EndsLine(text[at]))
        table.Read(text[at], text.substr(0, at), words);
    }
  }
  bool Names(std::size_t rule, std::size_t begin) const {
    return named_.count({begin, numbers_[rule]}) > 0;
  }

 private:
  std::vector<std::size_t> numbers_;  // by rule
  std::set<std::pair<std::size_t, std::size_t>> named_;
};

struct Match {
  std::size_t begin, end;  // in the folded text
  std::size_t rule;
};

inline std::vector<Match> AllMatches(const std::vector<redaction::RedactionRule>& rules,
                                     absl::string_view text) {
  std::vector<Match> matches;
  const TableColumns columns(rules, text);
  for (std::size_t r = 0; r < rules.size(); ++r) {
    const redaction::RedactionRule& rule = rules[r];
    const regex::Regex regex = regex::Folded(rule.regex);
    std::vector<ListItem> items;
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
      if (begin > 0 && rule.left_forbidden.Contains(static_cast<unsigned char>(text[begin - 1]))) {
        continue;
      }
      if (rule.left_word_edge && FollowsWord(text, begin)) continue;
      if (!rule.context.empty() && !columns.Names(r, begin) &&
          !HasContextOrList(rule, text, begin, items)) {
        continue;
      }
      if (!rule.exclusion.empty() && HasContext(rule.exclusion, text, begin)) continue;
      if (rule.exclusion.compared && redaction::EndsInComparison(text.substr(0, begin))) {
        continue;
      }
      for (const std::size_t end : Ends(regex.root, text, begin)) {
        const bool forbidden = end < text.size() &&
                               rule.right_forbidden.Contains(static_cast<unsigned char>(text[end]));
        if (end == begin || forbidden) continue;
        if (rule.validator == nullptr || rule.validator(text.substr(begin, end - begin))) {
          matches.push_back({begin, end, r});
          if (!rule.context.empty()) items.push_back(MakeItem(rule, text, begin, end, items));
        }
      }
    }
  }
  return matches;
}

inline redaction::Redacted Whole(const std::vector<redaction::RedactionRule>& rules,
                                 absl::string_view text) {
  const FoldedText folded = Fold(text);
  std::vector<Match> matches = AllMatches(rules, folded.text);
  std::sort(matches.begin(), matches.end(), [&](const Match& a, const Match& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    if (a.end != b.end) return a.end > b.end;
    if (rules[a.rule].priority != rules[b.rule].priority) {
      return rules[a.rule].priority > rules[b.rule].priority;
    }
    return a.rule < b.rule;
  });
  redaction::Redacted redacted;
  std::map<std::string, std::size_t> let_through;
  std::size_t done = 0;
  for (std::size_t i = 0; i < matches.size();) {
    const Match lead = matches[i];
    std::size_t end = lead.end;
    bool mixed = false;
    for (; i < matches.size() && matches[i].begin < end; ++i) {
      end = std::max(end, matches[i].end);
      mixed = mixed || (matches[i].rule != lead.rule &&
                        !redaction::CountAsOne(rules[matches[i].rule], rules[lead.rule]));
    }
    const redaction::RedactionRule& rule = rules[lead.rule];
    const std::string counter =
        rule.group.empty() ? "rule " + std::to_string(lead.rule) : "group " + rule.group;
    if (!mixed && let_through[counter] + 1 < rule.min_count) {
      ++let_through[counter];
      continue;
    }
    redaction::RedactedSpan span;
    span.input_begin = folded.begin[lead.begin];
    span.input_end = folded.end[end - 1];
    span.entity = rule.entity;
    span.original = std::string(text.substr(span.input_begin, span.input_end - span.input_begin));
    redacted.text.append(text.data() + done, span.input_begin - done);
    span.begin = redacted.text.size();
    redacted.text += !rule.rewrite ? rule.replacement
                     : mixed       ? rule.mixed_replacement
                                   : rule.rewrite(span.original);
    span.end = redacted.text.size();
    done = span.input_end;
    redacted.spans.push_back(std::move(span));
  }
  redacted.text.append(text.data() + done, text.size() - done);
  return redacted;
}

}  // namespace countersign::text::testing::oracle
