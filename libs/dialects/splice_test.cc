#include "libs/dialects/splice.h"

#include <catch2/catch.hpp>

namespace countersign::dialects {
namespace {

TEST_CASE("Splice: edits in any order, insertions beside them", "[dialects]") {
  CHECK(*Splice("abcdef", {{4, 5, "E"}, {0, 1, ""}, {4, 4, "<"}}) == "bcd<Ef");
  CHECK(*Splice("abc", {}) == "abc");
  CHECK(*Splice("abc", {{3, 3, "!"}, {0, 0, "?"}}) == "?abc!");
}

TEST_CASE("Splice: edits that overlap or lie outside are refused", "[dialects]") {
  CHECK(absl::IsInternal(Splice("abcdef", {{0, 3, "x"}, {2, 4, "y"}}).status()));
  CHECK(absl::IsInternal(Splice("abcdef", {{1, 3, "x"}, {1, 3, "y"}}).status()));
  CHECK(absl::IsInternal(Splice("abcdef", {{2, 1, "x"}}).status()));
  CHECK(absl::IsInternal(Splice("abcdef", {{5, 7, "x"}}).status()));
}

TEST_CASE("Splice: lengths around edits are written anew", "[dialects]") {
  using Form = LengthPrefix::Form;
  // A big-endian length, around a varint, around a little-endian one and a varint.
  const std::string source = std::string("\0\0\0\x0c", 4) + "\x0b" + std::string("\x03\0\0\0", 4) +
                             "abc" + "z" + "\x02" + "de";
  const std::vector<LengthPrefix> lengths = {{Form::kVarint, 13, 14, 16},
                                             {Form::kLittleEndian32, 5, 9, 12},
                                             {Form::kBigEndian32, 0, 4, 16},
                                             {Form::kVarint, 4, 5, 16}};
  const std::string longer(200, 'x');
  CHECK(*Splice(source, {{9, 12, longer}}, lengths) == std::string("\0\0\0\xd2", 4) + "\xd0\x01" +
                                                           std::string("\xc8\0\0\0", 4) + longer +
                                                           "z" + "\x02" + "de");
  CHECK(*Splice(source, {{14, 16, ""}, {12, 13, "yy"}}, lengths) ==
        std::string("\0\0\0\x0b", 4) + "\x0a" + std::string("\x03\0\0\0", 4) + "abc" + "yy" +
            std::string("\0", 1));
  CHECK(*Splice(source, {{9, 12, "xyz"}}, lengths) == std::string("\0\0\0\x0c", 4) + "\x0b" +
                                                          std::string("\x03\0\0\0", 4) + "xyz" +
                                                          "z" + "\x02" + "de");
  CHECK(*Splice(source, {}, lengths) == source);
  // A part of a length, and a length with what it counts.
  CHECK(absl::IsInternal(Splice(source, {{4, 6, ""}}, lengths).status()));
  CHECK(absl::IsInternal(Splice(source, {{11, 15, ""}}, lengths).status()));
}

TEST_CASE("AddSizeEdits: sizes elsewhere count what their bytes become", "[dialects]") {
  // Sizes of "aaaa" and "bb", which follow both.
  const std::string source = "[4,2]aaaabb";
  const std::vector<DecimalSize> sizes = {{1, 2, 5, 9}, {3, 4, 9, 11}};
  const auto write = [&](std::vector<Edit> edits) {
    AddSizeEdits(sizes, edits);
    const std::size_t head = CountAfter(edits, 5);
    return std::make_pair(Splice(source, std::move(edits)).value(), head);
  };
  CHECK(write({}) == std::make_pair(source, std::size_t{5}));
  CHECK(write({{6, 7, "xxxxxxxxx"}}) ==
        std::make_pair(std::string("[12,2]axxxxxxxxxaabb"), std::size_t{6}));
  CHECK(write({{9, 11, ""}, {5, 6, ""}}).first == "[3,0]aaa");
  CHECK(write({{5, 6, "x"}, {6, 7, "y"}}).first == "[4,2]xyaabb");
}

}  // namespace
}  // namespace countersign::dialects
