#include "libs/dialects/answers/media_values.h"

#include <bitset>
#include <optional>

#include "libs/dialects/members/media.h"
#include "libs/dialects/members/media_signatures.h"

namespace countersign::dialects::answers {
namespace {

constexpr std::size_t kShortestUnmarked = 1024;
constexpr std::size_t kFewestCharacters = 48;  // of the 64 of base64

bool IsMixed(absl::string_view value) {
  std::bitset<256> seen;
  for (const char c : value) seen.set(static_cast<unsigned char>(c));
  return seen.count() >= kFewestCharacters;
}

}  // namespace

bool IsMediaValue(absl::string_view value) {
  const std::optional<members::Media> media = members::ReadMedia(value);
  if (!media) return false;
  // Headers of data: URLs may have more than a type.
  if (!media->header.empty()) return false;
  return members::HasMediaSignature(media->bytes, media->type) ||
         (value.size() >= kShortestUnmarked && IsMixed(value));
}

bool IsSealedValue(absl::string_view value) {
  if (!members::IsSealed(value)) return false;
  const std::optional<members::Media> media = members::ReadMedia(value);
  return media && media->header.empty();
}

}  // namespace countersign::dialects::answers
