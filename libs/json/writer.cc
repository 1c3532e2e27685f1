#include "libs/json/writer.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace countersign::json {

namespace {

constexpr std::uint64_t kEachByte = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;

bool NeedsEscape(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

// Non-zero when a byte of `word` needs an escape. The lowest set bit belongs to the first such
// byte; higher bits are unspecified.
std::uint64_t EscapeBits(std::uint64_t word) {
  const auto zero_bytes = [](std::uint64_t w) { return (w - kEachByte) & ~w & kHighBits; };
  const std::uint64_t controls = (word - kEachByte * 0x20) & ~word & kHighBits;
  return controls | zero_bytes(word ^ kEachByte * '"') | zero_bytes(word ^ kEachByte * '\\');
}

// The offset of the first byte from `at` on that needs an escape, or text.size().
std::size_t FindEscape(absl::string_view text, std::size_t at) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + 8 <= text.size(); at += 8) {
      std::uint64_t word;
      std::memcpy(&word, text.data() + at, 8);
      const std::uint64_t bits = EscapeBits(word);
      if (bits != 0) return at + static_cast<std::size_t>(std::countr_zero(bits)) / 8;
    }
  }
  while (at < text.size() && !NeedsEscape(text[at])) ++at;
  return at;
}

void AppendEscape(char c, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    default:
      out += "\\u00";
      out.push_back(kHex[c >> 4]);
      out.push_back(kHex[c & 15]);
  }
}

void AppendQuoted(absl::string_view text, std::string& out) {
  out.push_back('"');
  for (std::size_t at = 0;;) {
    const std::size_t escape = FindEscape(text, at);
    out.append(text.data() + at, escape - at);
    if (escape == text.size()) break;
    AppendEscape(text[escape], out);
    at = escape + 1;
  }
  out.push_back('"');
}

}  // namespace

std::string Quote(absl::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  AppendQuoted(text, out);
  return out;
}

void Writer::Separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (first_.empty()) return;
  if (!first_.back()) out_.push_back(',');
  first_.back() = false;
}

Writer& Writer::BeginObject() {
  Separate();
  out_.push_back('{');
  first_.push_back(true);
  return *this;
}

Writer& Writer::EndObject() {
  out_.push_back('}');
  first_.pop_back();
  return *this;
}

Writer& Writer::BeginArray() {
  Separate();
  out_.push_back('[');
  first_.push_back(true);
  return *this;
}

Writer& Writer::EndArray() {
  out_.push_back(']');
  first_.pop_back();
  return *this;
}

Writer& Writer::Key(absl::string_view key) {
  Separate();
  AppendQuoted(key, out_);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

Writer& Writer::String(absl::string_view text) {
  Separate();
  AppendQuoted(text, out_);
  return *this;
}

Writer& Writer::Int(std::int64_t number) { return Raw(std::to_string(number)); }

Writer& Writer::Number(double number) {
  if (!std::isfinite(number)) return Null();  // JSON cannot represent it.
  char buffer[32];
  // Parsers, including ours, refuse integers beyond 64 bits; with an exponent the number is a
  // double.
  const auto end =
      std::abs(number) < 9e18
          ? std::to_chars(buffer, buffer + sizeof(buffer), number).ptr
          : std::to_chars(buffer, buffer + sizeof(buffer), number, std::chars_format::scientific)
                .ptr;
  return Raw(absl::string_view(buffer, static_cast<std::size_t>(end - buffer)));
}

Writer& Writer::Bool(bool value) { return Raw(value ? "true" : "false"); }

Writer& Writer::Null() { return Raw("null"); }

Writer& Writer::Raw(absl::string_view json) {
  Separate();
  out_.append(json.data(), json.size());
  return *this;
}

}  // namespace countersign::json
