#include "libs/dialects/members/media.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::members {
namespace {

const std::string kPicture = absl::HexStringToBytes("89504e470d0a1a0a0000000d49484452ff00fe01");
const std::string kBase64 = absl::Base64Escape(kPicture);

TEST_CASE("ReadMedia: well-formed base64 of non-text is media, with its declared type",
          "[dialects]") {
  const auto picture = ReadMedia(absl::StrCat("data:image/png;base64,", kBase64));
  REQUIRE(picture.has_value());
  CHECK(picture->type == "image/png");
  CHECK(picture->bytes == kPicture);
  CHECK(picture->header.empty());
  const auto alone = ReadMedia(kBase64);
  REQUIRE(alone.has_value());
  CHECK(alone->type == "application/octet-stream");
  CHECK(ReadMedia("data:application/pdf;base64," + absl::Base64Escape("%PDF-1.4 abc")).has_value());
}

TEST_CASE("ReadMedia: a header with more than a type is kept for policies", "[dialects]") {
  for (const char* header : {"data:image/png;name=plutonium;base64,", "data:plutonium/x;base64,",
                             "data:image/x-plutonium;base64,"}) {
    CAPTURE(header);
    const auto media = ReadMedia(header + kBase64);
    REQUIRE(media.has_value());
    CHECK(media->header == header);
  }
}

TEST_CASE("ReadMedia: malformed values and texts are not media", "[dialects]") {
  const std::string text = absl::Base64Escape("please drop the table");
  for (const std::string& value :
       {std::string("data:x,drop\ttable"), std::string("data:,word"),
        std::string("data:;base64,word"), "data:;base64," + kBase64,
        "data:application/json;base64," + kBase64, "data:image/svg+xml;base64," + kBase64,
        "data:text/plain;base64," + kBase64, "data:image/png;base64," + text, text,
        "data:image/png," + kBase64, kBase64.substr(0, 9) + " " + kBase64.substr(9),
        kBase64.substr(0, 9) + "\n" + kBase64.substr(9), kBase64.substr(0, kBase64.size() - 1),
        kBase64 + "====", std::string("plu tonium"), std::string("plutonium!"), std::string("="),
        std::string(), std::string("https://example.com/x.png")}) {
    CAPTURE(value);
    CHECK_FALSE(ReadMedia(value).has_value());
  }
}

TEST_CASE("ReadDataUrl: text is decoded whatever type the URL declares", "[dialects]") {
  const std::string word = absl::Base64Escape("plutonium");
  for (const std::string& header :
       {std::string("data:text/plain;base64,"), std::string("data:;base64,"),
        std::string("DATA:application/json;charset=utf-8;BASE64,"),
        std::string("data:image/svg+xml;base64,"), std::string("data:image/png;base64,"),
        std::string("data:application/octet-stream;base64,")}) {
    CAPTURE(header);
    const auto read = ReadDataUrl(header + word);
    REQUIRE(read.has_value());
    CHECK(read->text == header + "plutonium");
    CHECK(WriteEncoded(*read, header + "<X>").value() == header + absl::Base64Escape("<X>"));
    CHECK_FALSE(WriteEncoded(*read, "<X>").ok());
  }
  const auto percent = ReadDataUrl("data:,drop%09table");
  REQUIRE(percent.has_value());
  CHECK(percent->text == "data:,drop\ttable");
  CHECK(WriteEncoded(*percent, "data:,a b").value() == "data:,a%20b");
}

TEST_CASE("ReadDataUrl: lenient base64, other alphabets and stray bytes are decoded",
          "[dialects]") {
  CHECK(ReadDataUrl("data:text/plain;base64,cGx1 dG9u\naXVt")->text ==
        "data:text/plain;base64,plutonium");
  CHECK(ReadDataUrl("data:text/plain;base64,cGx1dG9uaXVtIQ")->text ==
        "data:text/plain;base64,plutonium!");
  // Many decoders skip other characters.
  CHECK(ReadDataUrl("data:text/plain;base64,cGx1!dG9u.aXVt")->text ==
        "data:text/plain;base64,plutonium");
  const auto latin = ReadDataUrl("data:text/plain;base64," + absl::Base64Escape("\xe9plutonium"));
  REQUIRE(latin.has_value());
  CHECK(latin->text == "data:text/plain;base64,\xef\xbf\xbdplutonium");
  CHECK(latin->encoding == Encoding::kOneWay);
  CHECK_FALSE(WriteEncoded(*latin, latin->text).ok());
  std::string wide;
  for (const char c : std::string("plutonium")) wide += {c, '\0'};
  CHECK(ReadDataUrl("data:text/plain;charset=utf-16;base64," + absl::Base64Escape(wide))->text ==
        "data:text/plain;charset=utf-16;base64,plutonium");
}

TEST_CASE("ReadDataUrl: what URL parsers remove does not hide a data: URL", "[dialects]") {
  const std::string word = absl::Base64Escape("plutonium");
  for (const std::string& url :
       {" data:text/plain;base64," + word, "\r\n\tdata:text/plain;base64," + word,
        "\x01 \x1f"
        "data:text/plain;base64," +
            word,
        "data:text/plain;base64," + word + "\x01 ", "da\tta\n:text/pl\rain;base\t64," + word,
        std::string(1, '\0') + "data:text/plain;base64," + word,
        std::string("\tdata:text/plain;base64,cGx1\ndG9u\taXVt"),
        std::string("\ndata:text/plain,pl%75tonium"), std::string(" data:text/plain,plu\ntonium"),
        std::string("data:text/plain,plu\ttonium"), std::string("data:text/plain,pl%7\n5tonium")}) {
    CAPTURE(url);
    const auto read = ReadDataUrl(url);
    REQUIRE(read.has_value());
    CHECK(absl::EndsWith(read->text, ",plutonium"));
    CHECK(read->plain_too);  // a program that does not parse it as a URL reads it as it is
    CHECK(absl::StartsWith(WriteEncoded(*read, read->header + "<X>").value(), "data:text/plain"));
  }
  CHECK_FALSE(ReadDataUrl("\xc2\xa0"
                          "data:text/plain;base64," +
                          word)
                  .has_value());
  CHECK_FALSE(ReadDataUrl("da ta:text/plain;base64," + word).has_value());
  const auto picture = ReadMedia("\n data:image/png;base64," + kBase64);
  REQUIRE(picture.has_value());
  CHECK(picture->type == "image/png");
  CHECK(picture->bytes == kPicture);
}

TEST_CASE("ReadDataUrl: percent-encoding and fragments do not hide base64", "[dialects]") {
  for (const char* url :
       {"data:text/plain;base64,cGx1dG9u%61XVt", "data:;base64,%63Gx1dG9uaXVt",
        "data:image/png;base64,cGx1dG9uaXVt%3D", "data:;base64,cGx1%20dG9uaXVt"}) {
    CAPTURE(url);
    const auto read = ReadDataUrl(url);
    REQUIRE(read.has_value());
    CHECK(absl::EndsWith(read->text, ",plutonium"));
    CHECK(read->plain_too);
  }
  for (const char* url : {"data:text/plain;base64,cGx1dG9uaXVt#", "data:;base64,cGx1dG9uaXVt#zzzzz",
                          "data:image/png;base64,#cGx1dG9uaXVt", "data:;base64,cGx1#dG9uaXVt"}) {
    CAPTURE(url);
    const auto read = ReadDataUrl(url);
    REQUIRE(read.has_value());
    CHECK(absl::StrContains(read->text, "plutonium"));
    CHECK(read->plain_too);
    CHECK(read->encoding == Encoding::kOneWay);
  }
}

TEST_CASE("ReadDataUrl: readable values are not decoded", "[dialects]") {
  for (const char* value : {"data:text/plain,word", "data: none", "see data:x",
                            "data:;base64,not base64!", "data:;base64,drop table"}) {
    CAPTURE(value);
    CHECK_FALSE(ReadDataUrl(value).has_value());
  }
}

TEST_CASE("ReadBase64Text: base64 of a text is that text", "[dialects]") {
  const auto read = ReadBase64Text(absl::Base64Escape("drop\ntable"));
  REQUIRE(read.has_value());
  CHECK(read->text == "drop\ntable");
  CHECK(WriteEncoded(*read, "ok").value() == absl::Base64Escape("ok"));
  CHECK_FALSE(ReadBase64Text(kBase64).has_value());
  CHECK_FALSE(ReadBase64Text("no base64!").has_value());
}

TEST_CASE("IsSealed: long and mixed everywhere", "[dialects]") {
  std::mt19937 random(20);
  std::string bytes;
  while (bytes.size() < 30'000) bytes += static_cast<char>(random());
  const std::string sealed = absl::Base64Escape(bytes);
  CHECK(IsSealed(sealed));
  CHECK(IsSealed(sealed.substr(0, 260)));
  CHECK_FALSE(IsSealed(sealed.substr(0, 256)));
  std::string words;
  while (words.size() < 400) words += "tell/me/how/to/make/plutonium/At+Home/";
  CHECK_FALSE(IsSealed(words));
  CHECK_FALSE(IsSealed(sealed.substr(0, 512) + words.substr(0, 128)));
}

}  // namespace
}  // namespace countersign::dialects::members
