#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

// Texts that are, or hold, JSON documents: what their characters mean beside how they are written.
// Policies, masking and what reviewers are shown read such texts by the code of this folder alone.
namespace countersign::text::documents {

// Strings in strings that are read as documents; below that a string is text.
inline constexpr int kMaxDepth = 3;

// Where a character stands.
struct Place {
  enum class Kind : std::uint8_t {
    kPlain,      // in no document
    kString,     // in a JSON string
    kNumber,     // in a JSON number
    kStructure,  // what holds a document together
  };
  Kind kind = Kind::kPlain;
  std::uint8_t depth = 0;  // JSON strings around it: so often it is escaped

  bool operator==(const Place&) const = default;
};

// Gets the characters of a text in order.
class Characters {
 public:
  virtual ~Characters() = default;

  // One character, or a byte of one: it reads as `decoded` and is written as `spelled`. Neither is
  // empty. A number with an exponent is one character, which reads as its digits.
  virtual void Add(absl::string_view decoded, absl::string_view spelled, Place place) = 0;

  // Text in no document that reads as it is written.
  virtual void AddPlain(absl::string_view text) = 0;
};

// Characters that wait for what follows them.
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

  // Gives each of them to `use(decoded, spelled)` and is empty then.
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

  // What the first `count` of them are written as; takes them away.
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
