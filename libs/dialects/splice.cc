#include "libs/dialects/splice.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"

namespace countersign::dialects {
namespace {

void Sort(std::vector<Edit>& edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
}

absl::Status Misfit() { return absl::InternalError("changes to a text overlap or lie outside it"); }

// nullopt when `length` does not fit.
std::optional<std::string> WriteLength(LengthPrefix::Form form, std::uint64_t length) {
  std::string bytes;
  if (form == LengthPrefix::Form::kVarint) {
    for (; length >= 0x80; length >>= 7) bytes += static_cast<char>(length | 0x80);
    return bytes += static_cast<char>(length);
  }
  if (length > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(length >> shift);
  if (form == LengthPrefix::Form::kBigEndian32) std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

// Finds the new values of the lengths around sorted edits, in one pass over both.
class LengthEdits {
 public:
  explicit LengthEdits(std::vector<LengthPrefix> lengths) : lengths_(std::move(lengths)) {
    std::sort(lengths_.begin(), lengths_.end(), [](const auto& a, const auto& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
  }

  absl::StatusOr<std::vector<Edit>> Find(const std::vector<Edit>& edits) {
    for (const Edit& edit : edits) {
      while (!open_.empty() && IsBefore(lengths_[open_.back().length], edit)) Close();
      while (next_ < lengths_.size() && lengths_[next_].begin <= edit.begin) {
        if (!IsBefore(lengths_[next_], edit)) open_.push_back({next_});
        ++next_;
      }
      if (next_ < lengths_.size() && lengths_[next_].at < edit.end) return Misfit();
      if (open_.empty()) continue;
      if (lengths_[open_.back().length].end < edit.end) return Misfit();
      Grow(edit.end - edit.begin, edit.replacement.size());
    }
    while (!open_.empty()) Close();
    if (!fits_) return absl::InternalError("a length does not fit its form");
    return std::move(found_);
  }

 private:
  struct Open {
    std::size_t length;  // index of lengths_
    std::int64_t grown = 0;
    bool edited = false;
  };

  static bool IsBefore(const LengthPrefix& length, const Edit& edit) {
    return length.end < edit.begin || (length.end == edit.begin && edit.end > edit.begin);
  }

  void Grow(std::size_t removed, std::size_t added) {
    open_.back().grown += static_cast<std::int64_t>(added) - static_cast<std::int64_t>(removed);
    open_.back().edited = true;
  }

  void Close() {
    const Open open = open_.back();
    open_.pop_back();
    if (!open.edited) return;
    const LengthPrefix& length = lengths_[open.length];
    const std::size_t before = length.end - length.begin;
    std::int64_t grown = open.grown;
    if (grown != 0) {
      const auto written = WriteLength(length.form, before + grown);
      fits_ = fits_ && written.has_value();
      const std::size_t size = written ? written->size() : 0;
      grown +=
          static_cast<std::int64_t>(size) - static_cast<std::int64_t>(length.begin - length.at);
      found_.push_back(Edit{length.at, length.begin, written.value_or("")});
    }
    if (open_.empty()) return;
    open_.back().grown += grown;
    open_.back().edited = true;
  }

  std::vector<LengthPrefix> lengths_;
  std::vector<Open> open_;  // the lengths around the current edit, the outermost first
  std::vector<Edit> found_;
  std::size_t next_ = 0;
  bool fits_ = true;
};

}  // namespace

void AddSizeEdits(const std::vector<DecimalSize>& sizes, std::vector<Edit>& edits) {
  if (sizes.empty() || edits.empty()) return;
  Sort(edits);
  // The bytes that the first edits add, modulo 2^64.
  std::vector<std::size_t> grown = {0};
  for (const Edit& edit : edits) {
    grown.push_back(grown.back() + edit.replacement.size() - (edit.end - edit.begin));
  }
  const auto count_before = [&](std::size_t at) {
    const auto first =
        std::lower_bound(edits.begin(), edits.end(), at,
                         [](const Edit& edit, std::size_t begin) { return edit.begin < begin; });
    return static_cast<std::size_t>(first - edits.begin());
  };
  std::vector<Edit> found;
  for (const DecimalSize& size : sizes) {
    const std::size_t by = grown[count_before(size.end)] - grown[count_before(size.begin)];
    if (by == 0) continue;
    found.push_back({size.at, size.at_end, absl::StrCat(size.end - size.begin + by)});
  }
  edits.insert(edits.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
}

std::size_t CountAfter(const std::vector<Edit>& edits, std::size_t end) {
  std::size_t removed = 0, added = 0;
  for (const Edit& edit : edits) {
    if (edit.begin >= end) continue;
    removed += edit.end - edit.begin;
    added += edit.replacement.size();
  }
  return end - removed + added;
}

absl::StatusOr<std::string> Splice(absl::string_view source, std::vector<Edit> edits) {
  Sort(edits);
  std::string result;
  result.reserve(source.size());
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < at || edit.end < edit.begin || edit.end > source.size()) return Misfit();
    absl::StrAppend(&result, source.substr(at, edit.begin - at), edit.replacement);
    at = edit.end;
  }
  absl::StrAppend(&result, source.substr(at));
  return result;
}

absl::StatusOr<std::string> Splice(absl::string_view source, std::vector<Edit> edits,
                                   std::vector<LengthPrefix> lengths) {
  if (!edits.empty() && !lengths.empty()) {
    Sort(edits);
    absl::StatusOr<std::vector<Edit>> found = LengthEdits(std::move(lengths)).Find(edits);
    if (!found.ok()) return found.status();
    edits.insert(edits.end(), std::make_move_iterator(found->begin()),
                 std::make_move_iterator(found->end()));
  }
  return Splice(source, std::move(edits));
}

}  // namespace countersign::dialects
