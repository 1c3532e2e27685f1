// The part of MatchFinder that decides whether the text before a match allows it: words, lists and
// tables.

#include <algorithm>
#include <string>

#include "libs/text/redaction/match_finder.h"
#include "libs/text/redaction/value_readers.h"

namespace countersign::text::redaction {

using RuleTraits = RedactionProgram::RuleTraits;

void MatchFinder::ReadTables(std::uint64_t position) {
  if (program_.context.empty()) return;
  constexpr std::uint64_t kFarthest = TableReader::kWidestCell + 1;
  std::uint64_t at = std::max(state_.table_until, text_.base);
  while (at < position) {
    if (!state_.table.reading()) {
      while (at < position && !TableReader::EndsLine(static_cast<char>(text_.At(at)))) ++at;
      if (at == position) break;
    }
    const std::uint64_t from = std::max(text_.base, at > kFarthest ? at - kFarthest : 0);
    state_.table.Read(static_cast<char>(text_.At(at)), text_.Slice(from, at), program_.context);
    ++at;
  }
  state_.table_until = position;
}

bool MatchFinder::InCell(std::uint64_t position) const {
  return cells_ != nullptr && std::binary_search(cells_->begin(), cells_->end(), position);
}

// Brings MatchState::words up to date, and looks at every byte of a text once for that, as far as
// it is asked.
void MatchFinder::FindContextWords(std::uint64_t position) {
  constexpr regex::ByteSet kWordBytes = ContextWords::WordBytes();
  constexpr std::uint64_t kFarthest = kContextReach + 1;
  const auto in_word = [&](std::uint64_t at) { return kWordBytes.Contains(text_.At(at)); };
  std::uint64_t at =
      std::max({state_.words_until, text_.base, position > kFarthest ? position - kFarthest : 0});
  // The rest of a word that starts out of reach.
  const int before = text_.Before(at);
  if (before >= 0 && kWordBytes.Contains(static_cast<unsigned char>(before))) {
    std::uint64_t end = at;
    unsigned char bits = 0;
    for (; end < position && in_word(end); ++end) bits |= text_.At(end);
    if (bits >= 0x80) FindUnspacedWords(position);
    if (end == position && in_word(position)) return;
    AddParts(at, end, before);
    at = end;
  }
  while (at < position) {
    if (!in_word(at)) {
      ++at;
      continue;
    }
    std::uint64_t end = at;
    unsigned char bits = 0;
    for (; end < position && in_word(end); ++end) bits |= text_.At(end);
    if (bits >= 0x80) FindUnspacedWords(position);
    if (end == position && in_word(position)) break;  // the word is not complete yet
    if (bits < 0x80 || !program_.context.SplitsRun(text_.Slice(at, end))) {
      AddWordAndStem(at, end, false);
      AddParts(at, end, -1);
    }
    at = end;
  }
  state_.words_until = at;
}

// Whether a word that may matter to one of the `proximity_rules` is in reach.
bool MatchFinder::HasWordInReach(std::uint64_t position,
                                 const ProximitySet& proximity_rules) const {
  for (auto hit = state_.words.rbegin(); hit != state_.words.rend(); ++hit) {
    if (hit->begin + kContextReach < position) return false;
    if (program_.context.FindRules(hit->word).Meets(proximity_rules)) return true;
  }
  return false;
}

void MatchFinder::CollectGated(std::size_t cell, int left, std::uint64_t position,
                               std::vector<std::uint32_t>& open) {
  using ProximityState = ContextWords::ProximityState;
  ReadTables(position);
  FindContextWords(position);
  const RedactionProgram::GatedCell& gated = program_.gated[cell];
  std::vector<ProximityState>& proximity_rules = context_scratch_.proximity_rules;
  const bool word = HasWordInReach(position, gated.proximity_rules);
  bool any = false;
  if (word) {
    constexpr std::uint64_t kFarthest = kContextReach + 1;
    const std::uint64_t from =
        std::max(text_.base, position > kFarthest ? position - kFarthest : 0);
    any = program_.context.CollectMet(state_.words, text_.Slice(from, position), position,
                                      gated.proximity_rules, proximity_rules);
  }
  const States exclusion_starts = program_.exclusion_starts[cell];
  const bool in_column = state_.table.open();
  const bool in_list = position < state_.lists_until;
  if (!any && exclusion_starts.empty() && !in_column && !in_list) return;

  const bool compared = ComparedBefore(position);
  const auto state_of = [&](std::uint32_t proximity) {
    return word && proximity != RuleTraits::kNoProximity ? proximity_rules[proximity]
                                                         : ProximityState::kUnseen;
  };
  for (const std::uint32_t state : exclusion_starts) {
    const RuleTraits& traits = program_.traits[program_.states[state].rule];
    const bool met = state_of(traits.exclusion) == ProximityState::kMet;
    if (!met && !(compared && traits.compared)) open.push_back(state);
  }
  if (!any && !in_column && !in_list) return;
  // Few positions come so far, so exclusions are looked for here only.
  std::uint32_t exclusion = RuleTraits::kNoProximity;  // the last one that was looked for
  bool exclusion_met = false;
  const auto excluded = [&](std::uint32_t state) {
    const RuleTraits& traits = program_.traits[program_.states[state].rule];
    if (compared && traits.compared) return true;
    if (traits.exclusion == RuleTraits::kNoProximity) return false;
    if (traits.exclusion != exclusion) {
      exclusion = traits.exclusion;
      exclusion_met = MeetsProximity(exclusion, position);
    }
    return exclusion_met;
  };
  const auto allowed = [&](std::uint32_t proximity) {
    return state_of(proximity) == ProximityState::kMet ||
           (in_column && state_.table.Names(proximity));
  };
  for (std::uint32_t run = gated.first_run; run < gated.last_run; ++run) {
    const RedactionProgram::GatedRun& same = program_.gated_runs[run];
    if (!allowed(same.proximity)) continue;
    for (std::uint32_t i = same.first; i < same.last; ++i) {
      if (!excluded(program_.gated_starts[i])) open.push_back(program_.gated_starts[i]);
    }
  }
  if (!in_list) return;
  CollectListed(position);
  for (const std::uint32_t rule : context_scratch_.listed) {
    if (allowed(program_.traits[rule].proximity)) continue;
    for (const std::uint32_t state : program_.firsts[rule]) {
      if (program_.Consumes(state, text_.At(position)) &&
          program_.Allows(program_.states[state].begins, left) && !excluded(state)) {
        open.push_back(state);
      }
    }
  }
}

// Adds the parts of the word, or of the rest of a word, in [begin, end). `before` is the byte of
// the word before it; -1 if none.
void MatchFinder::AddParts(std::uint64_t begin, std::uint64_t end, int before) {
  std::string rest;
  if (before >= 0) rest += static_cast<char>(before);
  const absl::string_view slice = text_.Slice(begin, end);
  const std::size_t skipped = rest.size();
  const bool has_upper = std::any_of(slice.begin() + (skipped == 0 && !slice.empty() ? 1 : 0),
                                     slice.end(), [](char c) { return 'A' <= c && c <= 'Z'; });
  if (!has_upper || program_.context.SplitsRun(slice)) return;
  rest.append(slice.data(), slice.size());
  std::size_t part = 0;  // start of the last part
  for (std::size_t at = 1; at <= rest.size(); ++at) {
    if (at < rest.size() && !ContextWords::BeginsPart(rest, at)) continue;
    const bool known = part >= skipped && (part > 0 || at < rest.size());
    if (known) AddWordAndStem(begin + part - skipped, begin + at - skipped, true);
    part = at;
  }
}

// Adds a word if it is known, and also without the digits at its end (`password1`).
void MatchFinder::AddWordAndStem(std::uint64_t begin, std::uint64_t end, bool part) {
  const absl::string_view text = text_.Slice(begin, end);
  const std::size_t stem = ContextWords::StemSize(text);
  for (const std::size_t size : {text.size(), stem}) {
    const std::uint32_t word = program_.context.Find(text.substr(0, size));
    if (word != ContextWords::kNoWord) AddContextWord(begin, begin + size, word, part);
    if (stem == text.size()) break;
  }
}

void MatchFinder::AddContextWord(std::uint64_t begin, std::uint64_t end, std::uint32_t word,
                                 bool part) {
  constexpr std::uint64_t kFarthest = kContextReach + 1;
  const std::uint64_t from = std::max(text_.base, end > kFarthest ? end - kFarthest : 0);
  const ContextHit added{begin, static_cast<std::uint32_t>(end - begin), word, part};
  if (!program_.context.EndsPhrase(added, text_.Slice(from, end))) return;
  std::vector<ContextHit>& words = state_.words;
  const auto in_reach = std::find_if(words.begin(), words.end(), [begin](const ContextHit& hit) {
    return hit.begin + kContextReach >= begin;
  });
  words.erase(words.begin(), in_reach);
  const auto later =
      std::upper_bound(words.begin(), words.end(), begin,
                       [](std::uint64_t at, const ContextHit& hit) { return at < hit.begin; });
  words.insert(later, added);
}

// Adds the words of scripts without spaces that end at or before `position`.
void MatchFinder::FindUnspacedWords(std::uint64_t position) {
  if (!program_.context.has_unspaced()) return;
  constexpr std::uint64_t kFarthest = kContextReach + 1;
  const std::uint64_t from = std::max(text_.base, position > kFarthest ? position - kFarthest : 0);
  std::uint64_t at = std::max(state_.unspaced_until, from);
  if (at >= position) return;
  while (at > from && (text_.At(at) & 0xC0) == 0x80) --at;  // within a character
  program_.context.FindUnspaced(text_.Slice(from, position), at - from,
                                [&](std::size_t begin, std::size_t end, std::uint32_t word) {
                                  AddContextWord(from + begin, from + end, word, true);
                                });
  state_.unspaced_until = position;
}

bool MatchFinder::MeetsProximity(std::uint32_t proximity, std::uint64_t position) const {
  constexpr std::uint64_t kFarthest = kContextReach + 1;
  const std::uint64_t from = std::max(text_.base, position > kFarthest ? position - kFarthest : 0);
  return program_.context.IsMet(proximity, text_.Slice(from, position), text_.At(position));
}

bool MatchFinder::ContextAllows(std::uint32_t rule, std::uint64_t position) const {
  const RuleTraits& traits = program_.traits[rule];
  return (traits.proximity == RuleTraits::kNoProximity ||
          MeetsProximity(traits.proximity, position) || GoesOn(rule, position)) &&
         !Excluded(rule, position);
}

bool MatchFinder::Excluded(std::uint32_t rule, std::uint64_t position) const {
  const RuleTraits& traits = program_.traits[rule];
  return traits.exclusion != RuleTraits::kNoProximity &&
         (MeetsProximity(traits.exclusion, position) ||
          (traits.compared && ComparedBefore(position)));
}

bool MatchFinder::ComparedBefore(std::uint64_t position) const {
  constexpr std::uint64_t kOperator = 6;
  const std::uint64_t from = std::max(text_.base, position > kOperator ? position - kOperator : 0);
  return EndsInComparison(text_.Slice(from, position));
}

bool MatchFinder::GoesOn(std::uint32_t rule, std::uint64_t position) const {
  return position < state_.lists_until &&
         std::any_of(state_.lists.begin(), state_.lists.end(), [&](const ListEnd& list) {
           return list.rule == rule && list.end <= position && position - list.end <= kListReach &&
                  ContinuesList(text_.Slice(list.end, position), list.same_line);
         });
}

// Sets ContextScratch::listed, without duplicates.
void MatchFinder::CollectListed(std::uint64_t position) {
  std::vector<std::uint32_t>& listed = context_scratch_.listed;
  listed.clear();
  for (const ListEnd& list : state_.lists) {
    if (list.end <= position && position - list.end <= kListReach &&
        std::find(listed.begin(), listed.end(), list.rule) == listed.end() &&
        ContinuesList(text_.Slice(list.end, position), list.same_line)) {
      listed.push_back(list.rule);
    }
  }
}

// Keeps the lists of which an item may still begin, or be found to have begun.
void MatchFinder::RememberList(std::uint32_t rule, std::uint64_t begin, std::uint64_t end) {
  std::vector<ListEnd>& lists = state_.lists;
  std::erase_if(lists, [&](const ListEnd& list) {
    const RuleTraits& traits = program_.traits[list.rule];
    const std::uint64_t later = traits.validated ? std::uint64_t{traits.max_width} : 0;
    return list.end + kListReach + later < end;
  });
  if (end - begin > program_.limits.early_commit_bytes) return;
  state_.lists_until = std::max(state_.lists_until, end + kListReach + 1);
  const auto same = std::find_if(lists.begin(), lists.end(), [&](const ListEnd& list) {
    return list.rule == rule && list.end >= begin;
  });
  if (same != lists.end()) {
    same->end = end;
    return;
  }
  const auto before = std::find_if(lists.rbegin(), lists.rend(), [&](const ListEnd& list) {
    return list.rule == rule && begin - list.end <= kListReach &&
           ContinuesList(text_.Slice(list.end, begin), list.same_line);
  });
  bool same_line = false;
  if (before != lists.rend()) {
    same_line = before->same_line;
  } else {
    constexpr std::uint64_t kFarthest = kContextReach + 1;
    const std::uint64_t from = std::max(text_.base, begin > kFarthest ? begin - kFarthest : 0);
    absl::string_view line = text_.Slice(from, begin);
    line.remove_prefix(line.rfind('\n') + 1);
    same_line = program_.context.IsMet(program_.traits[rule].proximity, line, text_.At(begin));
  }
  lists.push_back({begin, end, rule, same_line});
}

}  // namespace countersign::text::redaction
