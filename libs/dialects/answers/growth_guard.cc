#include "libs/dialects/answers/growth_guard.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "libs/base/status.h"

namespace countersign::dialects::answers {

using domain::FieldRelease;
using domain::MaskedSpan;

absl::StatusOr<FieldRelease> GrowthGuard::Apply(const Growth& growth, Releases releases) {
  fed_ = growth.begin + growth.size;
  if (releases.ended != nullptr) EndGrowth(*releases.ended);
  if (releases.grown != nullptr) {
    if (growth.first || grown_.empty()) {
      grown_.emplace_back().copies.push_back({growth.begin - growth.repeated, growth.repeated});
    }
    Grown& grown = grown_.back();
    grown.copies.push_back({growth.begin, growth.size});
    grown.fed = growth.size;
    AddMatches(*releases.grown, grown);
    grown.decided = grown.fed - std::min<std::uint64_t>(grown.fed, releases.grown->held_after);
  }
  return Pass(releases, false);
}

absl::StatusOr<FieldRelease> GrowthGuard::Finish(Releases releases) {
  if (releases.ended != nullptr) EndGrowth(*releases.ended);
  return Pass(releases, true);
}

void GrowthGuard::EndGrowth(const FieldRelease& ended) {
  if (grown_.empty()) return;
  AddMatches(ended, grown_.back());
  grown_.back().decided = grown_.back().fed;
}

absl::StatusOr<FieldRelease> GrowthGuard::Pass(Releases releases, bool last) {
  const std::size_t before = queued() + releases.joined.held_before;
  const bool idle = segments_.empty() && Limit() == std::numeric_limits<std::uint64_t>::max() &&
                    std::all_of(grown_.begin(), grown_.end(),
                                [](const Grown& grown) { return grown.matches.empty(); });
  if (!Queue(releases.joined, fed_)) {
    if (idle) return std::move(releases.joined);
    return absl::FailedPreconditionError(
        "a text that repeats itself is not released as it is spelled");
  }
  for (const Grown& grown : grown_) MaskCopies(grown);
  if (queued() > kMostHeld && Limit() < fed_) {
    return absl::UnavailableError("the upstream repeats a text that may be part of a match");
  }
  FieldRelease release = Take(Limit(), before, last ? 0 : releases.joined.held_after);
  DropSentCopies(releases.joined.held_after);
  return release;
}

// Forgets copies that were sent completely. `held`: bytes of the text that the masker holds.
void GrowthGuard::DropSentCopies(std::size_t held) {
  const std::uint64_t sent = segments_.empty() ? fed_ - held : segments_.front().begin;
  for (Grown& grown : grown_) {
    std::erase_if(grown.copies, [&](const Copy& copy) {
      return copy.begin + copy.size <= sent && copy.size <= grown.decided;
    });
  }
  // The last one may go on.
  while (grown_.size() > 1 && grown_.front().copies.empty()) grown_.pop_front();
}

// Adds the segments of a release, after which `fed` bytes of the text were fed.
bool GrowthGuard::Queue(const FieldRelease& release, std::uint64_t fed) {
  if (release.restored || release.held_after > fed) return false;
  std::vector<Segment> added;
  const std::uint64_t to = fed - release.held_after;
  // What was released before is known by what is released now.
  std::uint64_t size = release.text.size();
  for (const MaskedSpan& span : release.masked) {
    size += (span.in_end - span.in_begin) - (span.end - span.begin);
  }
  std::uint64_t in = to - std::min(to, size);
  std::size_t out = 0;
  const auto clear = [&](std::uint64_t in_end, std::size_t out_end) {
    if (in_end < in || out_end < out || in_end - in != out_end - out) return false;
    if (in < in_end) added.push_back({in, in_end, release.text.substr(out, out_end - out)});
    in = in_end;
    out = out_end;
    return true;
  };
  if (!segments_.empty() && segments_.back().end != in) return false;
  for (const MaskedSpan& span : release.masked) {
    if (!clear(span.in_begin, span.begin) || span.end > release.text.size()) return false;
    added.push_back({span.in_begin, span.in_end,
                     release.text.substr(span.begin, span.end - span.begin), true, span});
    in = span.in_end;
    out = span.end;
  }
  if (!clear(to, release.text.size())) return false;
  segments_.insert(segments_.end(), added.begin(), added.end());
  return true;
}

void GrowthGuard::AddMatches(const FieldRelease& release, Grown& grown) {
  for (const MaskedSpan& span : release.masked) {
    Match match;
    match.begin = span.in_begin;
    match.end = span.in_end;
    match.span = span;
    match.replacement = release.text.substr(span.begin, span.end - span.begin);
    grown.matches.push_back(std::move(match));
  }
}

// Matches follow each other as a masker releases them, so that one walk over the segments suffices.
void GrowthGuard::MaskCopies(const Grown& grown) {
  for (const Copy& copy : grown.copies) {
    Segments::iterator at = segments_.begin();
    for (const Match& match : grown.matches) {
      const std::uint64_t end = std::min<std::uint64_t>(match.end, copy.size);
      if (match.begin < end) at = Mask(at, copy.begin + match.begin, copy.begin + end, match);
    }
  }
}

// Replaces what is clear in [begin, end) of the queued text. Parts that are masked already stay so.
// Looks at the segments from `at` on; returns the first one after `begin`.
GrowthGuard::Segments::iterator GrowthGuard::Mask(Segments::iterator at, std::uint64_t begin,
                                                  std::uint64_t end, const Match& match) {
  while (at != segments_.end() && at->end <= begin) ++at;
  if (at != segments_.end() && Split(at, begin)) ++at;
  bool replaced = false;
  for (auto segment = at; segment != segments_.end() && segment->begin < end; ++segment) {
    if (!segment->masked) {
      Split(segment, end);
      segment->masked = true;
      segment->span = match.span;
      segment->span.original = std::move(segment->text);
      segment->span.in_begin = segment->begin;
      segment->span.in_end = segment->end;
      segment->text = replaced ? "" : match.replacement;
    }
    replaced = true;
  }
  return at;
}

bool GrowthGuard::Split(Segments::iterator segment, std::uint64_t at) {
  if (segment->masked || at <= segment->begin || segment->end <= at) return false;
  const std::size_t size = at - segment->begin;
  segments_.insert(std::next(segment), Segment{at, segment->end, segment->text.substr(size)});
  segment->text.resize(size);
  segment->end = at;
  return true;
}

// The first byte of a copy about which the masker has not decided.
std::uint64_t GrowthGuard::Limit() const {
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  for (const Grown& grown : grown_) {
    for (const Copy& copy : grown.copies) {
      if (grown.decided < copy.size) limit = std::min(limit, copy.begin + grown.decided);
    }
  }
  return limit;
}

std::size_t GrowthGuard::queued() const {
  return segments_.empty() ? 0 : segments_.back().end - segments_.front().begin;
}

FieldRelease GrowthGuard::Take(std::uint64_t limit, std::size_t held_before,
                               std::size_t held_after) {
  FieldRelease release;
  release.held_before = held_before;
  while (!segments_.empty() && segments_.front().begin < limit) {
    Split(segments_.begin(), limit);
    if (segments_.front().end > limit) break;  // a match is sent as a whole
    Segment& segment = segments_.front();
    const std::size_t begin = release.text.size();
    release.text += segment.text;
    if (segment.masked) {
      segment.span.begin = begin;
      segment.span.end = release.text.size();
      release.masked.push_back(std::move(segment.span));
    }
    segments_.pop_front();
  }
  release.held_after = held_after + queued();
  return release;
}

}  // namespace countersign::dialects::answers
