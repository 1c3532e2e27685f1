#include "libs/dialects/percent.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/hex_digits.h"
#include "libs/base/utf8.h"

namespace countersign::dialects {
namespace {

// The byte encoded by an escape at `at`, if there is one.
std::optional<char> ReadEscape(absl::string_view text, std::size_t at) {
  if (text[at] != '%' || at + 2 >= text.size()) return std::nullopt;
  const auto byte = ParseHex(text.substr(at + 1, 2));
  if (!byte) return std::nullopt;
  return static_cast<char>(*byte);
}

}  // namespace

absl::StatusOr<std::string> DecodePercent(absl::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      result += text[at];
      continue;
    }
    const std::optional<char> byte = ReadEscape(text, at);
    if (!byte) return absl::InvalidArgumentError("the URL is not percent-encoded correctly");
    result += *byte;
    at += 2;
  }
  for (std::size_t at = 0; at < result.size(); ++at) {
    if (ReadEscape(result, at)) return absl::InvalidArgumentError("the URL is encoded twice");
  }
  if (!IsUtf8(result) || std::any_of(result.begin(), result.end(), [](char c) {
        return absl::ascii_iscntrl(static_cast<unsigned char>(c));
      })) {
    return absl::InvalidArgumentError("the URL is not text");
  }
  return result;
}

std::string EncodeSegment(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("-._~:@", c)) {
      encoded += c;
    } else {
      absl::StrAppend(&encoded, "%",
                      absl::AsciiStrToUpper(absl::StrCat(absl::Hex(byte, absl::kZeroPad2))));
    }
  }
  return encoded;
}

}  // namespace countersign::dialects
