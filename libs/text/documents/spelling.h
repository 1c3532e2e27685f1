#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

// Texts that are or contain JSON documents: the decoded form of each character, and its spelling in
// the text. Policies, masking and the display for reviewers all use the code of this folder.
namespace countersign::text::documents {

// The depth of nested strings that are read as documents; a string below that is text.
inline constexpr int kMaxDepth = 3;

// The position of a character in a document.
struct Place {
  enum class Kind : std::uint8_t {
    kPlain,      // outside of documents
    kString,     // in a JSON string
    kNumber,     // in a JSON number
    kStructure,  // punctuation of a document
  };
  Kind kind = Kind::kPlain;
  std::uint8_t depth = 0;  // number of enclosing JSON strings, each of which escapes it

  bool operator==(const Place&) const = default;
};

// Receives the characters of a text in order.
class Characters {
 public:
  virtual ~Characters() = default;

  // One character, or one byte of it: its decoded form and its spelling in the text; neither is
  // empty. A number with an exponent is one character whose decoded form is its digits.
  virtual void Add(absl::string_view decoded, absl::string_view spelled, Place place) = 0;

  // Text outside of documents whose decoded form is its spelling.
  virtual void AddPlain(absl::string_view text) = 0;
};

// Characters that wait for later input.
class WaitingCharacters {
 public:
  struct Size {
    std::uint16_t spelled;
    std::uint8_t decoded;
  };

  void Add(absl::string_view decoded, absl::string_view spelled) {
    decoded_.append(decoded.data(), decoded.size());
    spelled_.append(spelled.data(), spelled.size());
    sizes_.push_back(
        {static_cast<std::uint16_t>(spelled.size()), static_cast<std::uint8_t>(decoded.size())});
  }
  bool empty() const { return sizes_.empty(); }
  std::size_t size() const { return sizes_.size(); }
  const std::string& decoded() const { return decoded_; }
  const std::string& spelled() const { return spelled_; }
  std::size_t memory_bytes() const {
    return decoded_.capacity() + spelled_.capacity() + sizes_.capacity() * sizeof(Size);
  }

  // Calls `use(decoded, spelled)` for each of them and removes them.
  template <typename Use>
  void Release(Use use) {
    WaitingCharacters taken;
    std::swap(taken, *this);
    std::size_t decoded = 0, spelled = 0;
    for (const Size& size : taken.sizes_) {
      use(absl::string_view(taken.decoded_).substr(decoded, size.decoded),
          absl::string_view(taken.spelled_).substr(spelled, size.spelled));
      decoded += size.decoded;
      spelled += size.spelled;
    }
  }

  // Removes the first `count` characters and returns their spelling.
  std::string TakeSpelling(std::size_t count) {
    std::size_t decoded = 0, spelled = 0;
    for (std::size_t i = 0; i < count; ++i) {
      decoded += sizes_[i].decoded;
      spelled += sizes_[i].spelled;
    }
    std::string taken = spelled_.substr(0, spelled);
    decoded_.erase(0, decoded);
    spelled_.erase(0, spelled);
    sizes_.erase(sizes_.begin(), sizes_.begin() + static_cast<std::ptrdiff_t>(count));
    return taken;
  }

 private:
  std::string decoded_;
  std::string spelled_;
  std::vector<Size> sizes_;
};

}  // namespace countersign::text::documents
