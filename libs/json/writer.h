#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::json {

// `text` as a JSON string with its quotes. Escapes only what JSON requires. REQUIRES: valid UTF-8.
std::string Quote(absl::string_view text);

// Writes compact JSON: members in the given order and no white space, so equal calls give equal
// bytes. Numbers are read back as the same value.
//   Writer w; w.BeginObject().Key("a").Int(1).EndObject(); w.str()
class Writer {
 public:
  Writer() = default;
  // Reserves space for about this many bytes.
  explicit Writer(std::size_t bytes) { out_.reserve(bytes); }

  Writer& BeginObject();
  Writer& EndObject();
  Writer& BeginArray();
  Writer& EndArray();
  Writer& Key(absl::string_view key);
  Writer& String(absl::string_view text);
  Writer& Int(std::int64_t number);
  Writer& Number(double number);
  Writer& Bool(bool value);
  Writer& Null();
  Writer& Raw(absl::string_view json);  // `json` is a JSON value

  const std::string& str() const { return out_; }
  // Like the above, without a copy; nothing may be written afterwards.
  std::string TakeString() { return std::move(out_); }

 private:
  void Separate();
  std::string out_;
  std::vector<bool> first_;
  bool after_key_ = false;
};

}  // namespace countersign::json
