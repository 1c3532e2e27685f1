#include "services/authn/access_keys/key_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::authn::access_keys {

std::string KeyPageToken(const KeyRecord& last) {
  return absl::StrCat(absl::ToUnixMicros(last.created_at), "-", last.id);
}

absl::StatusOr<KeyPlace> ParseKeyPageToken(absl::string_view token) {
  if (token.empty()) return KeyPlace{};
  const std::size_t dash = token.find('-');
  std::int64_t micros = 0;
  if (dash == absl::string_view::npos || !absl::SimpleAtoi(token.substr(0, dash), &micros)) {
    return InvalidField("page_token", "belongs to another listing");
  }
  return KeyPlace{absl::FromUnixMicros(micros), std::string(token.substr(dash + 1))};
}

}  // namespace countersign::authn::access_keys
