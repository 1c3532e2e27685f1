#pragma once

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/json/document.h"

// Finds the texts of responses and their items: in a whole body, or in an event that repeats them.
namespace countersign::dialects::openai::responses {

// Walks values of one document. A text that the model generated has its place in the response as
// its field, such as "output/0/content/0/text": the same wherever it is repeated. Every other
// string, and each number that is none of the protocol, is a complete text. The texts of one kind
// of part are asked about together, too, because callers join them.
class ItemWalker {
 public:
  using Fields = absl::flat_hash_set<std::string>;

  // `source` is what the document was parsed from. `sent`: fields that callers already have, to
  // which those of this document are added; null for a whole body. `place` names the document. All
  // arguments outlive the walker.
  ItemWalker(absl::string_view source, absl::string_view place, Fields* sent,
             answers::FoundTexts& found);

  void AddName(absl::string_view name) { whole_.AddName(name); }

  // Walks `value`, the value of `key` of the value of `parent`, at `field` in the response.
  void Walk(absl::string_view key, const json::Value& value, absl::string_view parent,
            const std::string& field);

  // Adds a text that the model generated, with `parts` of FoundText. Returns its field.
  std::string AddModelText(const json::Value& value, const std::string& field, std::string parts);

  absl::string_view Literal(const json::Value& value) const { return whole_.Literal(value); }

 private:
  void WalkObject(absl::string_view key, const json::Value& object, const std::string& field);
  void AddOther(absl::string_view key, const json::Value& value, absl::string_view parent);

  const absl::string_view place_;
  Fields* const sent_;
  answers::FoundTexts& found_;
  answers::WholeTextFinder whole_;
  bool counts_ = false;  // within a usage report
};

// `root` is a whole body: a response, a list of items, an error.
answers::FoundTexts FindDocumentTexts(const json::Value& root, absl::string_view source);

}  // namespace countersign::dialects::openai::responses
