#pragma once

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/json/document.h"

namespace countersign::dialects::answers {

// What a dialect says about the names of members.
struct MemberNames {
  using Set = absl::flat_hash_set<absl::string_view>;
  const Set& documented;        // any other name is looked at as a text
  const Set& protocol_numbers;  // whose numbers are not texts as long as they are short
};

// True for at most 128 characters of those that identifiers are made of.
bool LooksLikeIdentifier(absl::string_view text);

// Finds texts that are complete as they stand, at any depth: whatever a dialect does not know
// better is found here, wherever it stands. Numbers are texts, too, each by itself.
class WholeTextFinder {
 public:
  // `source` is what the document was parsed from. All arguments outlive the finder.
  WholeTextFinder(const MemberNames& names, absl::string_view source, FoundTexts& found)
      : names_(names), source_(source), found_(found) {}

  // Adds `name` to the unknown names unless it is documented.
  void AddName(absl::string_view name);

  // Adds everything in `value`, the value of a member `key`. `counts`: all its numbers are the
  // protocol's, as those of a usage report are.
  void Add(absl::string_view key, const json::Value& value, bool counts = false);

  // How `value` is written in the source.
  absl::string_view Literal(const json::Value& value) const {
    return source_.substr(value.begin(), value.end() - value.begin());
  }

 private:
  const MemberNames& names_;
  const absl::string_view source_;
  FoundTexts& found_;
};

}  // namespace countersign::dialects::answers
