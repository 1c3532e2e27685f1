#include "libs/text/vocabulary.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace countersign::text {
namespace {

constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;

template <typename Word>
std::uint64_t Load(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// At most half full. Returns the shift that turns a 64-bit hash into a slot.
unsigned ShiftFor(std::size_t entries) {
  return 64 - static_cast<unsigned>(std::bit_width(std::bit_ceil(entries * 2 + 1) - 1));
}

}  // namespace

Vocabulary::Vocabulary(std::string ranks) : file_(std::move(ranks)) {
  const auto count = static_cast<std::size_t>(Load<std::uint32_t>(file_.data()));
  offsets_.resize(count + 1);
  std::size_t offset = 4 + count;
  std::size_t long_tokens = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t length = static_cast<unsigned char>(file_[4 + i]);
    offsets_[i] = static_cast<std::uint32_t>(offset);
    offset += length;
    longest_ = std::max(longest_, length);
    if (length > kShort) ++long_tokens;
  }
  offsets_[count] = static_cast<std::uint32_t>(offset);
  short_shift_ = ShiftFor(count - long_tokens);
  long_shift_ = ShiftFor(long_tokens);
  short_keys_.resize(std::size_t{1} << (64 - short_shift_));
  short_ranks_.resize(short_keys_.size(), kNoRank);
  long_slots_.resize(std::size_t{1} << (64 - long_shift_));
  for (Rank rank = 0; rank < count; ++rank) Insert(rank);
}

std::uint64_t Vocabulary::ShortKey(absl::string_view bytes) {
  const std::size_t size = bytes.size();
  const char* at = bytes.data();
  std::uint64_t key = std::uint64_t{size} << 56;
  // Two loads that may overlap give the same bits where they do.
  if (size >= 4) {
    key |= Load<std::uint32_t>(at) | Load<std::uint32_t>(at + size - 4) << (8 * (size - 4));
  } else if (size >= 2) {
    key |= Load<std::uint16_t>(at) | Load<std::uint16_t>(at + size - 2) << (8 * (size - 2));
  } else if (size == 1) {
    key |= Load<std::uint8_t>(at);
  }
  return key;
}

std::uint64_t Vocabulary::LongHash(absl::string_view bytes) {
  std::uint64_t hash = bytes.size() * kMultiplier;
  const char* at = bytes.data();
  const char* const last = at + bytes.size() - 8;
  for (; at < last; at += 8) {
    hash = std::rotl((hash ^ Load<std::uint64_t>(at)) * kMultiplier, 29);
  }
  hash = (hash ^ Load<std::uint64_t>(last)) * kMultiplier;
  return hash ^ hash >> 32;
}

Vocabulary::Rank Vocabulary::FindShort(absl::string_view bytes) const {
  const std::uint64_t key = ShortKey(bytes);
  const std::size_t mask = short_keys_.size() - 1;
  for (std::size_t slot = key * kMultiplier >> short_shift_;; slot = (slot + 1) & mask) {
    if (short_keys_[slot] == key) return short_ranks_[slot];
    if (short_keys_[slot] == 0) return kNoRank;
  }
}

Vocabulary::Rank Vocabulary::FindLong(absl::string_view bytes) const {
  if (bytes.size() > longest_) return kNoRank;
  const std::uint64_t hash = LongHash(bytes);
  const std::size_t mask = long_slots_.size() - 1;
  for (std::size_t slot = hash * kMultiplier >> long_shift_;; slot = (slot + 1) & mask) {
    const LongSlot& found = long_slots_[slot];
    if (found.rank == kNoRank) return kNoRank;
    if (found.tag == static_cast<std::uint32_t>(hash) && token(found.rank) == bytes) {
      return found.rank;
    }
  }
}

void Vocabulary::Insert(Rank rank) {
  const absl::string_view bytes = token(rank);
  if (bytes.size() <= kShort) {
    const std::uint64_t key = ShortKey(bytes);
    std::size_t slot = key * kMultiplier >> short_shift_;
    while (short_keys_[slot] != 0) slot = (slot + 1) & (short_keys_.size() - 1);
    short_keys_[slot] = key;
    short_ranks_[slot] = rank;
    return;
  }
  const std::uint64_t hash = LongHash(bytes);
  std::size_t slot = hash * kMultiplier >> long_shift_;
  while (long_slots_[slot].rank != kNoRank) slot = (slot + 1) & (long_slots_.size() - 1);
  long_slots_[slot] = {static_cast<std::uint32_t>(hash), rank};
}

}  // namespace countersign::text
