#include "libs/protobuf_texts/wire_reader.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace countersign::protobuf_texts {
namespace {

std::string Bytes(std::vector<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

// The error of reading all fields.
std::string ReadError(const std::string& bytes) {
  WireReader reader(bytes, 0, bytes.size());
  while (true) {
    const auto field = reader.Next();
    if (!field.ok()) return std::string(field.status().message());
    if (!field->has_value()) return "";
  }
}

TEST_CASE("WireReader: every wire type, with its places", "[protobuf_texts]") {
  const std::string bytes = Bytes({0x08, 0x96, 0x01,                         // 1: 150
                                   0x12, 0x02, 'h',  'i',                    // 2: "hi"
                                   0x1d, 1,    2,    3,   4,                 // 3: fixed32
                                   0x21, 1,    0,    0,   0, 0, 0, 0, 0x80,  // 4: fixed64
                                   0x2b, 0x2c});                             // 5: a group
  WireReader reader(bytes, 0, bytes.size());
  auto field = **reader.Next();
  CHECK(field.number == 1);
  CHECK(field.bits == 150);
  field = **reader.Next();
  CHECK(field.type == WireType::kLengthDelimited);
  CHECK(field.begin == 3);
  CHECK(field.prefix == 4);
  CHECK(field.value_begin == 5);
  CHECK(field.value_end == 7);
  field = **reader.Next();
  CHECK(field.bits == 0x04030201u);
  field = **reader.Next();
  CHECK(field.bits == 0x8000000000000001u);
  CHECK((**reader.Next()).type == WireType::kGroupStart);
  CHECK((**reader.Next()).type == WireType::kGroupEnd);
  CHECK_FALSE(reader.Next()->has_value());
}

TEST_CASE("WireReader: what protobuf does not write is refused", "[protobuf_texts]") {
  struct Case {
    std::vector<int> bytes;
    const char* error;
  };
  const Case cases[] = {
      {{0x08}, "cut off"},
      {{0x08, 0x80}, "cut off"},
      {{0x12, 0x03, 'h', 'i'}, "field 2 is cut off"},
      {{0x12, 0xff, 0xff, 0xff, 0xff, 0x0f}, "field 2 is cut off"},
      {{0x1d, 1, 2, 3}, "field 3 is cut off"},
      {{0x21, 1, 2, 3, 4, 5, 6, 7}, "field 4 is cut off"},
      {{0x00, 0x00}, "number 0"},
      {{0x0e}, "wire type 6"},
      {{0x0f}, "wire type 7"},
      {{0x88, 0x00, 0x01}, "longer than it must be"},
      {{0xf8, 0xff, 0xff, 0xff, 0x7f, 0x01}, "no field can have the number"},
      {{0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02}, "more than 64 bits"},
      {{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, "more than 64"},
      {{0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, "longer than it must be"},
  };
  for (const Case& c : cases) {
    INFO(c.error);
    CHECK(absl::StrContains(ReadError(Bytes(c.bytes)), c.error));
  }
}

TEST_CASE("WireReader: numbers and lengths may be longer than they must be", "[protobuf_texts]") {
  CHECK(ReadError(Bytes({0x08, 0x81, 0x80, 0x00, 0x12, 0x81, 0x80, 0x00, 'a'})).empty());
  CHECK(ReadError(Bytes({0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01})).empty());  // the largest number
  CHECK(
      ReadError(Bytes({0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})).empty());
}

}  // namespace
}  // namespace countersign::protobuf_texts
