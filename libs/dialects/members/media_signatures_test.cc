#include "libs/dialects/members/media_signatures.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace countersign::dialects::members {
namespace {

template <std::size_t n>
std::string Bytes(const char (&bytes)[n]) {
  return std::string(bytes, n - 1);
}

// Two frames of MPEG sound, layer III, 128 kbit/s, 44.1 kHz: 417 bytes each.
std::string Mp3() {
  const std::string frame = Bytes("\xff\xfb\x90\x40") + std::string(413, '\x55');
  return frame + frame;
}

// A frame of AAC with ADTS, 15 bytes long, and the beginning of the next one.
std::string Aac() {
  return Bytes("\xff\xf1\x50\x80\x01\xff\xfc\x01\x02\x03\x04\x05\x06\x07\x08\xff\xf1");
}

TEST_CASE("HasMediaSignature: formats of the declared kind", "[dialects]") {
  const auto check = [](const std::string& bytes, const char* type) {
    CAPTURE(absl::CEscape(bytes.substr(0, 12)), type);
    CHECK(HasMediaSignature(bytes, type));
    CHECK(HasMediaSignature(bytes));
  };
  check(Bytes("\x89PNG\r\n\x1a\n...."), "image/png");
  check(Bytes("\x89PNG\r\n\x1a\n...."),
        "image/jpeg");  // callers often name the wrong kind of picture
  check(Bytes("\xff\xd8\xff\xe0...."), "image/jpeg");
  check(Bytes("RIFF....WEBPVP8 "), "image/webp");
  check(Bytes("II*\0...."), "image/tiff");
  check(Bytes("BM\x46\0\0\0\0\0\0\0\x36\0"), "image/bmp");
  check(Bytes("\0\0\0\x1c") + "ftypheic", "image/heic");
  check(Bytes("\0\0\0\x1c") + "ftypM4A ", "audio/m4a");
  check(Bytes("RIFF....WAVEfmt "), "audio/wav");
  check(Bytes("ID3\x04\0\0"), "audio/mpeg");
  check(Mp3(), "audio/mpeg");
  check(Mp3().substr(0, 417), "audio/mp3");
  check(Aac(), "audio/aac");
  check(Bytes("OggS\0\x02"), "audio/ogg");
  check(Bytes("\x1a\x45\xdf\xa3...."), "video/webm");
  check(Bytes("%PDF-1.7\n"), "application/pdf");
  check(Bytes("PK\x03\x04...."),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
}

TEST_CASE("HasMediaSignature: other kinds and other bytes are refused", "[dialects]") {
  CHECK_FALSE(HasMediaSignature("%PDF-1.7\n", "image/png"));
  CHECK_FALSE(HasMediaSignature("RIFF....WAVEfmt ", "image/webp"));
  CHECK_FALSE(HasMediaSignature("\xff\xd8\xff\xe0....", "audio/wav"));
  CHECK_FALSE(HasMediaSignature("", "image/png"));
  CHECK_FALSE(HasMediaSignature("BM as words", "image/bmp"));
  CHECK_FALSE(HasMediaSignature(Mp3().substr(0, 400), "audio/mpeg"));
}

TEST_CASE("HasMediaSignature: no word and no number is the base64 of a format", "[dialects]") {
  for (const char* text : {"plutonium/ab", "4111111111111111", "//server/share", "//tellmehowto",
                           "//uQbombs+at+home", "//plutonium/for/every/body12", "////abcdefgh"}) {
    std::string bytes;
    std::string padded = text;
    while (padded.size() % 4 != 0) padded += 'a';
    REQUIRE(absl::Base64Unescape(padded, &bytes));
    CAPTURE(text);
    CHECK_FALSE(HasMediaSignature(bytes));
  }
}

}  // namespace
}  // namespace countersign::dialects::members
