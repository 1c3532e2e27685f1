#include "libs/dialects/grpc_service/series.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace countersign::dialects::grpc_service {

std::shared_ptr<Share> Series::Add(std::size_t size) {
  fed_ += size;
  auto share = std::make_shared<Share>(std::exchange(rest_, Share()));
  share->end = fed_;
  open_.push_back(share);
  return share;
}

bool Series::Fits(const domain::FieldRelease& release, std::uint64_t target) const {
  if (release.restored) return false;
  std::uint64_t in = released_;
  std::size_t out = 0;
  for (const domain::MaskedSpan& span : release.masked) {
    if (span.begin < out || span.end < span.begin || span.end > release.text.size() ||
        span.in_begin < in || span.in_end < span.in_begin ||
        span.in_begin - in != span.begin - out) {
      return false;
    }
    in = span.in_end;
    out = span.end;
  }
  return in <= target && target - in == release.text.size() - out;
}

void Series::Take(std::size_t size, domain::FieldRelease release) {
  asked_ += size;
  const std::uint64_t target =
      std::max(released_, asked_ - std::min<std::uint64_t>(asked_, release.held_after));
  const absl::string_view text = release.text;
  if (Fits(release, target)) {
    std::uint64_t in = released_;
    std::size_t out = 0;
    for (domain::MaskedSpan& span : release.masked) {
      Append(in, text.substr(out, span.begin - out));
      const absl::string_view replacement = text.substr(span.begin, span.end - span.begin);
      out = span.end;
      in = span.in_end;
      Append(span.in_begin, replacement, std::move(span));
    }
    Append(in, text.substr(out));
  } else if (!text.empty() || !release.masked.empty()) {
    // Its characters cannot be told apart by their places: the first text gets all of it.
    Share& share = FindShare(released_);
    for (domain::MaskedSpan& span : release.masked) {
      span.begin += share.text.size();
      span.end += share.text.size();
      share.masked.push_back(std::move(span));
    }
    absl::StrAppend(&share.text, text);
  }
  released_ = target;
  while (!open_.empty() && open_.front()->end <= released_) {
    open_.front()->complete = true;
    open_.pop_front();
  }
}

// `text` has the characters from `at` on, which may belong to several texts.
void Series::Append(std::uint64_t at, absl::string_view text) {
  while (!text.empty()) {
    Share& share = FindShare(at);
    const std::uint64_t room = &share == &rest_ ? text.size() : share.end - at;
    const absl::string_view own = text.substr(0, static_cast<std::size_t>(room));
    absl::StrAppend(&share.text, own);
    at += own.size();
    text.remove_prefix(own.size());
  }
}

void Series::Append(std::uint64_t at, absl::string_view text, domain::MaskedSpan span) {
  Share& share = FindShare(at);
  span.begin = share.text.size();
  absl::StrAppend(&share.text, text);
  span.end = share.text.size();
  share.masked.push_back(std::move(span));
}

Share& Series::FindShare(std::uint64_t at) {
  for (const std::shared_ptr<Share>& share : open_) {
    if (share->end > at) return *share;
  }
  return rest_;
}

void Series::Detach() {
  if (!open_.empty()) open_.pop_front();
}

Share Series::TakeRest() { return std::exchange(rest_, Share()); }

}  // namespace countersign::dialects::grpc_service
