#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Strict parsing of untrusted JSON (RFC 8259): valid UTF-8, no lone surrogates, no duplicate keys,
// nothing after the value, bounded depth and size. Input that two parsers could read differently is
// refused.
namespace countersign::json {

enum class Type { kNull, kBool, kNumber, kString, kArray, kObject };

struct Limits {
  std::size_t max_bytes = 64u << 20;  // at most 2 GiB
  std::size_t max_depth = 64;
  // The maximum number of values, including members' and elements'; each one costs memory.
  std::size_t max_values = std::numeric_limits<std::size_t>::max();
};

// Limits for an untrusted body of `size` bytes: parsing it takes at most about four times its size,
// plus 4 MiB.
Limits BodyLimits(std::size_t size);

class Document;

// A view of one value in a Document; valid while the Document exists. A default-constructed Value
// and the result of a failed look-up are "absent": type kNull, exists() is false, and accessors
// return empty values, so that paths can be followed without a test at each step.
class Value {
 public:
  Value() = default;

  bool exists() const { return document_ != nullptr; }
  Type type() const;
  bool is(Type type) const { return exists() && this->type() == type; }

  absl::string_view text() const;  // a string's decoded text; "" for other types
  std::optional<bool> boolean() const;
  std::optional<double> number() const;
  std::optional<std::int64_t> integer() const;  // nullopt unless the number is exactly an integer

  std::size_t size() const;           // members or elements
  Value at(std::size_t index) const;  // element, or a member's value, in the document's order
  absl::string_view key(std::size_t index) const;  // of a member, decoded
  Value operator[](absl::string_view key) const;   // member of an object

  // The value's range in the parsed bytes, [begin, end), including a string's quotes. Replacing
  // exactly these bytes by another JSON value gives valid JSON.
  std::size_t begin() const;
  std::size_t end() const;

 private:
  friend class Document;
  Value(const Document* document, std::uint32_t node) : document_(document), node_(node) {}
  const Document* document_ = nullptr;
  std::uint32_t node_ = 0;
};

// An immutable parsed document. Owns decoded texts, not the source bytes, and takes about 30 bytes
// per value plus the texts. Movable; a move invalidates its Values. Thread-safe.
class Document {
 public:
  // INVALID_ARGUMENT with the place and the mistake ("line 3, column 7: duplicate key \"model\"").
  static absl::StatusOr<Document> Parse(absl::string_view bytes, const Limits& limits = {});

  Value root() const { return Value(this, 0); }

 private:
  friend class Value;
  friend class Parser;
  using Index = std::uint32_t;
  struct Range {
    Index first;
    Index count;
  };
  struct Node {
    Type type = Type::kNull;
    bool boolean = false;
    bool integral = false;
    Index begin = 0, end = 0;  // in the source
    union {
      std::int64_t integer = 0;  // of an integral number
      double number;             // of another one
      Range range;               // of a string: in texts_; of an array: in elements_; of an object:
                                 // in members_
    };
  };
  struct Member {
    Range name;  // in texts_
    Index node;
  };

  const Node& at(Index node) const { return nodes_[node]; }
  absl::string_view Text(const Range& range) const {
    return absl::string_view(texts_).substr(range.first, range.count);
  }

  std::vector<Node> nodes_;
  std::vector<Index> elements_;  // the elements of an array are adjacent, and
  std::vector<Member> members_;  // so are the members of an object
  std::string texts_;            // decoded
};

}  // namespace countersign::json
