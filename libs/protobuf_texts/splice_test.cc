#include "libs/protobuf_texts/splice.h"

#include <catch2/catch.hpp>
#include <string>

namespace countersign::protobuf_texts {
namespace {

// 1: { 1: "abc" }, 2: "x"
const std::string kMessage(
    "\x0a\x05\x0a\x03"
    "abc\x12\x01x",
    10);
const std::vector<LengthPrefix> kPrefixes = {
    {1, 2, 7, LengthPrefix::kNone}, {3, 4, 7, 0}, {8, 9, 10, LengthPrefix::kNone}};

TEST_CASE("Replace: lengths around a text follow it", "[protobuf_texts]") {
  CHECK(*Replace(kMessage, kPrefixes, {{{4, 7, 1}, "hello"}}) ==
        std::string("\x0a\x07\x0a\x05hello\x12\x01x", 12));
  CHECK(*Replace(kMessage, kPrefixes, {{{4, 7, 1}, ""}, {{9, 10, 2}, "yz"}}) ==
        std::string("\x0a\x02\x0a\x00\x12\x02yz", 8));
}

TEST_CASE("Replace: a length that needs another byte makes the next one longer",
          "[protobuf_texts]") {
  const std::string text(126, 'a');
  const std::string result = *Replace(kMessage, kPrefixes, {{{4, 7, 1}, text}});
  CHECK(result == std::string("\x0a\x80\x01\x0a\x7e", 5) + text + std::string("\x12\x01x", 3));
}

TEST_CASE("Replace: a length that need not change stays as it was written", "[protobuf_texts]") {
  const std::string padded(
      "\x0a\x83\x80\x00"
      "abc",
      7);
  const std::vector<LengthPrefix> prefixes = {{1, 4, 7, LengthPrefix::kNone}};
  CHECK(*Replace(padded, prefixes, {{{4, 7, 0}, "xyz"}}) == std::string("\x0a\x83\x80\x00xyz", 7));
  CHECK(*Replace(padded, prefixes, {{{4, 7, 0}, "xy"}}) == std::string("\x0a\x02xy", 4));
}

TEST_CASE("Replace: a part of a content, and several", "[protobuf_texts]") {
  CHECK(*Replace(kMessage, kPrefixes, {{{6, 7, 1}, "C"}, {{4, 5, 1}, "AA"}}) ==
        std::string("\x0a\x06\x0a\x04"
                    "AAbC\x12\x01x",
                    11));
}

TEST_CASE("Replace: places outside of their content and overlaps are errors", "[protobuf_texts]") {
  CHECK(Replace(kMessage, kPrefixes, {{{3, 7, 1}, ""}}).status().code() ==
        absl::StatusCode::kInternal);
  CHECK(Replace(kMessage, kPrefixes, {{{4, 8, 1}, ""}}).status().code() ==
        absl::StatusCode::kInternal);
  CHECK(Replace(kMessage, kPrefixes, {{{4, 5, 7}, ""}}).status().code() ==
        absl::StatusCode::kInternal);
  CHECK(Replace(kMessage, kPrefixes, {{{4, 6, 1}, ""}, {{5, 7, 1}, ""}}).status().code() ==
        absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace countersign::protobuf_texts
