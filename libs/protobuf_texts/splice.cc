#include "libs/protobuf_texts/splice.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::protobuf_texts {
namespace {

constexpr std::int64_t kMostBytes = std::numeric_limits<std::int32_t>::max();

std::string EncodeVarint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

// By how much the content of every length grows, and the message's own.
class Growth {
 public:
  Growth(absl::string_view message, const std::vector<LengthPrefix>& prefixes)
      : message_(message), prefixes_(prefixes), of_(prefixes.size(), 0) {}

  absl::Status Add(const Replacement& replacement) {
    const Place& place = replacement.place;
    const bool own = place.prefix == LengthPrefix::kNone;
    if (!own && place.prefix >= prefixes_.size()) return Outside();
    const std::size_t begin = own ? 0 : prefixes_[place.prefix].content;
    const std::size_t end = own ? message_.size() : prefixes_[place.prefix].end;
    if (place.begin < begin || place.end > end || place.begin > place.end) return Outside();
    Grow(place.prefix, static_cast<std::int64_t>(replacement.bytes.size()) -
                           static_cast<std::int64_t>(place.end - place.begin));
    return absl::OkStatus();
  }

  // Appends the lengths that change, from the innermost out.
  absl::Status WriteLengths(std::vector<Replacement>& edits) {
    for (std::size_t i = prefixes_.size(); i-- > 0;) {
      if (of_[i] == 0) continue;
      const LengthPrefix& prefix = prefixes_[i];
      const std::int64_t size = static_cast<std::int64_t>(prefix.end - prefix.content) + of_[i];
      std::string length = EncodeVarint(static_cast<std::uint64_t>(size));
      Grow(prefix.parent, of_[i] + static_cast<std::int64_t>(length.size()) -
                              static_cast<std::int64_t>(prefix.content - prefix.begin));
      edits.push_back({{prefix.begin, prefix.content, prefix.parent}, std::move(length)});
    }
    if (static_cast<std::int64_t>(message_.size()) + own_ > kMostBytes) {
      return absl::ResourceExhaustedError("the message has more than 2 GiB");
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Outside() {
    return absl::InternalError("a text to replace lies outside of its content");
  }
  void Grow(std::size_t prefix, std::int64_t by) {
    (prefix == LengthPrefix::kNone ? own_ : of_[prefix]) += by;
  }

  const absl::string_view message_;
  const std::vector<LengthPrefix>& prefixes_;
  std::vector<std::int64_t> of_;
  std::int64_t own_ = 0;
};

}  // namespace

absl::StatusOr<std::string> Replace(absl::string_view message,
                                    const std::vector<LengthPrefix>& prefixes,
                                    std::vector<Replacement> replacements) {
  Growth growth(message, prefixes);
  for (const Replacement& replacement : replacements) CS_RETURN_IF_ERROR(growth.Add(replacement));
  CS_RETURN_IF_ERROR(growth.WriteLengths(replacements));
  // At the same begin, a length comes before an empty content's text, which it ends at.
  std::stable_sort(
      replacements.begin(), replacements.end(), [](const Replacement& a, const Replacement& b) {
        return std::pair(a.place.begin, a.place.end) < std::pair(b.place.begin, b.place.end);
      });
  std::string result;
  std::size_t at = 0;
  for (const Replacement& replacement : replacements) {
    if (replacement.place.begin < at) {
      return absl::InternalError("two texts to replace overlap");
    }
    absl::StrAppend(&result, message.substr(at, replacement.place.begin - at), replacement.bytes);
    at = replacement.place.end;
  }
  absl::StrAppend(&result, message.substr(at));
  return result;
}

}  // namespace countersign::protobuf_texts
