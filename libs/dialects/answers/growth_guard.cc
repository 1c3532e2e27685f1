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
  if (releases.ended != nullptr) {
    AddMatches(*releases.ended);
    decided_ = grown_;
  }
  if (releases.grown != nullptr) {
    if (growth.first) {
      matches_.clear();
      copies_ = {{growth.begin - growth.repeated, growth.repeated}};
    }
    copies_.push_back({growth.begin, growth.size});
    grown_ = growth.size;
    AddMatches(*releases.grown);
    decided_ = grown_ - std::min<std::uint64_t>(grown_, releases.grown->held_after);
  }
  return Pass(releases, false);
}

absl::StatusOr<FieldRelease> GrowthGuard::Finish(Releases releases) {
  if (releases.ended != nullptr) AddMatches(*releases.ended);
  decided_ = grown_;
  return Pass(releases, true);
}

absl::StatusOr<FieldRelease> GrowthGuard::Pass(Releases releases, bool last) {
  const std::size_t before = queued() + releases.joined.held_before;
  const bool idle =
      segments_.empty() && matches_.empty() && Limit() == std::numeric_limits<std::uint64_t>::max();
  if (!Queue(releases.joined, fed_)) {
    if (idle) return std::move(releases.joined);
    return absl::FailedPreconditionError(
        "a text that repeats itself is not released as it is spelled");
  }
  MaskCopies();
  FieldRelease release = Take(Limit(), before, last ? 0 : releases.joined.held_after);
  DropSentCopies(releases.joined.held_after);
  return release;
}

// Forgets copies that were sent completely. `held`: bytes of the text that the masker holds.
void GrowthGuard::DropSentCopies(std::size_t held) {
  const std::uint64_t sent = segments_.empty() ? fed_ - held : segments_.front().begin;
  std::erase_if(copies_, [&](const Copy& copy) {
    return copy.begin + copy.size <= sent && copy.size <= decided_;
  });
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

void GrowthGuard::AddMatches(const FieldRelease& release) {
  for (const MaskedSpan& span : release.masked) {
    Match match;
    match.begin = span.in_begin;
    match.end = span.in_end;
    match.span = span;
    match.replacement = release.text.substr(span.begin, span.end - span.begin);
    matches_.push_back(std::move(match));
  }
}

void GrowthGuard::MaskCopies() {
  for (const Copy& copy : copies_) {
    for (const Match& match : matches_) {
      const std::uint64_t end = std::min<std::uint64_t>(match.end, copy.size);
      if (match.begin < end) Mask(copy.begin + match.begin, copy.begin + end, match);
    }
  }
}

// Replaces what is clear in [begin, end) of the queued text. Parts that are masked already stay so.
void GrowthGuard::Mask(std::uint64_t begin, std::uint64_t end, const Match& match) {
  Split(begin);
  Split(end);
  bool replaced = false;
  for (Segment& segment : segments_) {
    if (segment.end <= begin || segment.begin >= end) continue;
    if (segment.masked) {
      replaced = true;
      continue;
    }
    segment.masked = true;
    segment.span = match.span;
    segment.span.original = std::move(segment.text);
    segment.span.in_begin = segment.begin;
    segment.span.in_end = segment.end;
    segment.text = replaced ? "" : match.replacement;
    replaced = true;
  }
}

void GrowthGuard::Split(std::uint64_t at) {
  const auto found = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& each) {
    return !each.masked && each.begin < at && at < each.end;
  });
  if (found == segments_.end()) return;
  const std::size_t size = at - found->begin;
  Segment rest{at, found->end, found->text.substr(size)};
  found->text.resize(size);
  found->end = at;
  segments_.insert(std::next(found), std::move(rest));
}

// The first byte of a copy about which the masker has not decided.
std::uint64_t GrowthGuard::Limit() const {
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  for (const Copy& copy : copies_) {
    if (decided_ < copy.size) limit = std::min(limit, copy.begin + decided_);
  }
  return limit;
}

std::size_t GrowthGuard::queued() const {
  return segments_.empty() ? 0 : segments_.back().end - segments_.front().begin;
}

FieldRelease GrowthGuard::Take(std::uint64_t limit, std::size_t held_before,
                               std::size_t held_after) {
  Split(limit);
  FieldRelease release;
  release.held_before = held_before;
  while (!segments_.empty() && segments_.front().end <= limit) {
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
