#include "libs/http/message.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace countersign::http {

void Headers::Set(absl::string_view name, absl::string_view value) {
  Remove(name);
  Add(name, value);
}

void Headers::Remove(absl::string_view name) {
  fields_.erase(
      std::remove_if(fields_.begin(), fields_.end(),
                     [&](const Field& field) { return absl::EqualsIgnoreCase(field.first, name); }),
      fields_.end());
}

absl::string_view Headers::Get(absl::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

std::size_t Headers::Count(absl::string_view name) const {
  return std::count_if(fields_.begin(), fields_.end(), [&](const Field& field) {
    return absl::EqualsIgnoreCase(field.first, name);
  });
}

bool Headers::HasToken(absl::string_view name, absl::string_view token) const {
  for (const auto& [key, value] : fields_) {
    if (!absl::EqualsIgnoreCase(key, name)) continue;
    for (absl::string_view item : absl::StrSplit(value, ',')) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(item), token)) return true;
    }
  }
  return false;
}

absl::string_view ReasonPhrase(int status) {
  const auto code = boost::beast::http::int_to_status(status);
  if (code == boost::beast::http::status::unknown) return "Unknown";
  const auto phrase = boost::beast::http::obsolete_reason(code);
  return absl::string_view(phrase.data(), phrase.size());
}

bool IsFieldValue(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

}  // namespace countersign::http
