#include "libs/base/glob.h"

#include <cstddef>

namespace countersign {
namespace {

// The length in bytes of the character at `text[at]`. An invalid byte counts as one character.
std::size_t CharacterLength(absl::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0xC0) return 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

}  // namespace

bool GlobMatch(absl::string_view glob, absl::string_view text) {
  std::size_t g = 0;
  std::size_t t = 0;
  // Where to resume when the match after the last `*` fails: that star then takes one more
  // character. Backtracking to earlier stars is unnecessary, because the last one can take whatever
  // they would.
  std::size_t star = absl::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() && glob[g] == '?') {
      ++g;
      t += CharacterLength(text, t);
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != absl::string_view::npos) {
      g = star + 1;
      star_text += CharacterLength(text, star_text);
      t = star_text;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace countersign
