#include "libs/dialects/answers/repeated_texts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/answers/joined_values.h"

namespace countersign::dialects::answers {
namespace {

constexpr std::size_t kMaxPlaces = 4096;
constexpr std::size_t kLongestKept = 1u << 20;
constexpr std::size_t kLongestWord = 32;
constexpr std::size_t kShortestGrowth = 4;
// Shorter common beginnings may be a coincidence.
constexpr std::size_t kShortestRepeated = 8;

// True for a name or a state: no digits, and no separators of words.
bool IsWord(absl::string_view text) {
  return text.size() <= kLongestWord && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '-';
         });
}

// True for a text that ends like a part of a longer number, or of a key: later text may complete it
// even when other events come first.
bool MayBeCut(absl::string_view text) {
  constexpr std::size_t kFewDigits = 7;
  constexpr std::size_t kShortestKey = 16;
  const absl::string_view tail = text.substr(text.size() - std::min<std::size_t>(text.size(), 64));
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (std::count_if(tail.begin(), tail.end(), is_digit) > std::ptrdiff_t{kFewDigits}) return true;
  const std::size_t word = tail.find_last_of(" /=\n\t\"'");
  const absl::string_view last = word == absl::string_view::npos ? tail : tail.substr(word + 1);
  return last.size() >= kShortestKey && !IsWord(last);
}

void Join(std::string& joined, absl::string_view text) {
  absl::StrAppend(&joined, text.substr(text.size() - std::min(text.size(), kMostJoinedBytes)));
  if (joined.size() > kMostJoinedBytes) joined.erase(0, joined.size() - kMostJoinedBytes);
}

// Asks about a complete string with those before it.
void AskJoined(const std::string& joined, FoundText& text, PieceQueue& queue) {
  const auto piece = queue.AddWhole(joined);
  const std::size_t own = std::min(text.text().size(), joined.size());
  if (piece) text.joined.push_back({*piece, joined.size() - own});
}

void Keep(std::string& kept, absl::string_view text) {
  kept = text.size() <= kLongestKept ? std::string(text) : std::string();
}

}  // namespace

std::string GrowthField(absl::string_view field) { return absl::StrCat("growth/", field); }

absl::Status RepeatedTexts::Resolve(FoundTexts& found, PieceQueue& queue, Outcome& outcome) {
  for (FoundText& text : found.texts) {
    if (text.continuation == Continuation::kContinues) TrackGrowth(text);
    if (text.continuation != Continuation::kUnknown) continue;
    text.at_unknown_place = true;
    const auto [at, is_new] = seen_.try_emplace(text.field);
    if (seen_.size() > kMaxPlaces) {
      return absl::UnavailableError("the upstream's stream has texts in too many places");
    }
    Seen& seen = at->second;
    if (is_new && !IsWord(text.text())) {
      Open(text, seen, outcome);
    } else if (is_new) {
      Keep(seen.last, text.text());
      text.continuation = Continuation::kWhole;
      Join(seen.joined, text.text());
    } else if (seen.open) {
      ResolveOpen(text, seen, queue, outcome);
    } else {
      ResolveUnknown(text, seen, queue, outcome);
    }
  }
  EndAbsent(found, outcome);
  for (const FoundText& text : found.texts) {
    if (std::find(outcome.opened_fields.begin(), outcome.opened_fields.end(), text.field) ==
        outcome.opened_fields.end()) {
      continue;
    }
    open_places_.push_back({text.field, text.group, found.discriminators, MayBeCut(text.text())});
  }
  return absl::OkStatus();
}

void RepeatedTexts::TrackGrowth(FoundText& text) {
  const absl::string_view value = text.text();
  if (known_.size() >= kMaxPlaces && !known_.contains(text.field)) return;
  Known& known = known_[text.field];
  const bool grows = known.last.size() >= kShortestGrowth && absl::StartsWith(value, known.last);
  // A piece that adds nothing begins anew, so that nothing is held as long as such pieces come.
  const bool same = grows && value.size() == known.last.size();
  known.guarded |= grows;
  if (known.guarded) {
    text.growth = Growth{known.fed, value.size(), grows ? known.last.size() : 0,
                         grows && (!known.growing || same), known.growing && (!grows || same)};
  }
  known.growing = grows;
  known.fed += value.size();
  Keep(known.last, value);
}

bool RepeatedTexts::IsGrowing(const std::string& field) const {
  const auto known = known_.find(field);
  return known != known_.end() && known->second.growing;
}

void RepeatedTexts::Open(FoundText& text, Seen& seen, Outcome& outcome) {
  Keep(seen.last, text.text());
  Join(seen.joined, text.text());
  seen.open = true;
  text.continuation = Continuation::kContinues;
  outcome.opened_fields.push_back(text.field);
}

// The same string again: complete, unless it may be a further piece of a text.
void RepeatedTexts::Repeat(FoundText& text, Seen& seen, PieceQueue& queue) {
  text.continuation = Continuation::kWhole;
  if (++seen.repeats > kMostRepeatedPieces || !MayBeRepeatedPiece(text.text())) return;
  Join(seen.joined, text.text());
  AskJoined(seen.joined, text, queue);
}

// The second text of a place whose first one is open.
void RepeatedTexts::ResolveOpen(FoundText& text, Seen& seen, PieceQueue& queue, Outcome& outcome) {
  const absl::string_view value = text.text();
  const std::string field = text.field;
  seen.open = false;
  const auto own = std::find(outcome.opened_fields.begin(), outcome.opened_fields.end(), field);
  const bool in_one_event = own != outcome.opened_fields.end();
  if (in_one_event) outcome.opened_fields.erase(own);
  open_places_.erase(std::remove_if(open_places_.begin(), open_places_.end(),
                                    [&](const OpenPlace& place) { return place.field == field; }),
                     open_places_.end());
  if (!in_one_event && value == seen.last) {
    outcome.ended_fields.push_back(field);
    Repeat(text, seen, queue);
    return;
  }
  text.continuation = Continuation::kContinues;
  seen.continues = true;
  if (!in_one_event && !seen.last.empty() && absl::StartsWith(value, seen.last)) {
    seen.grows = true;
    text.repeats = true;
    text.field = absl::StrCat("grown/", field);
    outcome.dropped_fields.push_back(field);
  } else if (!in_one_event) {
    outcome.continued_fields.push_back(field);
  }
  Keep(seen.last, value);
}

void RepeatedTexts::EndAbsent(const FoundTexts& found, Outcome& outcome) {
  const auto is_absent = [&](const OpenPlace& place) {
    if (place.may_be_cut) return false;
    if (place.group == kNoGroup) return place.discriminators == found.discriminators;
    const auto& ended = found.ended_groups;
    return std::find(ended.begin(), ended.end(), place.group) != ended.end() ||
           std::any_of(found.texts.begin(), found.texts.end(),
                       [&](const FoundText& text) { return text.group == place.group; });
  };
  for (const OpenPlace& place : open_places_) {
    if (!is_absent(place)) continue;
    seen_[place.field].open = false;
    outcome.ended_fields.push_back(place.field);
  }
  open_places_.erase(std::remove_if(open_places_.begin(), open_places_.end(), is_absent),
                     open_places_.end());
}

void RepeatedTexts::ResolveUnknown(FoundText& text, Seen& seen, PieceQueue& queue,
                                   Outcome& outcome) {
  const absl::string_view value = text.text();
  if (!seen.continues && value == seen.last) return Repeat(text, seen, queue);
  seen.repeats = 0;
  if (!seen.continues && IsWord(value) && IsWord(seen.last)) {
    text.continuation = Continuation::kWhole;
    Keep(seen.last, value);
    Join(seen.joined, value);
    return AskJoined(seen.joined, text, queue);
  }
  text.continuation = Continuation::kContinues;
  if (!seen.continues && !(value.size() > seen.last.size() && !seen.last.empty() &&
                           absl::StartsWith(value, seen.last))) {
    // The text that was already sent is the context of this one.
    text.context = queue.Add(text.field, seen.joined.empty() ? seen.last : seen.joined, false);
    seen.continues = true;
    Keep(seen.last, value);
    return;
  }
  if (!seen.continues) {
    seen.continues = seen.grows = true;
    text.repeats = true;
    text.field = absl::StrCat("grown/", text.field);
    Keep(seen.last, value);
    return;
  }
  FindGrowth(text, seen, outcome);
}

void RepeatedTexts::FindGrowth(FoundText& text, Seen& seen, Outcome& outcome) {
  const std::string value(text.text());
  const std::string grown = absl::StrCat("grown/", text.field);
  const bool begins = !seen.last.empty() && absl::StartsWith(value, seen.last);
  if (seen.grows && begins) {
    text.repeats = true;
    text.repeated = seen.last.size();
    text.field = grown;
  } else if (seen.grows) {
    seen.grows = false;  // a new text begins
    outcome.ended_fields.push_back(grown);
  } else if (begins && seen.last.size() >= kShortestRepeated && value.size() > seen.last.size()) {
    seen.grows = true;
    outcome.ended_fields.push_back(text.field);
    text.repeats = true;
    text.field = grown;
  }
  Keep(seen.last, value);
}

}  // namespace countersign::dialects::answers
