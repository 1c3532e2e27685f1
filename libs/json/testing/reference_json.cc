#include "libs/json/testing/reference_json.h"

#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "libs/base/utf8.h"

namespace countersign::json::testing {
namespace {

class Reader {
 public:
  Reader(absl::string_view bytes, std::size_t max_depth) : bytes_(bytes), max_depth_(max_depth) {}

  std::optional<ReferenceValue> ReadDocument() {
    if (!IsUtf8(bytes_)) return std::nullopt;
    ReferenceValue value;
    SkipSpace();
    if (!Read(value, 1)) return std::nullopt;
    SkipSpace();
    if (at_ != bytes_.size()) return std::nullopt;
    return value;
  }

 private:
  char Peek() const { return at_ < bytes_.size() ? bytes_[at_] : '\0'; }
  bool Take(char c) {
    if (Peek() != c || at_ >= bytes_.size()) return false;
    ++at_;
    return true;
  }
  bool TakeWord(absl::string_view word) {
    if (bytes_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpace() {
    while (at_ < bytes_.size() &&
           absl::string_view(" \t\r\n").find(bytes_[at_]) != absl::string_view::npos) {
      ++at_;
    }
  }

  bool Read(ReferenceValue& value, std::size_t depth) {
    value.begin = at_;
    bool ok = false;
    switch (Peek()) {
      case 'n':
        value.type = 'n';
        ok = TakeWord("null");
        break;
      case 't':
        value.type = 't';
        ok = TakeWord("true");
        break;
      case 'f':
        value.type = 'f';
        ok = TakeWord("false");
        break;
      case '"':
        value.type = '"';
        ok = ReadString(value.text);
        break;
      case '[':
        value.type = '[';
        ok = depth <= max_depth_ && ReadArray(value, depth);
        break;
      case '{':
        value.type = '{';
        ok = depth <= max_depth_ && ReadObject(value, depth);
        break;
      default: value.type = '0'; ok = ReadNumber(value.text);
    }
    value.end = at_;
    return ok;
  }

  bool ReadArray(ReferenceValue& value, std::size_t depth) {
    Take('[');
    SkipSpace();
    if (Take(']')) return true;
    do {
      SkipSpace();
      if (!Read(value.children.emplace_back(), depth + 1)) return false;
      SkipSpace();
    } while (Take(','));
    return Take(']');
  }

  bool ReadObject(ReferenceValue& value, std::size_t depth) {
    Take('{');
    SkipSpace();
    if (Take('}')) return true;
    do {
      SkipSpace();
      std::string key;
      if (!ReadString(key)) return false;
      for (const std::string& other : value.keys) {
        if (other == key) return false;
      }
      value.keys.push_back(key);
      SkipSpace();
      if (!Take(':')) return false;
      SkipSpace();
      if (!Read(value.children.emplace_back(), depth + 1)) return false;
      SkipSpace();
    } while (Take(','));
    return Take('}');
  }

  bool ReadUnit(unsigned& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      const absl::string_view kDigits = "0123456789abcdef";
      const std::size_t digit = kDigits.find(static_cast<char>(std::tolower(Peek())));
      if (at_ >= bytes_.size() || digit == absl::string_view::npos) return false;
      unit = unit * 16 + static_cast<unsigned>(digit);
      ++at_;
    }
    return true;
  }

  bool ReadEscape(std::string& text) {
    constexpr absl::string_view kLetters = "\"\\/bfnrt";
    constexpr absl::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ >= bytes_.size()) return false;
    const std::size_t letter = kLetters.find(Peek());
    if (letter != absl::string_view::npos) {
      text += kMeanings[letter];
      ++at_;
      return true;
    }
    unsigned unit = 0;
    if (!Take('u') || !ReadUnit(unit)) return false;
    if (unit >= 0xDC00 && unit <= 0xDFFF) return false;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      unsigned low = 0;
      if (!Take('\\') || !Take('u') || !ReadUnit(low) || low < 0xDC00 || low > 0xDFFF) return false;
      unit = 0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00);
    }
    text += EncodeUtf8(unit);
    return true;
  }

  bool ReadString(std::string& text) {
    if (!Take('"')) return false;
    while (at_ < bytes_.size()) {
      const char c = bytes_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        text += c;
      } else if (!ReadEscape(text)) {
        return false;
      }
    }
    return false;
  }

  std::size_t TakeDigits() {
    const std::size_t begin = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    return at_ - begin;
  }

  bool ReadNumber(std::string& text) {
    const std::size_t begin = at_;
    Take('-');
    const bool zero = Peek() == '0';
    const std::size_t digits = TakeDigits();
    if (digits == 0 || (zero && digits > 1)) return false;
    bool is_integer = true;
    if (Take('.')) {
      is_integer = false;
      if (TakeDigits() == 0) return false;
    }
    if (Take('e') || Take('E')) {
      is_integer = false;
      if (!Take('+')) Take('-');
      if (TakeDigits() == 0) return false;
    }
    text = std::string(bytes_.substr(begin, at_ - begin));
    std::int64_t number = 0;
    std::uint64_t positive = 0;
    if (is_integer) return absl::SimpleAtoi(text, &number) || absl::SimpleAtoi(text, &positive);
    return std::isfinite(std::strtod(text.c_str(), nullptr));
  }

  const absl::string_view bytes_;
  const std::size_t max_depth_;
  std::size_t at_ = 0;
};

}  // namespace

std::string ReferenceQuote(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    constexpr absl::string_view kEscaped = "\"\\\b\f\n\r\t";
    constexpr absl::string_view kLetters = "\"\\bfnrt";
    const std::size_t letter = kEscaped.find(c);
    char unit[8];
    if (letter != absl::string_view::npos) {
      out += '\\';
      out += kLetters[letter];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(unit, sizeof(unit), "\\u%04x", static_cast<unsigned>(c));
      out += unit;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::optional<ReferenceValue> ReferenceParse(absl::string_view bytes, std::size_t max_depth) {
  return Reader(bytes, max_depth).ReadDocument();
}

}  // namespace countersign::json::testing
