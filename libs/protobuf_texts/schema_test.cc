#include "libs/protobuf_texts/schema.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace countersign::protobuf_texts {
namespace {

std::string MakeError(std::vector<MessageSpec> messages, std::vector<MethodSpec> methods = {}) {
  return std::string(Schema::Make(std::move(messages), std::move(methods)).status().message());
}

TEST_CASE("Schema: messages by name, fields by number, methods by path", "[protobuf_texts]") {
  const auto schema = Schema::Make(
      {{"p.A", {{7, "index", FieldType::kInt32}, {1, "b", FieldType::kMessage, true, "p.B"}}},
       {"p.B", {{1, "key", FieldType::kString}, {2, "value", FieldType::kBytes}}, true}},
      {{"/p.S/Do", "p.A", "p.B", false, true}});
  REQUIRE(schema.ok());
  const MessageType* a = (*schema)->FindMessage("p.A");
  REQUIRE(a != nullptr);
  REQUIRE(a->FindField(1u) != nullptr);
  CHECK(a->FindField(1u)->IsMap());
  CHECK(a->FindField(1u)->message == (*schema)->FindMessage("p.B"));
  CHECK(a->index_field() == a->FindField(7u));
  CHECK(a->FindField(2u) == nullptr);
  CHECK((*schema)->FindMessage("p.C") == nullptr);
  REQUIRE((*schema)->FindMethod("/p.S/Do") != nullptr);
  CHECK((*schema)->FindMethod("/p.S/Do")->server_streams);
  CHECK((*schema)->HasService("p.S"));
  CHECK_FALSE((*schema)->HasService("p"));
}

TEST_CASE("Schema: what contradicts itself or is missing is refused by its name",
          "[protobuf_texts]") {
  const FieldSpec x{1, "x", FieldType::kString};
  CHECK(MakeError({{"A", {}}, {"A", {}}}) == "A: two messages have this name");
  CHECK(MakeError({{"A", {x, {1, "y", FieldType::kString}}}}) == "A: two fields have the number 1");
  CHECK(MakeError({{"A", {x, {2, "x", FieldType::kString}}}}) == "A: two fields are named x");
  CHECK(MakeError({{"A", {{1, "b", FieldType::kMessage, false, "B"}}}}) == "A.b: no message B");
  CHECK(absl::StrContains(MakeError({{"A", {x}, true}}), "an entry of a map"));
  CHECK(MakeError({{"A", {}}}, {{"/S/Do", "A", "B"}}) == "/S/Do: no message B");
  CHECK(MakeError({{"A", {}}}, {{"/S/Do", "A", "A"}, {"/S/Do", "A", "A"}}) ==
        "/S/Do: two methods have this path");
}

}  // namespace
}  // namespace countersign::protobuf_texts
