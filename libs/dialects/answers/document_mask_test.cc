#include "libs/dialects/answers/document_mask.h"

#include <catch2/catch.hpp>

#include "libs/dialects/splice.h"
#include "libs/dialects/testing/literal_masking.h"

namespace countersign::dialects::answers {
namespace {

// A document with one text `t`, one copy of it `c`, and padding `p`.
struct Fixture {
  explicit Fixture(std::string json)
      : source(std::move(json)), document(json::Document::Parse(source).value()) {
    FoundText text;
    text.value = document.root()["t"];
    text.field = "t";
    text.continuation = Continuation::kContinues;
    found.texts.push_back(text);
  }

  // The document after masking; "held" when texts are withheld.
  absl::StatusOr<std::string> Mask(bool end) {
    PieceQueue queue;
    testing::LiteralMasking masking;
    const DocumentMask mask(found, queue, [&](const FoundText&) { return end; });
    ReleasedTexts released;
    const auto outcome = mask.Apply(masking.Apply(queue.Take()), queue, released);
    if (!outcome.ok()) return outcome.status();
    masked = outcome->masked;
    if (outcome->texts_withheld) return std::string("held");
    return Splice(source, outcome->edits);
  }

  std::string source;
  json::Document document;
  FoundTexts found;
  std::vector<domain::DeliveredSpan> masked;
};

TEST_CASE("DocumentMask: an unchanged document needs no edit", "[dialects]") {
  Fixture f(R"({"t":"fine","p":"xxxx"})");
  f.found.padding.push_back(f.document.root()["p"]);
  CHECK(f.Mask(true).value() == f.source);
  CHECK(f.masked.empty());
}

TEST_CASE("DocumentMask: padding is emptied when anything changes", "[dialects]") {
  Fixture f(R"({"t":"a SECRET","p":"xxxx"})");
  f.found.padding.push_back(f.document.root()["p"]);
  CHECK(f.Mask(true).value() == R"({"t":"a <S>","p":""})");
  REQUIRE(f.masked.size() == 1);
  CHECK(f.masked[0].field == "t");
  CHECK(f.masked[0].span.original == "SECRET");
}

TEST_CASE("DocumentMask: a document whose text is held back is withheld", "[dialects]") {
  CHECK(Fixture(R"({"t":"SEC"})").Mask(false).value() == "held");
  CHECK(Fixture(R"({"t":"a SEC"})").Mask(false).value() == R"({"t":"a "})");
}

TEST_CASE("DocumentMask: a copy is kept only if it spells the unchanged text", "[dialects]") {
  const auto with_copy = [](const char* text, const char* field, const char* tokens) {
    Fixture f(std::string("{\"t\":\"") + text + "\",\"c\":[1]}");
    f.found.copies.push_back(FoundCopy{f.document.root()["c"], field, tokens, ""});
    return f.Mask(true).value();
  };
  CHECK(with_copy("fine", "t", "fine") == R"({"t":"fine","c":[1]})");
  CHECK(with_copy("fine", "t", "fin") == R"({"t":"fine","c":null})");
  CHECK(with_copy("SECRET", "t", "SECRET") == R"({"t":"<S>","c":null})");
  CHECK(with_copy("fine", "other", "fine") == R"({"t":"fine","c":null})");
  CHECK(with_copy("fine", "", "") == R"({"t":"fine","c":null})");
}

TEST_CASE("DocumentMask: a copy's alternatives are checked, too", "[dialects]") {
  Fixture f(R"({"t":"fine","c":[1]})");
  f.found.copies.push_back(FoundCopy{f.document.root()["c"], "t", "fine", "SECRET\n"});
  CHECK(f.Mask(true).value() == R"({"t":"fine","c":null})");
}

TEST_CASE("DocumentMask: a document with an unknown name that must be masked is refused",
          "[dialects]") {
  Fixture f(R"({"t":"fine","SECRET":1})");
  f.found.unknown_names.push_back("SECRET");
  CHECK(absl::IsFailedPrecondition(f.Mask(true).status()));
}

}  // namespace
}  // namespace countersign::dialects::answers
