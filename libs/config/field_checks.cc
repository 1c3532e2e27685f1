#include "libs/config/field_checks.h"

#include "absl/strings/match.h"

namespace countersign::config {

std::vector<std::string> RequiredStrings(Fields& fields, absl::string_view name) {
  std::vector<std::string> values = fields.Strings(name);
  if (!fields.Has(name)) fields.Mistake(name, "is required");
  if (fields.Has(name) && values.empty()) fields.Mistake(name, "must not be empty");
  return values;
}

void CheckUrl(Fields& fields, absl::string_view name, absl::string_view url,
              bool may_be_grpc) {
  if (url.empty()) return;
  const bool http = absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://");
  const bool grpc =
      may_be_grpc && (absl::StartsWith(url, "grpc://") || absl::StartsWith(url, "grpcs://"));
  const std::size_t host = url.find("://") + 3;
  if (!(http || grpc) || host >= url.size() || url[host] == '/') {
    fields.Mistake(name, may_be_grpc ? "must be a grpc://, grpcs://, http:// or https:// address"
                                     : "must be an http:// or https:// address");
  } else if (absl::StrContains(url, '@') || absl::StrContains(url, '#') ||
             absl::StrContains(url, ' ') || absl::StrContains(url, '?')) {
    fields.Mistake(name, "must be an address without credentials, query or fragment");
  }
}

}  // namespace countersign::config
