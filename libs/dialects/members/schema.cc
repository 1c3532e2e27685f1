#include "libs/dialects/members/schema.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace countersign::dialects::members {
namespace {

using Node = Schema::Node;

constexpr std::size_t kLongestNumberedName = 7;

Node& Below(Node& node, absl::string_view step) {
  std::unique_ptr<Node>& next = step == "*"   ? node.element
                                : step == "#" ? node.numbered
                                              : node.members[step];
  if (next == nullptr) {
    next = std::make_unique<Node>();
    next->schema = node.kind == Kind::kSchema ? &node : node.schema;
  }
  return *next;
}

void AddValue(Kind kind, absl::string_view value, Node& node) {
  if (kind == Kind::kId) {
    node.prefixes.push_back(value);
  } else if (kind == Kind::kMessage) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(value, absl::MaxSplits(':', 1));
    node.roles.insert(parts);
  } else {
    node.values.insert(value);
  }
}

bool IsNumbered(absl::string_view name) {
  return !name.empty() && name.size() <= kLongestNumberedName &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

}  // namespace

Schema::Schema(absl::string_view operation, const std::vector<Rule>& rules)
    : operation_(operation), rules_(rules) {
  for (const Rule& rule : rules_) {
    Node* node = &root_;
    for (const absl::string_view step : absl::StrSplit(rule.path, '/', absl::SkipEmpty())) {
      node = &Below(*node, step);
    }
    node->kind = rule.kind;
    node->role = rule.role;
    for (const absl::string_view value : absl::StrSplit(rule.values, ' ', absl::SkipEmpty())) {
      AddValue(rule.kind, value, *node);
    }
  }
}

const Node* FindMember(const Node* node, absl::string_view name) {
  if (node == nullptr) return nullptr;
  const auto member = node->members.find(name);
  if (member != node->members.end()) return member->second.get();
  if (node->numbered != nullptr && IsNumbered(name)) return node->numbered.get();
  if (node->kind == Kind::kSchema) return node;
  return node->schema;
}

const Node* FindElement(const Node* node) {
  if (node == nullptr) return nullptr;
  if (node->element != nullptr) return node->element.get();
  if (node->kind == Kind::kSchema) return node;
  return node->schema;
}

bool IsKnownName(const Node* node, absl::string_view name) {
  if (node == nullptr) return false;
  if (node->members.contains(name) || (node->numbered != nullptr && IsNumbered(name))) return true;
  const Node* const schema = node->kind == Kind::kSchema ? node : node->schema;
  return schema != nullptr && (schema->values.contains(name) || schema->members.contains(name));
}

}  // namespace countersign::dialects::members
