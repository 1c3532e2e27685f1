#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/unicode/normalize.h"

namespace countersign::text::matching {

// A text in some form, with the places where keywords may begin. Building it is what a scan costs
// most, so the map of offsets is built in parts, each when it is first needed. Not thread-safe.
class FormText {
 public:
  // `text` is what Normalizer::Apply makes of it. REQUIRES: `original` is UTF-8 of at most
  // Normalizer::kMaxBytes, and outlives this.
  FormText(const unicode::Normalizer& normalizer, absl::string_view original);

  // Sixteen more bytes may be read behind its end; they are zero.
  absl::string_view text() const { return {buffer_.get(), size_}; }

  // A bit for each byte of text(): set where something of the form begins and the original may have
  // a word edge (IsWordEdge, which has the last word). Never set at white space that is collapsed.
  const std::vector<std::uint64_t>& starts() const { return starts_; }

  // As NormalizedText::Original.
  unicode::OriginalSpan Original(std::size_t begin, std::size_t end) const;

  // A lower bound of Original(offset); O(1).
  std::size_t NotBefore(std::size_t offset) const {
    return checkpoints_[FindPart(offset)].original;
  }

 private:
  class Writer;

  // From here on the form does not depend on what precedes.
  struct Checkpoint {
    std::size_t form = 0;
    std::size_t original = 0;
  };
  struct Part {
    std::size_t index = 0;
    unicode::NormalizedText map;
  };

  std::size_t FindPart(std::size_t offset) const;
  const unicode::NormalizedText& PartMap(std::size_t part) const;

  const unicode::Normalizer& normalizer_;
  const absl::string_view original_;
  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0;
  std::vector<std::uint64_t> starts_;
  std::vector<Checkpoint> checkpoints_;
  // The last two that were asked for: a match may begin in one part and end in another.
  mutable std::unique_ptr<Part> recent_[2];
};

}  // namespace countersign::text::matching
