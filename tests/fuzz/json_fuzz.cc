// Every value of a parsed document knows its range, and that range alone parses to the same value.
// Input: document.

#include "libs/json/document.h"

#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

void Check(const json::Value& value, absl::string_view source) {
  Require(value.begin() < value.end() && value.end() <= source.size(), "a value of no bytes");
  const absl::string_view stretch = source.substr(value.begin(), value.end() - value.begin());
  const auto alone = json::Document::Parse(stretch);
  Require(alone.ok(), "a value is no JSON by itself", stretch);
  const json::Value root = alone->root();
  Require(root.type() == value.type() && root.text() == value.text() &&
              root.size() == value.size() && root.number() == value.number() &&
              root.boolean() == value.boolean(),
          "another value by itself", stretch);
  for (std::size_t i = 0; i < value.size(); ++i) Check(value.at(i), source);
}

}  // namespace

void Run(Input input) {
  const auto document = json::Document::Parse(input.Rest());
  if (document.ok()) Check(document->root(), input.Rest());
}

}  // namespace countersign::fuzz
