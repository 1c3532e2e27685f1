#include "libs/text/matching/encoded_runs.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "libs/base/utf8.h"

namespace countersign::text {
namespace {

constexpr std::int8_t kNone = -1;

using Digits = std::array<std::int8_t, 256>;

constexpr Digits Base64Digits() {
  Digits digits{};
  for (auto& digit : digits) digit = kNone;
  for (int i = 0; i < 26; ++i) {
    digits[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(i);
    digits[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(26 + i);
  }
  for (int i = 0; i < 10; ++i) {
    digits[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(52 + i);
  }
  digits['+'] = digits['-'] = 62;
  digits['/'] = digits['_'] = 63;
  return digits;
}

constexpr Digits HexDigits() {
  Digits digits{};
  for (auto& digit : digits) digit = kNone;
  for (int i = 0; i < 10; ++i) {
    digits[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  }
  for (int i = 0; i < 6; ++i) {
    digits[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
    digits[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
  }
  return digits;
}

constexpr Digits kBase64 = Base64Digits();
constexpr Digits kHex = HexDigits();

int DigitOf(const Digits& digits, char byte) { return digits[static_cast<unsigned char>(byte)]; }

// The digits of a run, `bits` of each, from digit `skip` on.
std::string Decode(const Digits& digits, int bits, absl::string_view run, std::size_t skip) {
  std::string bytes;
  bytes.reserve(run.size());
  unsigned held = 0;
  int held_bits = 0;
  for (const char byte : run) {
    const int digit = DigitOf(digits, byte);
    if (digit < 0) continue;  // a line break
    if (skip > 0) {
      --skip;
      continue;
    }
    held = held << bits | static_cast<unsigned>(digit);
    held_bits += bits;
    if (held_bits < 8) continue;
    held_bits -= 8;
    bytes.push_back(static_cast<char>(held >> held_bits & 0xff));
  }
  return bytes;
}

// `bytes` as text, if it reads as some.
std::optional<std::string> Readable(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  std::size_t characters = 0;
  std::size_t printable = 0;
  for (std::size_t at = 0; at < bytes.size(); ++characters) {
    const Utf8Char next = DecodeUtf8(bytes, at);
    if (next.valid) {
      text.append(bytes.data() + at, next.size);
      const bool is_control =
          next.code_point < 0x20 || (next.code_point >= 0x7f && next.code_point < 0xa0);
      const bool is_space = next.code_point >= 9 && next.code_point <= 13;
      printable += !is_control || is_space ? 1 : 0;
    } else {
      text += "\xef\xbf\xbd";
    }
    at += next.size;
  }
  if (characters == 0 ||
      static_cast<double>(printable) < kLeastPrintable * static_cast<double>(characters)) {
    return std::nullopt;
  }
  return text;
}

// Where the run ends that begins at `begin`; lines of twenty digits and more go on in the next.
std::size_t EndOfRun(const Digits& digits, absl::string_view text, std::size_t begin) {
  constexpr std::size_t kLeastLine = 20;
  std::size_t at = begin;
  std::size_t line = begin;
  for (;;) {
    while (at < text.size() && DigitOf(digits, text[at]) >= 0) ++at;
    if (at - line < kLeastLine) return at;
    std::size_t next = at;
    if (next < text.size() && text[next] == '\r') ++next;
    if (next >= text.size() || text[next] != '\n') return at;
    if (++next >= text.size() || DigitOf(digits, text[next]) < 0) return at;
    at = line = next;
  }
}

// Calls `take(begin, end)` for every run of digits that is long enough. Looks at every 24th byte
// first: a run that is long enough has one of them.
template <typename Take>
void ForEachRun(const Digits& digits, absl::string_view text, const Take& take) {
  std::size_t done = 0;
  for (std::size_t probe = kShortestEncodedRun - 1; probe < text.size();) {
    if (DigitOf(digits, text[probe]) < 0) {
      probe += kShortestEncodedRun;
      continue;
    }
    std::size_t begin = probe;
    while (begin > done && DigitOf(digits, text[begin - 1]) >= 0) --begin;
    const std::size_t end = EndOfRun(digits, text, begin);
    if (end - begin >= kShortestEncodedRun) take(begin, end);
    done = end;
    probe = end + kShortestEncodedRun;
  }
}

void AddRuns(const Digits& digits, int bits, std::size_t unit, absl::string_view encoding,
             absl::string_view text, std::vector<EncodedRun>& runs) {
  ForEachRun(digits, text, [&](std::size_t begin, std::size_t end) {
    const absl::string_view run = text.substr(begin, end - begin);
    for (std::size_t skip = 0; skip < unit; ++skip) {
      auto readable = Readable(Decode(digits, bits, run, skip));
      if (!readable) continue;
      runs.push_back({begin, end, encoding, *std::move(readable)});
      return;
    }
  });
}

bool IsEscape(absl::string_view text, std::size_t at) {
  return text[at] == '%' && at + 2 < text.size() && DigitOf(kHex, text[at + 1]) >= 0 &&
         DigitOf(kHex, text[at + 2]) >= 0;
}

// Stretches without white space in which at least three characters are %XX.
void AddPercentRuns(absl::string_view text, std::vector<EncodedRun>& runs) {
  constexpr std::size_t kLeastEscapes = 3;
  std::size_t done = 0;
  for (std::size_t found = text.find('%'); found != absl::string_view::npos;
       found = text.find('%', done)) {
    const auto is_open = [&](std::size_t at) {
      return !absl::ascii_isspace(static_cast<unsigned char>(text[at]));
    };
    std::size_t begin = found;
    while (begin > done && is_open(begin - 1)) --begin;
    std::string decoded;
    std::size_t escapes = 0;
    std::size_t at = begin;
    for (; at < text.size() && is_open(at); ++at) {
      if (IsEscape(text, at)) {
        decoded.push_back(
            static_cast<char>(DigitOf(kHex, text[at + 1]) * 16 + DigitOf(kHex, text[at + 2])));
        at += 2;
        ++escapes;
      } else {
        decoded.push_back(text[at] == '+' ? ' ' : text[at]);
      }
    }
    done = at;
    if (escapes < kLeastEscapes || at - begin < kShortestEncodedRun) continue;
    if (auto readable = Readable(decoded)) {
      runs.push_back({begin, at, "percent", *std::move(readable)});
    }
  }
}

}  // namespace

std::vector<EncodedRun> FindEncodedRuns(absl::string_view text) {
  std::vector<EncodedRun> runs;
  AddRuns(kHex, 4, 2, "hex", text, runs);
  AddRuns(kBase64, 6, 4, "base64", text, runs);
  AddPercentRuns(text, runs);
  return runs;
}

}  // namespace countersign::text
