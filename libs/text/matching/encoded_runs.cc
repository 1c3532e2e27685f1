#include "libs/text/matching/encoded_runs.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/base/hex_digits.h"
#include "libs/base/utf8.h"

namespace countersign::text::matching {
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
  for (std::size_t byte = 0; byte < digits.size(); ++byte) {
    const int value = HexDigitValue(static_cast<char>(byte));
    digits[byte] = value < 0 ? kNone : static_cast<std::int8_t>(value);
  }
  return digits;
}

constexpr absl::string_view kHexSeparators = " \t\r\n:;,-.";

// The characters that may occur in hex bytes written apart from each other.
constexpr Digits HexGroupBytes() {
  Digits digits = HexDigits();
  for (const char byte : kHexSeparators) digits[static_cast<unsigned char>(byte)] = 0;
  digits['x'] = digits['X'] = digits['\\'] = 0;
  return digits;
}

constexpr Digits kBase64 = Base64Digits();
constexpr Digits kHex = HexDigits();
constexpr Digits kHexGroups = HexGroupBytes();

int DigitValue(const Digits& digits, char byte) { return digits[static_cast<unsigned char>(byte)]; }

struct Encoding {
  const Digits& digits;
  int bits;          // of a digit
  std::size_t unit;  // digits that encode a whole number of bytes
  absl::string_view name;
};

// The bytes that the digits of `run` encode, from digit `skip` on.
std::string Decode(const Encoding& encoding, absl::string_view run, std::size_t skip) {
  std::string bytes;
  bytes.reserve(run.size());
  unsigned held = 0;
  int held_bits = 0;
  for (const char byte : run) {
    const int digit = DigitValue(encoding.digits, byte);
    if (digit < 0) continue;  // a line break
    if (skip > 0) {
      --skip;
      continue;
    }
    held = held << encoding.bits | static_cast<unsigned>(digit);
    held_bits += encoding.bits;
    if (held_bits < 8) continue;
    held_bits -= 8;
    bytes.push_back(static_cast<char>(held >> held_bits & 0xff));
  }
  return bytes;
}

bool IsPrintable(std::uint32_t code_point) {
  const bool is_control = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
  const bool is_space = code_point >= 9 && code_point <= 13;
  return !is_control || is_space;
}

// Decoded bytes, read as text.
struct Reading {
  std::string text;       // all of them
  std::string stretches;  // those that are printable for long, a line each
  bool is_readable = false;
};

// Appends `bytes` without NUL, and with U+FFFD for invalid UTF-8.
void AppendText(absl::string_view bytes, std::string& text) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Char next = DecodeUtf8(bytes, at);
    if (!next.valid) {
      text += "\xef\xbf\xbd";
    } else if (next.code_point != 0) {
      text.append(bytes.data() + at, next.size);
    }
    at += next.size;
  }
}

// Images are megabytes of base64 and decode to no text, so strings are built only for readable
// runs.
Reading Read(absl::string_view bytes) {
  Reading reading;
  std::size_t characters = 0;
  std::size_t printable = 0;
  std::size_t begin = 0;   // start of the current stretch
  std::size_t length = 0;  // its length without NUL
  const auto end_stretch = [&](std::size_t end) {
    if (length >= kShortestStretch) {
      AppendText(bytes.substr(begin, end - begin), reading.stretches);
      reading.stretches += '\n';
    }
    length = 0;
  };
  for (std::size_t at = 0; at < bytes.size();) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    const Utf8Char next = byte < 0x80 ? Utf8Char{.code_point = byte, .size = 1, .valid = true}
                                      : DecodeUtf8(bytes, at);
    if (byte != 0) {
      ++characters;
      if (next.valid && IsPrintable(next.code_point)) {
        ++printable;
        if (length == 0) begin = at;
        length += next.size;
      } else {
        end_stretch(at);
      }
    }
    at += next.size;
  }
  end_stretch(bytes.size());
  reading.is_readable = characters > 0 && static_cast<double>(printable) >=
                                              kLeastPrintable * static_cast<double>(characters);
  if (reading.is_readable) AppendText(bytes, reading.text);
  return reading;
}

// What the digits of `run` decode to. The run may begin within a unit, so each place of a unit is
// tried as the first: the whole text if one of them is readable, otherwise every printable stretch
// that any of them gives.
std::string DecodeText(const Encoding& encoding, absl::string_view run) {
  std::string stretches;
  for (std::size_t skip = 0; skip < encoding.unit; ++skip) {
    Reading reading = Read(Decode(encoding, run, skip));
    if (reading.is_readable) return std::move(reading.text);
    stretches += reading.stretches;
  }
  return stretches;
}

// The end of the run that starts at `begin`. A line of twenty or more digits continues on the next
// line, which may be indented.
std::size_t EndOfRun(const Digits& digits, absl::string_view text, std::size_t begin) {
  constexpr std::size_t kLeastLine = 20;
  constexpr std::size_t kMostIndented = 32;
  std::size_t at = begin;
  std::size_t line = begin;
  for (;;) {
    while (at < text.size() && DigitValue(digits, text[at]) >= 0) ++at;
    if (at - line < kLeastLine) return at;
    std::size_t next = at;
    if (next < text.size() && text[next] == '\r') ++next;
    if (next >= text.size() || text[next] != '\n') return at;
    ++next;
    const std::size_t most = std::min(text.size(), next + kMostIndented);
    while (next < most && (text[next] == ' ' || text[next] == '\t')) ++next;
    if (next >= text.size() || DigitValue(digits, text[next]) < 0) return at;
    at = line = next;
  }
}

// Calls `take(begin, end)` for every run of digits that is long enough. Probes every 24th byte: a
// run of that length contains one of them.
template <typename Take>
void ForEachRun(const Digits& digits, absl::string_view text, const Take& take) {
  std::size_t done = 0;
  for (std::size_t probe = kShortestEncodedRun - 1; probe < text.size();) {
    if (DigitValue(digits, text[probe]) < 0) {
      probe += kShortestEncodedRun;
      continue;
    }
    std::size_t begin = probe;
    while (begin > done && DigitValue(digits, text[begin - 1]) >= 0) --begin;
    const std::size_t end = EndOfRun(digits, text, begin);
    if (end - begin >= kShortestEncodedRun) take(begin, end);
    done = end;
    probe = end + kShortestEncodedRun;
  }
}

void AddRuns(const Encoding& encoding, absl::string_view text, std::vector<EncodedRun>& runs) {
  ForEachRun(encoding.digits, text, [&](std::size_t begin, std::size_t end) {
    std::string decoded = DecodeText(encoding, text.substr(begin, end - begin));
    if (!decoded.empty()) runs.push_back({begin, end, encoding.name, std::move(decoded)});
  });
}

bool IsHex(absl::string_view text, std::size_t at) {
  return at < text.size() && DigitValue(kHex, text[at]) >= 0;
}

// The end of a group of one to eight hex bytes at `at`, with or without the prefix 0x or \x; `at`
// if there is none. Longer groups are runs by themselves.
std::size_t EndOfHexGroup(absl::string_view text, std::size_t at) {
  constexpr std::size_t kMostDigits = 16;
  const absl::string_view prefix = text.substr(at, 2);
  const bool is_prefixed = prefix == "0x" || prefix == "0X" || prefix == "\\x";
  const std::size_t first = at + (is_prefixed ? 2 : 0);
  std::size_t end = first;
  while (IsHex(text, end) && end - first <= kMostDigits) ++end;
  return end > first && end - first <= kMostDigits && (end - first) % 2 == 0 ? end : at;
}

// Consecutive groups of hex digits.
struct HexGroups {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t count = 0;
  bool has_letter = false;
  std::string bytes;
};

// The groups from `begin` on.
HexGroups HexGroupsAt(absl::string_view text, std::size_t begin) {
  constexpr std::size_t kMostSeparators = 2;
  HexGroups groups{begin, begin};
  for (std::size_t at = begin; at < text.size();) {
    const std::size_t after = EndOfHexGroup(text, at);
    if (after == at) break;
    const bool is_prefixed = DigitValue(kHex, text[at]) < 0 || DigitValue(kHex, text[at + 1]) < 0;
    for (std::size_t i = is_prefixed ? at + 2 : at; i < after; i += 2) {
      const int high = DigitValue(kHex, text[i]);
      const int low = DigitValue(kHex, text[i + 1]);
      groups.has_letter = groups.has_letter || high > 9 || low > 9;
      groups.bytes += static_cast<char>(high << 4 | low);
    }
    ++groups.count;
    groups.end = at = after;
    for (std::size_t i = 0; i < kMostSeparators && at < text.size(); ++i, ++at) {
      if (!absl::StrContains(kHexSeparators, text[at])) break;
    }
  }
  return groups;
}

// Finds hex bytes written apart from each other. At least one group must contain a letter, so that
// lists of decimal numbers are not matched.
void AddHexGroups(absl::string_view text, std::vector<EncodedRun>& runs) {
  constexpr std::size_t kLeastGroups = 4;
  ForEachRun(kHexGroups, text, [&](std::size_t run_begin, std::size_t run_end) {
    const absl::string_view until = text.substr(0, run_end);
    for (std::size_t begin = run_begin; begin < run_end;) {
      const HexGroups groups = HexGroupsAt(until, begin);
      if (groups.count >= kLeastGroups && groups.has_letter &&
          2 * groups.bytes.size() >= kShortestEncodedRun) {
        Reading reading = Read(groups.bytes);
        std::string& found = reading.is_readable ? reading.text : reading.stretches;
        if (2 * found.size() >= kShortestEncodedRun)
          runs.push_back({begin, groups.end, "hex", std::move(found)});
      }
      // Continues where the next group may start, not within digits.
      begin = std::max(begin + 1, groups.end);
      while (IsHex(until, begin) && IsHex(until, begin - 1)) ++begin;
    }
  });
}

bool IsEscape(absl::string_view text, std::size_t at) {
  return text[at] == '%' && at + 2 < text.size() && DigitValue(kHex, text[at + 1]) >= 0 &&
         DigitValue(kHex, text[at + 2]) >= 0;
}

// Finds stretches without white space that contain at least three escapes %XX.
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
        decoded.push_back(static_cast<char>(DigitValue(kHex, text[at + 1]) * 16 +
                                            DigitValue(kHex, text[at + 2])));
        at += 2;
        ++escapes;
      } else {
        decoded.push_back(text[at] == '+' ? ' ' : text[at]);
      }
    }
    done = at;
    if (escapes < kLeastEscapes || at - begin < kShortestEncodedRun) continue;
    Reading reading = Read(decoded);
    if (reading.is_readable) runs.push_back({begin, at, "percent", std::move(reading.text)});
  }
}

}  // namespace

std::vector<EncodedRun> FindEncodedRuns(absl::string_view text) {
  std::vector<EncodedRun> runs;
  AddRuns({kHex, 4, 2, "hex"}, text, runs);
  AddHexGroups(text, runs);
  AddRuns({kBase64, 6, 4, "base64"}, text, runs);
  AddPercentRuns(text, runs);
  return runs;
}

}  // namespace countersign::text::matching
