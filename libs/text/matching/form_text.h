#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/unicode/normalize.h"

namespace countersign::text::matching {

// A text in a normalised form, with the positions at which keywords may start. Building it is the
// largest cost of a scan, so the map of offsets is built in parts on demand. Not thread-safe.
class FormText {
 public:
  // `text` is the output of Normalizer::Apply. REQUIRES: `original` is UTF-8 of at most
  // Normalizer::kMaxBytes, and outlives this object.
  FormText(const unicode::Normalizer& normalizer, absl::string_view original);

  // Sixteen bytes behind its end may be read; they are zero.
  absl::string_view text() const { return {buffer_.get(), size_}; }

  // One bit per byte of text(): set where a character of the form starts and the original may have
  // a word boundary; IsWordEdge decides. Never set at collapsed white space.
  const std::vector<std::uint64_t>& starts() const { return starts_; }

  // As NormalizedText::Original.
  unicode::OriginalSpan Original(std::size_t begin, std::size_t end) const;

  // A lower bound of Original(offset); O(1).
  std::size_t NotBefore(std::size_t offset) const {
    return checkpoints_[FindPart(offset)].original;
  }

 private:
  class Writer;

  // A position from which the form does not depend on the preceding text.
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
  // The two parts used last: a match may start in one part and end in another.
  mutable std::unique_ptr<Part> recent_[2];
};

}  // namespace countersign::text::matching
