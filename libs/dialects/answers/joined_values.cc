#include "libs/dialects/answers/joined_values.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::answers {
namespace {

constexpr std::size_t kMaxPlaces = 4096;

}  // namespace

bool MayBeRepeatedPiece(absl::string_view value) {
  constexpr std::size_t kLongestPiece = 8;
  constexpr std::size_t kLongestOfLetters = 3;
  const bool has_digit = std::any_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  return value.size() <= (has_digit ? kLongestPiece : kLongestOfLetters);
}

bool JoinedValues::Counts(Values& values, absl::string_view number) {
  constexpr std::size_t kFewDigits = 3;
  std::int64_t value = 0;
  std::optional<std::int64_t> step;
  const bool known = number.size() >= kFewDigits && absl::SimpleAtoi(number, &value);
  if (known && values.number) step = value - *values.number;
  const bool counts = step && step == values.step;
  values.number = known ? std::optional(value) : std::nullopt;
  values.step = step;
  return counts;
}

absl::StatusOr<std::vector<JoinedPiece>> JoinedValues::Add(const std::string& place,
                                                           absl::string_view value, Kind kind,
                                                           PieceQueue& queue) {
  std::vector<JoinedPiece> queued;
  if (value.empty()) return queued;
  const auto [at, is_new] = places_.try_emplace(place);
  if (places_.size() > kMaxPlaces) {
    return absl::UnavailableError("the upstream's stream has values in too many places");
  }
  Values& values = at->second;
  std::string& joined = values.joined;
  const absl::string_view last = absl::string_view(joined).substr(joined.size() - values.last);
  values.repeats = !is_new && value == last ? values.repeats + 1 : 0;
  if (kind == Kind::kNumber && (values.repeats > 0 || Counts(values, value))) return queued;
  const bool is_piece = values.repeats <= kMostRepeatedPieces && MayBeRepeatedPiece(value);
  if (values.repeats > 0 && !is_piece) return queued;
  if (is_new || (values.repeats > 0 && values.first == joined.size())) values.first += value.size();
  absl::StrAppend(&joined, value);
  if (joined.size() > kMostJoinedBytes) {
    const std::size_t dropped = joined.size() - kMostJoinedBytes;
    joined.erase(0, dropped);
    values.first -= std::min(values.first, dropped);
  }
  values.last = std::min(value.size(), joined.size());
  const auto ask = [&](std::size_t from) {
    if (joined.size() - from <= values.last) return;
    const auto piece = queue.AddWhole(absl::string_view(joined).substr(from));
    if (piece) queued.push_back({*piece, joined.size() - from - values.last});
  };
  if (is_new) return queued;
  ask(0);
  if (values.first > 0) ask(values.first);
  return queued;
}

}  // namespace countersign::dialects::answers
