#include "libs/json/writer.h"

#include <charconv>
#include <cmath>

namespace countersign::json {

std::string Quote(absl::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() + 2);
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(kHex[c >> 4]);
          out.push_back(kHex[c & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
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
  out_ += Quote(key);
  out_.push_back(':');
  after_key_ = true;
  return *this;
}

Writer& Writer::String(absl::string_view text) { return Raw(Quote(text)); }

Writer& Writer::Int(std::int64_t number) { return Raw(std::to_string(number)); }

Writer& Writer::Number(double number) {
  if (!std::isfinite(number)) return Null();  // JSON has no other word for it.
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), number).ptr;
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
