#include "services/session_recorder/audit/text_filter.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/keyed_blocks.h"

namespace countersign::session_recorder::audit {
namespace {

constexpr std::size_t kGroupBytes = 3, kProbes = 3;
constexpr std::size_t kBitsPerGroup = 6;  // at least; twice as many at most
constexpr std::size_t kLeastBytes = 64, kMostBytes = 64u << 10;
constexpr std::size_t kMostGroups = 1u << 20;  // more leave hardly a bit of the largest unset
constexpr std::size_t kFirstPlaces = 1u << 10;
constexpr std::uint32_t kFree = ~0u;

std::uint32_t Lower(char byte) {
  return static_cast<unsigned char>(absl::ascii_tolower(static_cast<unsigned char>(byte)));
}

template <typename Use>
void ForEachGroup(absl::string_view text, Use use) {
  if (text.size() < kGroupBytes) return;
  std::uint32_t group = Lower(text[0]) << 8 | Lower(text[1]);
  for (const char byte : text.substr(2)) {
    group = (group << 8 | Lower(byte)) & 0xffffff;
    use(group);
  }
}

// Where a table of a power of two places begins to look for a group. Multiplicative hashing with
// 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming, volume 3, 6.4).
std::size_t FirstPlace(std::uint32_t group, std::size_t places) {
  return (group * 2654435769u >> 8) & (places - 1);
}

std::string ToBlocks(const std::vector<std::uint32_t>& groups) {
  std::string blocks(groups.size() * crypto::kBlockBytes, '\0');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (std::size_t byte = 0; byte < kGroupBytes; ++byte) {
      blocks[i * crypto::kBlockBytes + byte] = static_cast<char>(groups[i] >> (8 * byte));
    }
  }
  return blocks;
}

// Calls `use` with the bits of every block, below `bits`, until it returns false.
template <typename Use>
bool ForEachBit(const std::string& blocks, const SecretString& data_key, std::uint32_t bits,
                Use use) {
  const SecretString key(crypto::HmacSha256(data_key.Reveal(), "countersign text filter v1"));
  const std::string hashes = crypto::PermuteBlocks(key, blocks);
  for (std::size_t at = 0; at < hashes.size(); at += crypto::kBlockBytes) {
    for (std::size_t probe = 0; probe < kProbes; ++probe) {
      std::uint32_t hash = 0;
      for (std::size_t byte = 0; byte < 4; ++byte) {
        hash = hash << 8 | static_cast<unsigned char>(hashes[at + 4 * probe + byte]);
      }
      if (!use(hash & (bits - 1))) return false;
    }
  }
  return true;
}

}  // namespace

void TextFilterBuilder::Insert(std::uint32_t group) {
  std::size_t place = FirstPlace(group, table_.size());
  while (table_[place] != group && table_[place] != kFree)
    place = (place + 1) & (table_.size() - 1);
  if (table_[place] == group) return;
  table_[place] = group;
  ++count_;
}

void TextFilterBuilder::Grow() {
  std::vector<std::uint32_t> old(std::max(kFirstPlaces, 2 * table_.size()), kFree);
  old.swap(table_);
  count_ = 0;
  for (const std::uint32_t group : old) {
    if (group != kFree) Insert(group);
  }
}

void TextFilterBuilder::Add(absl::string_view text) {
  ForEachGroup(text, [&](std::uint32_t group) {
    if (count_ >= kMostGroups) return;
    if (2 * count_ >= table_.size()) Grow();
    Insert(group);
  });
}

std::string TextFilterBuilder::Build(const SecretString& data_key) const {
  if (count_ >= kMostGroups) return std::string(kMostBytes, '\xff');
  std::size_t bytes = kLeastBytes;
  while (bytes < kMostBytes && bytes * 8 < count_ * kBitsPerGroup) bytes *= 2;
  std::vector<std::uint32_t> groups;
  groups.reserve(count_);
  std::copy_if(table_.begin(), table_.end(), std::back_inserter(groups),
               [](std::uint32_t group) { return group != kFree; });
  std::string filter(bytes, '\0');
  ForEachBit(ToBlocks(groups), data_key, static_cast<std::uint32_t>(8 * bytes),
             [&](std::uint32_t bit) {
               filter[bit / 8] = static_cast<char>(filter[bit / 8] | 1 << (bit % 8));
               return true;
             });
  return filter;
}

TextNeedle::TextNeedle(absl::string_view text) {
  std::vector<std::uint32_t> groups;
  ForEachGroup(text, [&](std::uint32_t group) { groups.push_back(group); });
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  // A few dozen rule out nearly everything; a long needle costs no more.
  constexpr std::size_t kMostAsked = 64;
  if (groups.size() > kMostAsked) groups.resize(kMostAsked);
  blocks_ = ToBlocks(groups);
}

bool TextNeedle::MayBeIn(absl::string_view filter, const SecretString& data_key) const {
  const bool is_filter = filter.size() >= kLeastBytes && filter.size() <= kMostBytes &&
                         (filter.size() & (filter.size() - 1)) == 0;
  if (!is_filter || !selective()) return true;
  return ForEachBit(blocks_, data_key, static_cast<std::uint32_t>(8 * filter.size()),
                    [&](std::uint32_t bit) { return (filter[bit / 8] >> (bit % 8) & 1) != 0; });
}

}  // namespace countersign::session_recorder::audit
