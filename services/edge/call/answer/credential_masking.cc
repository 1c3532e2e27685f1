#include "services/edge/call/answer/credential_masking.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace countersign::edge::call::answer {
namespace {

constexpr char kLabel[] = "<UPSTREAM_CREDENTIAL>";

// A text and its masked spans.
struct MaskedText {
  std::string text;
  std::vector<domain::MaskedSpan> masked;  // in order
  std::uint64_t in = 0;                    // the place of its begin in what was fed

  // The place of `at` in what was fed. Within a masked span that is the span's end.
  std::uint64_t FindFed(std::size_t at) const {
    std::uint64_t fed = in;
    std::size_t end = 0;
    for (const domain::MaskedSpan& span : masked) {
      if (span.begin >= at) break;
      fed = span.in_end;
      end = span.end;
    }
    return at > end ? fed + (at - end) : fed;
  }
};

// Replaces [begin, end) by the label, including masked spans within.
void Replace(MaskedText& masked, std::size_t begin, std::size_t end) {
  const std::size_t size = sizeof(kLabel) - 1;
  domain::MaskedSpan label{begin, begin + size, CredentialMasking::kEntity, ""};
  label.in_begin = masked.FindFed(begin);
  label.in_end = masked.FindFed(end);
  std::vector<domain::MaskedSpan> kept;
  for (domain::MaskedSpan& span : masked.masked) {
    if (span.begin >= end) {
      span.begin = span.begin - (end - begin) + size;
      span.end = span.end - (end - begin) + size;
    } else if (span.end > begin) {
      label.in_begin = std::min(label.in_begin, span.in_begin);
      continue;
    }
    kept.push_back(std::move(span));
  }
  masked.text.replace(begin, end - begin, kLabel);
  kept.push_back(std::move(label));
  std::sort(kept.begin(), kept.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  masked.masked = std::move(kept);
}

}  // namespace

domain::FieldRelease CredentialMasking::Apply(const domain::FieldPiece& piece,
                                              domain::FieldRelease release) {
  Field& field = fields_[piece.field];
  MaskedText all;
  all.text = absl::StrCat(field.held, release.text);
  all.masked = std::move(field.held_spans);
  all.in = field.held_in;
  const std::size_t shift = field.held.size();
  for (domain::MaskedSpan& span : release.masked) {
    span.begin += shift;
    span.end += shift;
    all.masked.push_back(std::move(span));
  }
  std::size_t from = 0;
  while (const auto match = patterns_.Find(all.text, from)) {
    Replace(all, match->begin, match->end);
    from = match->begin + sizeof(kLabel) - 1;
  }
  const CredentialPatterns::OpenEnd open =
      patterns_.FindOpenEnd(absl::string_view(all.text).substr(from));
  std::size_t until = all.text.size() - open.size;
  if (piece.end) {
    if (open.of_match >= CredentialPatterns::kShortestSecret) {
      Replace(all, until, all.text.size());
    }
    until = all.text.size();
  }

  domain::FieldRelease result = std::move(release);
  result.masked.clear();
  result.held_before += field.held.size();
  result.text = all.text.substr(0, until);
  field.held = all.text.substr(until);
  field.held_in = all.FindFed(until);
  field.held_spans.clear();
  result.held_after += field.held.size();
  for (domain::MaskedSpan& span : all.masked) {
    domain::MaskedSpan moved = span;
    if (span.begin >= until) {
      moved.begin -= until;
      moved.end -= until;
      field.held_spans.push_back(std::move(moved));
    } else {
      moved.end = std::min(moved.end, until);
      result.masked.push_back(std::move(moved));
    }
  }
  if (piece.end) fields_.erase(piece.field);
  return result;
}

}  // namespace countersign::edge::call::answer
