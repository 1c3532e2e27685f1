#include "libs/dialects/answers/growth_guard.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "libs/base/status.h"

namespace countersign::dialects::answers {

using domain::FieldRelease;
using domain::MaskedSpan;

namespace {

// The bytes of each quote, with its escapes, around a number in JSON that became a string. `begin`:
// where the replacement would begin without quotes.
std::size_t CountQuoteBytes(absl::string_view text, const MaskedSpan& span, std::size_t begin) {
  if (span.begin <= begin || text.size() < span.begin) return 0;
  const absl::string_view quote = text.substr(begin, span.begin - begin);
  const bool quoted = quote.back() == '"' && quote.find_first_not_of('\\') == quote.size() - 1 &&
                      absl::StartsWith(text.substr(std::min(span.end, text.size())), quote);
  return quoted ? quote.size() : 0;
}

}  // namespace

absl::StatusOr<FieldRelease> GrowthGuard::Apply(const Growth& growth, Releases releases) {
  fed_ = growth.begin + growth.size;
  if (releases.ended != nullptr) EndGrowth(*releases.ended);
  if (releases.grown != nullptr) {
    if (growth.first || grown_.empty()) {
      grown_.emplace_back().copies.push_back({growth.begin - growth.repeated, growth.repeated});
    }
    Grown& grown = grown_.back();
    grown.copies.push_back({growth.begin, growth.size});
    AddMatches(*releases.grown, growth.size, grown);
    grown.fed = growth.size;
    grown.decided = grown.fed - std::min<std::uint64_t>(grown.fed, releases.grown->held_after);
  }
  return Pass(std::move(releases), growth.begin, false);
}

absl::StatusOr<FieldRelease> GrowthGuard::Finish(Releases releases) {
  if (releases.ended != nullptr) EndGrowth(*releases.ended);
  return Pass(std::move(releases), fed_, true);
}

void GrowthGuard::EndGrowth(const FieldRelease& ended) {
  if (grown_.empty()) return;
  AddMatches(ended, grown_.back().fed, grown_.back());
  grown_.back().decided = grown_.back().fed;
}

absl::StatusOr<FieldRelease> GrowthGuard::Pass(Releases releases, std::uint64_t fed_before,
                                               bool last) {
  const std::size_t before = queued() + releases.joined.held_before;
  CS_RETURN_IF_ERROR(Queue(releases.joined, fed_before));
  for (const Grown& grown : grown_) CS_RETURN_IF_ERROR(MaskCopies(grown));
  if (queued() > kMostHeld && Limit() < fed_) {
    return absl::UnavailableError("the upstream repeats a text that may be part of a match");
  }
  FieldRelease release = Take(Limit(), before, last ? 0 : releases.joined.held_after);
  release.restored = releases.joined.restored;
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

// Adds the segments of a release of the text, of which `fed_before` bytes were fed before it.
absl::Status GrowthGuard::Queue(const FieldRelease& release, std::uint64_t fed_before) {
  const std::uint64_t in = fed_before - std::min<std::uint64_t>(fed_before, release.held_before);
  const std::uint64_t to = fed_ - std::min<std::uint64_t>(fed_, release.held_after);
  if (to < in || (!segments_.empty() && segments_.back().end != in)) {
    return absl::FailedPreconditionError("a text that repeats itself is released out of order");
  }
  std::vector<Segment> added = Align(release, in, to);
  segments_.insert(segments_.end(), std::make_move_iterator(added.begin()),
                   std::make_move_iterator(added.end()));
  return absl::OkStatus();
}

// The segments of a release of the bytes [in, to). Where its spelling differs elsewhere than in its
// matches (a part of a number in JSON, restored placeholders) it is one segment.
std::vector<GrowthGuard::Segment> GrowthGuard::Align(const FieldRelease& release, std::uint64_t in,
                                                     std::uint64_t to) {
  std::vector<Segment> aligned;
  const std::uint64_t begin = in;
  std::size_t out = 0;
  const auto clear = [&](std::uint64_t in_end, std::size_t out_end) {
    if (in_end < in || out_end < out || in_end - in != out_end - out) return false;
    if (in < in_end) aligned.push_back({in, in_end, release.text.substr(out, out_end - out)});
    in = in_end;
    out = out_end;
    return true;
  };
  bool as_fed = !release.restored;
  for (const MaskedSpan& span : release.masked) {
    const std::size_t quote = CountQuoteBytes(release.text, span, out + (span.in_begin - in));
    as_fed = as_fed && clear(span.in_begin, span.begin - quote) &&
             span.end + quote <= release.text.size();
    if (!as_fed) break;
    Segment& masked = aligned.emplace_back(
        Segment{in, span.in_end, release.text.substr(out, span.end + quote - out), true});
    masked.spans.push_back(span);
    masked.spans.back().begin = quote;
    masked.spans.back().end = masked.text.size() - quote;
    in = span.in_end;
    out = span.end + quote;
  }
  if (as_fed && clear(to, release.text.size())) return aligned;
  if (begin == to && release.text.empty()) return {};
  return {Segment{begin, to, release.text, true, true, release.masked}};
}

void GrowthGuard::AddMatches(const FieldRelease& release, std::uint64_t fed, Grown& grown) {
  const std::uint64_t in = grown.fed - std::min<std::uint64_t>(grown.fed, release.held_before);
  for (Segment& segment :
       Align(release, in, fed - std::min<std::uint64_t>(fed, release.held_after))) {
    if (segment.respelled) {
      for (const MaskedSpan& span : segment.spans) {
        grown.matches.push_back({span.in_begin, span.in_end, span,
                                 segment.text.substr(span.begin, span.end - span.begin)});
      }
    } else if (segment.masked) {
      grown.matches.push_back(
          {segment.begin, segment.end, segment.spans.front(), std::move(segment.text)});
    }
  }
}

// Matches follow each other as a masker releases them, so that one walk over the segments suffices.
absl::Status GrowthGuard::MaskCopies(const Grown& grown) {
  for (const Copy& copy : grown.copies) {
    Segments::iterator at = segments_.begin();
    for (const Match& match : grown.matches) {
      const std::uint64_t end = std::min<std::uint64_t>(match.end, copy.size);
      if (match.begin >= end) continue;
      CS_ASSIGN_OR_RETURN(at, Mask(at, copy.begin + match.begin, copy.begin + end, match));
    }
  }
  return absl::OkStatus();
}

// Replaces what is clear in [begin, end) of the queued text. Parts that are masked already stay so.
// Looks at the segments from `at` on; returns the first one after `begin`.
absl::StatusOr<GrowthGuard::Segments::iterator> GrowthGuard::Mask(Segments::iterator at,
                                                                  std::uint64_t begin,
                                                                  std::uint64_t end,
                                                                  const Match& match) {
  while (at != segments_.end() && at->end <= begin) ++at;
  if (at != segments_.end() && Split(at, begin)) ++at;
  bool replaced = false;
  for (auto segment = at; segment != segments_.end() && segment->begin < end; ++segment) {
    if (segment->respelled) {
      return absl::FailedPreconditionError(
          "a text that repeats itself is not released as it is spelled");
    }
    if (!segment->masked) {
      Split(segment, end);
      segment->masked = true;
      MaskedSpan& span = segment->spans.emplace_back(match.span);
      span.original = std::move(segment->text);
      span.in_begin = segment->begin;
      span.in_end = segment->end;
      segment->text = replaced ? "" : match.replacement;
      span.begin = 0;
      span.end = segment->text.size();
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
    for (MaskedSpan& span : segment.spans) {
      span.begin += begin;
      span.end += begin;
      release.masked.push_back(std::move(span));
    }
    segments_.pop_front();
  }
  release.held_after = held_after + queued();
  return release;
}

}  // namespace countersign::dialects::answers
