#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "libs/text/documents/spelling.h"

namespace countersign::text::documents {

// Resolves escapes in strings and in plain text, however often their backslash is escaped, so that
// text in quoted documents is found. Not thread-safe.
class EscapeFilter {
 public:
  enum class Escapes {
    kUnicode,  // \uXXXX, pairs of surrogates included
    kAll,      // also \xXX, \n, \r, \t, \b, \f, \", \' and \/
    kOctal,    // also \000 to \177
  };
  explicit EscapeFilter(Escapes escapes = Escapes::kUnicode) : escapes_(escapes) {}

  // Like those of Characters; decided characters are passed to `out`.
  void Add(absl::string_view decoded, absl::string_view spelled, Place place, Characters& out);
  void AddPlain(absl::string_view text, Characters& out);
  // The end of the text: waiting characters are not an escape.
  void Settle(Characters& out);

  std::size_t held() const { return waiting_.spelled().size(); }
  std::size_t memory_bytes() const { return waiting_.memory_bytes(); }

 private:
  bool Extends(absl::string_view decoded, Place place) const;
  void Resolve(Characters& out);
  void Means(std::uint32_t code_point, Characters& out);

  Escapes escapes_;
  WaitingCharacters waiting_;  // backslashes, and what follows them
  Place place_;                // of all waiting characters
};

// Passes its input through `filter` to `out`. Both must outlive it.
class FilteredCharacters final : public Characters {
 public:
  FilteredCharacters(EscapeFilter& filter, Characters& out) : filter_(filter), out_(out) {}
  void Add(absl::string_view decoded, absl::string_view spelled, Place place) override {
    filter_.Add(decoded, spelled, place, out_);
  }
  void AddPlain(absl::string_view text) override { filter_.AddPlain(text, out_); }

 private:
  EscapeFilter& filter_;
  Characters& out_;
};

}  // namespace countersign::text::documents
