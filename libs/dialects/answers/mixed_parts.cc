#include "libs/dialects/answers/mixed_parts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/dialects/answers/joined_values.h"

namespace countersign::dialects::answers {
namespace {

constexpr std::size_t kMaxLists = 4096;

}  // namespace

absl::Status MixedParts::Add(const FoundTexts& found, PieceQueue& queue,
                             std::vector<Asked>& asked) {
  for (const FoundText& text : found.texts) {
    if (text.parts.empty() || text.text().empty()) continue;
    const auto [at, is_new] = lists_.try_emplace(text.parts);
    if (lists_.size() > kMaxLists) {
      return absl::UnavailableError("the upstream's answer has too many lists of parts");
    }
    List& list = at->second;
    if (!is_new && list.field != text.field) list.changes.push_back(list.joined.size());
    list.field = text.field;
    absl::StrAppend(&list.joined, text.text());
    if (list.changes.empty()) {
      const std::size_t kept = std::min(list.joined.size(), kMostJoinedBytes);
      list.joined.erase(0, list.joined.size() - kept);
      continue;
    }
    // What comes later asks about the border again, as far as it is kept.
    const auto piece = queue.AddWhole(list.joined);
    if (piece) asked.push_back({*piece, {list.changes.begin(), list.changes.end()}});
    if (list.joined.size() <= kMostJoinedBytes) continue;
    const std::size_t dropped = list.joined.size() - kMostJoinedBytes;
    list.joined.erase(0, dropped);
    while (!list.changes.empty() && list.changes.front() <= dropped) list.changes.pop_front();
    for (std::size_t& change : list.changes) change -= dropped;
  }
  return absl::OkStatus();
}

absl::Status MixedParts::Check(const std::vector<Asked>& asked,
                               const std::vector<domain::FieldRelease>& releases) {
  for (const Asked& each : asked) {
    for (const domain::MaskedSpan& span : releases[each.piece].masked) {
      const bool over_change = std::any_of(
          each.changes.begin(), each.changes.end(),
          [&](std::size_t change) { return span.in_begin < change && change < span.in_end; });
      if (!over_change) continue;
      return absl::FailedPreconditionError(
          "a text in parts of several members must be masked, but was sent");
    }
  }
  return absl::OkStatus();
}

}  // namespace countersign::dialects::answers
