#include "libs/text/documents/document_reader.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"

namespace countersign::text::documents {
namespace {

using Form = DocumentReader::Form;

// The decoded text; structure other than quotes in its spelling.
class Recorder final : public Characters {
 public:
  void Add(absl::string_view decoded, absl::string_view spelled, Place place) override {
    absl::StrAppend(&decoded_, decoded);
    absl::StrAppend(&spelled_, spelled);
    places_.append(decoded.size(), "psnx"[static_cast<int>(place.kind)]);
    depths_.append(decoded.size(), static_cast<char>('0' + place.depth));
  }
  void AddPlain(absl::string_view text) override { Add(text, text, Place{}); }

  std::string decoded_, spelled_, places_, depths_;
};

Recorder Read(absl::string_view text, Form form = Form::kText, std::size_t step = 1000) {
  DocumentReader reader(form);
  Recorder recorder;
  for (std::size_t at = 0; at < text.size(); at += step) {
    REQUIRE(reader.Read(text.substr(at, step), recorder).ok());
  }
  REQUIRE(reader.Finish(recorder).ok());
  CHECK(reader.held() == 0);
  CHECK(recorder.spelled_ == text);
  return recorder;
}

TEST_CASE("DocumentReader: strings of a document are read without their escapes", "[text]") {
  const Recorder read = Read(R"({"q":"p\u006cu\n","n":-1.5e3})");
  CHECK(read.decoded_ == "{ q : plu\n , n :-1500}");
  CHECK(read.places_ == "xxsxxxssssxxxsxxnnnnnx");
  CHECK(Read("[\"\\ud83d\\ude00\\ud83d!\"]").decoded_ == "[ \xf0\x9f\x98\x80\xef\xbf\xbd! ]");
}

TEST_CASE("DocumentReader: a bare string is a document, a bare number is one of a kDocument",
          "[text]") {
  CHECK(Read(R"("drop\ntable")").decoded_ == " drop\ntable ");
  CHECK(Read("12").places_ == "pp");
  CHECK(Read("12", Form::kDocument).places_ == "nn");
  CHECK(Read(R"("a" "b\n" {"c":1})").decoded_ == " a   b\n  { c :1}");
}

TEST_CASE("DocumentReader: documents in strings are read, as deep as kMaxDepth", "[text]") {
  const Recorder one = Read(R"({"a":"{\"b\":\"drop\\ntable\"}"})");
  CHECK(one.decoded_ == "{ a : { b : drop\ntable } }");
  CHECK(one.depths_.substr(one.decoded_.find("drop"), 4) == "2222");
  CHECK(one.depths_[one.decoded_.find('b')] == '2');
  // A string in a document at the maximum depth is text.
  std::string document = R"("\n")";
  std::string expected = "\n";
  for (int depth = 0; depth <= kMaxDepth + 1; ++depth) {
    CAPTURE(depth);
    const std::string decoded = Read(document).decoded_;
    CHECK((decoded.find('\n') != std::string::npos) == (depth <= kMaxDepth));
    std::string quoted = "\"";
    for (const char c : document) {
      absl::StrAppend(&quoted, c == '"' || c == '\\' ? "\\" : "", std::string(1, c));
    }
    document = quoted + "\"";
  }
}

TEST_CASE("DocumentReader: after the first byte that is not JSON the rest is plain text",
          "[text]") {
  CHECK(Read(R"({"a":"\n"} see \n)").decoded_ == "{ a : \n } see \\n");
  CHECK(Read(R"([mail](x\n))").decoded_ == R"([mail](x\n))");
  CHECK(Read(R"("a\n" wrote \n)").decoded_ == " a\n  wrote \\n");
  CHECK(Read(R"({"a":"[x] \\n"})").decoded_ == "{ a : [x] \\n }");
  CHECK(Read("").decoded_.empty());
}

TEST_CASE("DocumentReader: in prose a document may begin anywhere", "[text]") {
  CHECK(Read(R"(see {"a":"\n"} and ["b\t"] \n)", Form::kProse).decoded_ ==
        "see { a : \n } and [ b\t ] \\n");
  CHECK(Read(R"({{[{"a":"\n"})", Form::kProse).decoded_ == "{{[{ a : \n }");
  CHECK(Read(R"({x {"a":"\n"})", Form::kProse).decoded_ == "{x { a : \n }");
  CHECK(Read(R"({"a":"see {\"b\":\"\\n\"}"})", Form::kProse).decoded_ == "{ a : see { b : \n } }");
  CHECK(Read(R"(see {"a":"\n"})").decoded_ == R"(see {"a":"\n"})");
}

TEST_CASE("DocumentReader: the output does not depend on how the text is cut", "[text]") {
  for (const char* text :
       {R"({"a":"{\"b\":\"\\u0034\\ud83d\\ude00\"}","c":[1.5,true,"\q\u12"],"d":"[1, 2]"} x \n)",
        R"({"a":"\ud83d\u0041\ud83d)", R"("{\"a\":12)", R"({"a":tru)", "{\"k\":1 }[2 ] {"}) {
    CAPTURE(text);
    const Recorder whole = Read(text);
    for (std::size_t step : {1, 2, 3, 7}) {
      const Recorder cut = Read(text, Form::kText, step);
      CHECK(cut.decoded_ == whole.decoded_);
      CHECK(cut.places_ == whole.places_);
      CHECK(cut.depths_ == whole.depths_);
    }
  }
}

TEST_CASE("DocumentReader: an endless number is an error if limited", "[text]") {
  Recorder recorder;
  DocumentReader strict(Form::kText);
  const std::string digits = "[" + std::string(5000, '1');
  CHECK(strict.Read(digits, recorder).code() == absl::StatusCode::kResourceExhausted);
  DocumentReader lenient(Form::kText, 1u << 30);
  CHECK(lenient.Read(digits, recorder).ok());
}

}  // namespace
}  // namespace countersign::text::documents
