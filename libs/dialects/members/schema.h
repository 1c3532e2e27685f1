#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

// What a protocol says about the members of a request. This is data: a dialect lists the members of
// each of its operations, and everything that a list does not name is text (partition.h). The list
// is published as a table (schema_table.h).
namespace countersign::dialects::members {

enum class Kind {
  kObject,      // holds members that are listed themselves; also flags and protocol-only values
  kMessage,     // an object whose `role` says whose its texts are
  kText,        // text; listed so that its name is the protocol's
  kParts,       // holds the parts of one text, at any depth below
  kJoinedText,  // text of such a part
  kChoice,      // one word of a closed list; any other string is text
  kId,       // made by a machine: one of some prefixes and letters and digits, some of the latter
  kModelId,  // the name of a model; not text as long as it looks like one
  kNumber,   // of the protocol; not text as long as it has at most 11 digits before its point
  kMedia,    // base64 of bytes that are no text, alone or in a data: URL; else text
  kOpaque,   // the same, without a type: made by a model for itself, as a signature
  kSchema,   // a JSON Schema: its keywords are names that the protocol knows, at any depth
};

// One member of an operation. `path`: member names; `*` is any element of an array, `#` any name of
// at most seven digits. In a JSON Schema (kSchema) what follows it holds at any depth.
struct Rule {
  absl::string_view path;
  Kind kind;
  absl::string_view values = "";  // kChoice: its words; kId: its prefixes; kSchema: its keywords
  absl::string_view role = "";    // whose texts below are; "": those of what holds it
};

// The members of one operation, to be walked beside a body. Immutable once made.
class Schema {
 public:
  struct Node {
    Kind kind = Kind::kObject;
    absl::string_view role;
    absl::flat_hash_set<absl::string_view> values;  // of kChoice, kSchema
    std::vector<absl::string_view> prefixes;        // of kId
    absl::flat_hash_map<absl::string_view, std::unique_ptr<Node>> members;
    std::unique_ptr<Node> element;   // *
    std::unique_ptr<Node> numbered;  // #
    const Node* schema = nullptr;    // the JSON Schema that this stands in
  };

  // `rules` outlives the schema, and names what holds a member before the member.
  Schema(absl::string_view operation, const std::vector<Rule>& rules);

  absl::string_view operation() const { return operation_; }
  const std::vector<Rule>& rules() const { return rules_; }
  const Node& root() const { return root_; }

 private:
  const absl::string_view operation_;
  const std::vector<Rule>& rules_;
  Node root_;
};

// What stands below `node`; null where the protocol has nothing there, and for a null node.
const Schema::Node* FindMember(const Schema::Node* node, absl::string_view name);
const Schema::Node* FindElement(const Schema::Node* node);

// True when the protocol itself has a member of this name there.
bool IsKnownName(const Schema::Node* node, absl::string_view name);

}  // namespace countersign::dialects::members
