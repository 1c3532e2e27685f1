#include "libs/base/text/url_form.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/hex_digits.h"
#include "libs/base/status.h"

namespace countersign {
namespace {

void AppendEncoded(absl::string_view text, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      absl::StrAppend(&out, "%", absl::Hex(byte, absl::kZeroPad2));
    }
  }
}

absl::StatusOr<std::string> Decode(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const absl::string_view digits = text.substr(i + 1, 2);
      const auto byte = digits.size() == 2 ? ParseHex(digits) : std::nullopt;
      if (!byte) return absl::InvalidArgumentError("the form is not urlencoded");
      out += static_cast<char>(*byte);
      i += 2;
    }
  }
  return out;
}

}  // namespace

std::string EncodeUrlForm(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string form;
  for (const auto& [name, value] : members) {
    if (!form.empty()) form += '&';
    AppendEncoded(name, form);
    form += '=';
    AppendEncoded(value, form);
  }
  return form;
}

absl::StatusOr<std::map<std::string, std::string>> DecodeUrlForm(absl::string_view text) {
  std::map<std::string, std::string> members;
  for (const absl::string_view pair : absl::StrSplit(text, '&', absl::SkipEmpty())) {
    const std::size_t equals = pair.find('=');
    CS_ASSIGN_OR_RETURN(std::string name, Decode(pair.substr(0, equals)));
    CS_ASSIGN_OR_RETURN(std::string value,
                        Decode(equals == absl::string_view::npos ? "" : pair.substr(equals + 1)));
    if (value.empty()) continue;
    if (!members.emplace(std::move(name), std::move(value)).second) {
      return absl::InvalidArgumentError("a member of the form is there twice");
    }
  }
  return members;
}

}  // namespace countersign
