#include "services/masking/replacement.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "services/masking/placeholders.h"

namespace countersign::masking {
namespace {

constexpr std::size_t kShownHashDigits = 12;

bool Continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Letters and digits of ASCII, and the first byte of every other character.
bool IsHidden(char byte) {
  const auto c = static_cast<unsigned char>(byte);
  return absl::ascii_isalnum(c) || (c >= 0x80 && !Continues(byte));
}

std::string KeepLast(absl::string_view original, std::size_t keep) {
  std::size_t characters = 0;
  for (const char byte : original) characters += IsHidden(byte) ? 1 : 0;
  std::size_t to_hide = characters > keep ? characters - keep : characters;
  std::string shown;
  bool hiding = false;  // whether the current code point is hidden
  for (const char byte : original) {
    if (!Continues(byte)) {
      hiding = IsHidden(byte) && to_hide > 0;
      if (hiding) {
        --to_hide;
        shown += '*';
      }
    }
    if (!hiding) shown += byte;
  }
  return shown;
}

}  // namespace

absl::Status SetReplacement(const domain::MaskingRule& action, const std::string& label,
                            const SecretString& hash_key, text::redaction::RedactionRule& rule) {
  using Action = domain::MaskingRule::Action;
  const std::string name = absl::StrCat("<", label, ">");
  rule.replacement = action.action == Action::kRedact ? "[REDACTED]" : name;
  rule.mixed_replacement = name;
  rule.rewrite = nullptr;
  switch (action.action) {
    case Action::kRedact:
    case Action::kReplace: return absl::OkStatus();
    case Action::kKeepLast:
      rule.rewrite = [keep = action.keep](absl::string_view original) {
        return KeepLast(original, keep);
      };
      return absl::OkStatus();
    case Action::kHash:
      rule.rewrite = [label, hash_key](absl::string_view original) {
        const std::string mac = crypto::HmacSha256(
            hash_key.Reveal(), LengthPrefixed().Add(label).Add(original).bytes());
        return absl::StrCat("<", label, ":", HexEncode(mac).substr(0, kShownHashDigits), ">");
      };
      return absl::OkStatus();
    case Action::kPlaceholder: rule.replacement = PlaceholderForm(label); return absl::OkStatus();
  }
  return absl::InternalError("unknown masking action");
}

}  // namespace countersign::masking
