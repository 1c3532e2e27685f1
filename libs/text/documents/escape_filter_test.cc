#include "libs/text/documents/escape_filter.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace countersign::text::documents {
namespace {

class Recorder final : public Characters {
 public:
  void Add(absl::string_view decoded, absl::string_view spelled, Place) override {
    absl::StrAppend(&decoded_, decoded);
    absl::StrAppend(&spelled_, spelled);
  }
  void AddPlain(absl::string_view text) override { Add(text, text, Place{}); }

  std::string decoded_, spelled_;
};

std::string Filter(absl::string_view text, EscapeFilter::Escapes escapes, std::size_t step = 1) {
  EscapeFilter filter(escapes);
  Recorder recorder;
  for (std::size_t at = 0; at < text.size(); at += step) {
    filter.AddPlain(text.substr(at, step), recorder);
  }
  filter.Settle(recorder);
  CHECK(filter.held() == 0);
  CHECK(recorder.spelled_ == text);
  return recorder.decoded_;
}

TEST_CASE("EscapeFilter: \\u is resolved however often its backslash is escaped", "[text]") {
  const std::pair<const char*, const char*> cases[] = {
      {R"(p\u006cutonium)", "plutonium"},
      {R"(p\\\\u006cutonium)", "plutonium"},
      {R"(\ud83d\ude00 \\ud83d\\ude00)", "\xf0\x9f\x98\x80 \xf0\x9f\x98\x80"},
      {R"(\ud83d\ud83d \ud83dx \ude00)", R"(\ud83d\ud83d \ud83dx \ude00)"},
      {R"(C:\users\x \)", R"(C:\users\x \)"},
      {R"(\u00 \u12zz \\)", R"(\u00 \u12zz \\)"},
      {R"(a\nb)", R"(a\nb)"}};
  for (const auto& [text, decoded] : cases) {
    CAPTURE(text);
    for (std::size_t step : {1, 2, 5, 100}) {
      CHECK(Filter(text, EscapeFilter::Escapes::kUnicode, step) == decoded);
    }
  }
}

TEST_CASE("EscapeFilter: all escapes are resolved with kAll", "[text]") {
  const std::pair<const char*, const char*> cases[] = {
      {R"(drop\ntable \\\t\"x\" \x41 \x4 \/)", "drop\ntable \t\"x\" A \\x4 /"},
      {R"(p\u006cu\q)", "plu\\q"}};
  for (const auto& [text, decoded] : cases) {
    CAPTURE(text);
    for (std::size_t step : {1, 3, 100}) {
      CHECK(Filter(text, EscapeFilter::Escapes::kAll, step) == decoded);
    }
  }
}

TEST_CASE("EscapeFilter: three octal digits are resolved with kOctal only", "[text]") {
  const std::pair<const char*, const char*> cases[] = {
      {R"(pl\165to\\156ium \x41)", "plutonium A"},
      {R"(\1 \12 \1a3 \18 \377 \101)", R"(\1 \12 \1a3 \18 \377 A)"},
      {R"(C:\123 \1234 \16)", R"(C:S S4 \16)"}};
  for (const auto& [text, decoded] : cases) {
    CAPTURE(text);
    for (std::size_t step : {1, 2, 5, 100}) {
      CHECK(Filter(text, EscapeFilter::Escapes::kOctal, step) == decoded);
    }
  }
  CHECK(Filter(R"(pl\165tonium)", EscapeFilter::Escapes::kAll) == R"(pl\165tonium)");
}

TEST_CASE("EscapeFilter: characters of different places form no escape", "[text]") {
  EscapeFilter filter;
  Recorder recorder;
  filter.Add("\\", "\\", {Place::Kind::kString, 1}, recorder);
  for (const char* c : {"u", "0", "0", "4", "1"}) {
    filter.Add(c, c, {Place::Kind::kPlain, 0}, recorder);
  }
  filter.Settle(recorder);
  CHECK(recorder.decoded_ == "\\u0041");
}

}  // namespace
}  // namespace countersign::text::documents
