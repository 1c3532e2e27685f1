#include "libs/dialects/answers/repeated_texts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::answers {
namespace {

constexpr std::size_t kMaxPlaces = 4096;
constexpr std::size_t kLongestKept = 1u << 20;
constexpr std::size_t kLongestWord = 32;
constexpr std::size_t kMaxJoinedBytes = 256;
// Shorter common beginnings may be a coincidence.
constexpr std::size_t kShortestRepeated = 8;

// True for a name or a state: no digits, and no separators of words.
bool IsWord(absl::string_view text) {
  return text.size() <= kLongestWord && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '-';
         });
}

void Keep(std::string& kept, absl::string_view text) {
  kept = text.size() <= kLongestKept ? std::string(text) : std::string();
}

}  // namespace

absl::Status RepeatedTexts::Resolve(FoundTexts& found,
                                    const absl::flat_hash_set<std::int64_t>& ended_groups,
                                    PieceQueue& queue, Outcome& outcome) {
  for (FoundText& text : found.texts) {
    if (text.continuation != Continuation::kUnknown) continue;
    const auto [at, is_new] = seen_.try_emplace(text.field);
    if (seen_.size() > kMaxPlaces) {
      return absl::UnavailableError("the upstream's stream has texts in too many places");
    }
    Seen& seen = at->second;
    if (is_new) {
      Keep(seen.last, text.text());
      text.continuation = Continuation::kWhole;
      seen.joined = IsWord(text.text()) ? std::string(text.text()) : "";
    } else if (ended_groups.contains(text.group)) {
      text.continuation = Continuation::kWhole;
    } else {
      ResolveUnknown(text, seen, queue, outcome);
    }
  }
  return absl::OkStatus();
}

void RepeatedTexts::ResolveUnknown(FoundText& text, Seen& seen, PieceQueue& queue,
                                   Outcome& outcome) {
  text.continuation = Continuation::kWhole;
  const absl::string_view value = text.text();
  if (!seen.continues && value == seen.last) return;
  if (!seen.continues && IsWord(value) && IsWord(seen.last)) {
    Keep(seen.last, value);
    absl::StrAppend(&seen.joined, value);
    if (seen.joined.size() > kMaxJoinedBytes) {
      seen.joined.erase(0, seen.joined.size() - kMaxJoinedBytes);
    }
    if (const auto piece = queue.AddWhole(seen.joined)) outcome.checks.push_back(*piece);
    return;
  }
  text.continuation = Continuation::kContinues;
  if (!seen.continues && !(value.size() > seen.last.size() && !seen.last.empty() &&
                           absl::StartsWith(value, seen.last))) {
    // The text that was already sent is the context of this one.
    text.context = queue.Add(text.field, seen.last, false);
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
