#include "services/edge/call/headers/header_rules.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "libs/base/status.h"
#include "services/edge/call/headers/header_values.h"

namespace countersign::edge::call::headers {
namespace {

constexpr absl::string_view kToUpstream[] = {"accept",      "user-agent",        "traceparent",
                                             "openai-beta", "anthropic-version", "anthropic-beta"};

constexpr absl::string_view kToRpcUpstream[] = {"user-agent", "traceparent"};

constexpr absl::string_view kToCaller[] = {"content-type", "retry-after", "retry-after-ms",
                                           "x-should-retry", "cache-control"};
constexpr absl::string_view kToCallerPrefix[] = {"openai-", "anthropic-", "x-ratelimit-"};

template <std::size_t N>
bool IsOneOf(absl::string_view name, const absl::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

template <std::size_t N>
bool BeginsWithOneOf(absl::string_view name, const absl::string_view (&list)[N]) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](absl::string_view prefix) { return absl::StartsWith(name, prefix); });
}

absl::Status Unauthenticated(absl::string_view reason, absl::string_view message) {
  return WithReason(absl::UnauthenticatedError(message), reason);
}

std::size_t Count(const dialects::HeaderList& headers, absl::string_view name) {
  return std::count_if(headers.begin(), headers.end(), [&](const auto& field) {
    return absl::EqualsIgnoreCase(field.first, name);
  });
}

// The caller's headers of these names that may go upstream.
dialects::HeaderList Select(const dialects::HeaderList& from_caller,
                            absl::Span<const absl::string_view> allowed) {
  // What `Connection` names belongs to the caller's connection alone. Looked up once per name,
  // because callers choose the number of fields and tokens.
  std::vector<absl::string_view> names;
  for (const absl::string_view name : allowed) {
    if (!HasToken(from_caller, "connection", name)) names.push_back(name);
  }
  dialects::HeaderList result;
  for (const auto& [name, value] : from_caller) {
    const std::string lower = absl::AsciiStrToLower(name);
    if (std::find(names.begin(), names.end(), lower) == names.end()) continue;
    const absl::string_view stripped = absl::StripAsciiWhitespace(value);
    const std::string betas = lower == "anthropic-beta" ? KeepAnthropicBetas(stripped) : "";
    if (!betas.empty()) {
      result.emplace_back(lower, betas == stripped ? value : betas);
    } else if (MayGoUpstream(lower, stripped)) {
      result.emplace_back(lower, lower == "traceparent" ? ReplaceTraceParent(stripped) : value);
    }
  }
  return result;
}

}  // namespace

absl::string_view FindHeader(const dialects::HeaderList& headers, absl::string_view name) {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

bool HasToken(const dialects::HeaderList& headers, absl::string_view name,
              absl::string_view token) {
  for (const auto& [key, value] : headers) {
    if (!absl::EqualsIgnoreCase(key, name)) continue;
    for (absl::string_view item : absl::StrSplit(value, absl::ByAnyChar(",;"))) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(item), token)) return true;
    }
  }
  return false;
}

absl::StatusOr<SecretString> ReadCredential(const dialects::HeaderList& headers) {
  const std::size_t count = Count(headers, "authorization");
  if (count > 1 || Count(headers, "x-api-key") > 1) {
    return Unauthenticated("credential_malformed", "more than one credential was sent");
  }
  absl::string_view credential;
  if (count == 1) {
    const absl::string_view value = FindHeader(headers, "authorization");
    if (!absl::StartsWithIgnoreCase(value, "bearer ")) {
      return Unauthenticated("credential_malformed", "Authorization must be: Bearer CREDENTIAL");
    }
    credential = absl::StripAsciiWhitespace(value.substr(7));
  } else {
    credential = absl::StripAsciiWhitespace(FindHeader(headers, "x-api-key"));
  }
  if (credential.empty()) {
    return Unauthenticated("credential_missing",
                           "send a credential: Authorization: Bearer CREDENTIAL");
  }
  return SecretString(std::string(credential));
}

dialects::HeaderList UpstreamHeaders(const dialects::HeaderList& from_caller,
                                     const domain::Connection& connection,
                                     absl::string_view content_type) {
  dialects::HeaderList result = Select(from_caller, kToUpstream);
  const auto add = [&](absl::string_view name, const std::string& value) {
    if (!value.empty()) result.emplace_back(name, value);
  };
  add("openai-organization", connection.organization);
  add("openai-project", connection.project);
  if (!content_type.empty()) result.emplace_back("content-type", content_type);
  result.emplace_back("accept-encoding", "identity");
  return result;
}

dialects::HeaderList RpcHeaders(const dialects::HeaderList& from_caller) {
  dialects::HeaderList result = Select(from_caller, kToRpcUpstream);
  result.emplace_back("content-type", "application/grpc");
  result.emplace_back("te", "trailers");
  result.emplace_back("grpc-accept-encoding", "identity");
  return result;
}

dialects::HeaderList CallerHeaders(const dialects::HeaderList& from_upstream) {
  dialects::HeaderList result;
  for (const auto& [name, value] : from_upstream) {
    const std::string lower = absl::AsciiStrToLower(name);
    if (!MayGoToCaller(lower, absl::StripAsciiWhitespace(value))) continue;
    const bool is_id = lower == "x-request-id" || lower == "request-id";
    if (is_id && FindHeader(result, "x-upstream-request-id").empty()) {
      result.emplace_back("x-upstream-request-id", value);
    } else if (is_id) {
      continue;
    } else if (IsOneOf(lower, kToCaller) || BeginsWithOneOf(lower, kToCallerPrefix)) {
      result.emplace_back(lower, value);
    }
  }
  return result;
}

}  // namespace countersign::edge::call::headers
