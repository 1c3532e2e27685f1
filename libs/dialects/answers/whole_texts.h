#pragma once

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/json/document.h"

namespace countersign::dialects::answers {

// The names of members that a dialect knows.
struct MemberNames {
  using Set = absl::flat_hash_set<absl::string_view>;
  const Set& documented;        // any other name is masked as a text
  const Set& protocol_numbers;  // members whose short numbers are not texts
  const Set& media;             // places for media: "image_url/url" is a member and its parent's
  const Set& sealed;            // the same for what the model's server has encrypted
};

// True for at most 128 characters of those that identifiers are made of.
bool LooksLikeIdentifier(absl::string_view text);

// Finds complete texts at any depth: used for everything that a dialect does not know better. Each
// number is a text, too.
class WholeTextFinder {
 public:
  // `source` is what the document was parsed from. All arguments outlive the finder.
  WholeTextFinder(const MemberNames& names, absl::string_view source, FoundTexts& found)
      : names_(names), source_(source), found_(found) {}

  // Adds `name` to the unknown names unless it is documented.
  void AddName(absl::string_view name);

  // Adds everything in `value`, the value of member `key` of the value of member `parent`.
  // `counts`: all its numbers belong to the protocol, as in a usage report.
  void Add(absl::string_view key, const json::Value& value, bool counts = false,
           absl::string_view parent = "");

  // True for media at a place for media, and for sealed values at a place for them.
  bool IsMedia(absl::string_view parent, absl::string_view key, const json::Value& value) const;

  // The bytes of `value` in the source.
  absl::string_view Literal(const json::Value& value) const {
    return source_.substr(value.begin(), value.end() - value.begin());
  }

 private:
  const MemberNames& names_;
  const absl::string_view source_;
  FoundTexts& found_;
};

}  // namespace countersign::dialects::answers
