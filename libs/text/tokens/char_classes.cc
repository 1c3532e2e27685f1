#include "libs/text/tokens/char_classes.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

#include "libs/base/utf8.h"
#include "libs/text/tokens/tokenizer_data.h"

namespace countersign::text::tokens {
namespace {

// The file has ranges in order, each one little-endian u32: first code point × 8 + class.
std::vector<CharClass> ReadClasses() {
  const std::string file = ReadTokenizerData(TokenizerData::kUnicodeClasses);
  std::vector<std::uint32_t> ranges(file.size() / 4);
  std::memcpy(ranges.data(), file.data(), ranges.size() * 4);
  std::vector<CharClass> classes(0x110000, CharClass::kOther);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::size_t end = i + 1 < ranges.size() ? ranges[i + 1] / 8 : classes.size();
    std::fill(classes.begin() + ranges[i] / 8, classes.begin() + static_cast<std::ptrdiff_t>(end),
              static_cast<CharClass>(ranges[i] % 8));
  }
  return classes;
}

}  // namespace

const CharClasses& CharClasses::Get() {
  static const auto* const classes = new CharClasses;
  return *classes;
}

CharClasses::CharClasses() {
  const std::vector<CharClass> classes = ReadClasses();
  std::copy_n(classes.begin(), first_plane_.size(), first_plane_.begin());
  std::map<Block, std::uint16_t> known;
  for (std::size_t i = 0; i < stage_.size(); ++i) {
    Block block;
    std::copy_n(
        classes.begin() + static_cast<std::ptrdiff_t>(first_plane_.size() + i * block.size()),
        block.size(), block.begin());
    const auto [found, is_new] = known.emplace(block, static_cast<std::uint16_t>(blocks_.size()));
    if (is_new) blocks_.push_back(block);
    stage_[i] = found->second;
  }
}

ClassedChar CharClasses::Rare(absl::string_view text, std::size_t pos) const {
  const Utf8Char next = DecodeUtf8(text, pos);
  if (!next.valid) return {CharClass::kOther, static_cast<std::uint8_t>(next.size)};
  const std::size_t beyond = next.code_point - first_plane_.size();
  return {blocks_[stage_[beyond >> 8]][beyond & 0xff], static_cast<std::uint8_t>(next.size)};
}

}  // namespace countersign::text::tokens
