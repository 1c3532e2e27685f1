#include "libs/config/reference/resource_reference.h"

#include <catch2/catch.hpp>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/config/resource_draft.h"

namespace countersign::config::reference {
namespace {

std::vector<std::string> Leaves(const std::vector<const Field*>& fields) {
  std::vector<std::string> names;
  for (const Field* const field : fields) names.emplace_back(LeafName(*field));
  return names;
}

TEST_CASE("Reference: every field that the reader knows is explained, and no other") {
  CHECK(absl::StrJoin(FindGaps(), "\n") == "");
}

TEST_CASE("Reference: every kind is there, in the order of listings, with words and an example") {
  std::vector<std::string> names;
  for (const Kind& kind : Kinds()) {
    names.push_back(kind.name);
    CHECK_FALSE(kind.about.empty());
    CHECK_FALSE(kind.examples.empty());
    for (const Field& field : kind.fields) {
      INFO(kind.name << " " << field.path);
      CHECK_FALSE(field.type.empty());
      CHECK_FALSE(field.about.empty());
    }
  }
  CHECK(names == config::Kinds());
}

TEST_CASE("Reference: the examples are valid resources") {
  std::vector<SourceFile> files;
  for (const Kind& kind : Kinds()) {
    for (std::size_t i = 0; i < kind.examples.size(); ++i) {
      files.push_back({absl::StrCat(kind.name, "-", i, ".yaml"), kind.examples[i]});
    }
  }
  const ExternalValues values = {{"file:codenames.txt", "blackbird\n"}};
  const ResourceDraft draft =
      ReadDraft(files, values,
                {.references = References::kMayLeadOutside, .secrets = Secrets::kMayBeMissing});
  std::vector<std::string> mistakes;
  for (const std::string& mistake : draft.mistakes) {
    // A file descriptor set cannot be written as text.
    if (!absl::StrContains(mistake, "service.pb")) mistakes.push_back(mistake);
  }
  CHECK(absl::StrJoin(mistakes, "\n") == "");
  CHECK(draft.mistakes.size() <= 1);
}

TEST_CASE("Reference: types, bounds and defaults are the reader's") {
  const Kind& policy = *FindKind("Policy");
  const Field* field = FindField(policy, "spec.then.review.approvals");
  REQUIRE(field != nullptr);
  CHECK(field->type == "whole number from 1 to 100");
  CHECK(field->fallback == "1");
  CHECK_FALSE(field->required);
  field = FindField(policy, "spec.when.pattern.regex");
  REQUIRE(field != nullptr);
  CHECK(field->required);
  CHECK(field->fallback.empty());
  field = FindField(policy, "spec.when.tokens.over");
  REQUIRE(field != nullptr);
  CHECK(field->required);
  CHECK_FALSE(absl::StrContains(field->about, "Required"));
}

TEST_CASE("Reference: a field is found by its path in a document, whatever encloses it") {
  const Kind& policy = *FindKind("Policy");
  for (const char* const path : {"spec.when.tokens", "spec.when.any[0].tokens",
                                 "spec.when.any[1].all[0].not.tokens", "spec.when.not.tokens"}) {
    INFO(path);
    REQUIRE(FindField(policy, path) != nullptr);
    CHECK(FindField(policy, path)->path == "spec.when.tokens");
  }
  const Kind& profile = *FindKind("MaskingProfile");
  REQUIRE(FindField(profile, "spec.prompt[3].action") != nullptr);
  CHECK(FindField(profile, "spec.prompt[3].action")->path == "rule.action");
  CHECK(FindField(policy, "spec") == nullptr);
  CHECK(FindField(policy, "spec.whenever") == nullptr);
  CHECK(FindKind("policy") == nullptr);
}

TEST_CASE("Reference: the fields within a field") {
  const Kind& policy = *FindKind("Policy");
  CHECK(Leaves(ChildFields(policy, "spec")) ==
        std::vector<std::string>{"priority", "match", "when", "then"});
  CHECK(Leaves(ChildFields(policy, "spec.then.deny")) == std::vector<std::string>{"message"});
  CHECK(
      Leaves(ChildFields(policy, "spec.when.any")) ==
      std::vector<std::string>{"any", "all", "not", "keywords", "pattern", "tokens", "parameter"});
  CHECK(Leaves(ChildFields(*FindKind("MaskingProfile"), "spec.prompt")).front() == "entity");
  CHECK(ChildFields(policy, "spec.priority").empty());
}

}  // namespace
}  // namespace countersign::config::reference
