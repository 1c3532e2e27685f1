#include "libs/http/http2/header_fields.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace countersign::http::http2 {
namespace {

constexpr std::size_t kFieldOverhead = 32;  // RFC 9113, section 6.5.2
constexpr std::size_t kHopeless = 4;

// The bytes that the parser of HTTP/1.1 accepts in a target.
bool IsTarget(absl::string_view path) {
  return absl::StartsWith(path, "/") && std::all_of(path.begin(), path.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte > 0x20 && byte != 0x7f && c != '#';
         });
}

}  // namespace

bool HeaderFields::Add(absl::string_view name, absl::string_view value) {
  bytes_ += name.size() + value.size() + kFieldOverhead;
  const bool pseudo = absl::StartsWith(name, ":");
  if (!pseudo) ++fields_;
  if (too_large()) {
    return bytes_ <= kHopeless * max_bytes_ && fields_ <= kHopeless * max_fields_;
  }
  if (name == ":method") {
    head_.method = std::string(value);
  } else if (name == ":path") {
    head_.target = std::string(value);
  } else if (name == ":scheme") {
    scheme_ = std::string(value);
  } else if (name == ":authority") {
    authority_ = std::string(value);
  } else if (name == ":status") {
    int status = 0;
    status_ = absl::SimpleAtoi(value, &status) ? status : 0;
  } else if (name == "cookie") {
    // Callers may split it (RFC 9113, section 8.2.3).
    absl::StrAppend(&cookie_, cookie_.empty() ? "" : "; ", value);
  } else if (!pseudo) {
    head_.headers.Add(name, value);
  }
  return true;
}

absl::StatusOr<ResponseHead> HeaderFields::TakeResponseHead() {
  if (too_large()) return absl::ResourceExhaustedError("the header list is too large");
  ResponseHead head;
  head.status = status_.value_or(0);
  head.headers = std::move(head_.headers);
  return head;
}

absl::Status HeaderFields::CheckHost() {
  const std::size_t hosts = head_.headers.Count("host");
  if (authority_.empty()) {
    if (hosts == 1 && !head_.headers.Get("host").empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("there is not exactly one host");
  }
  if (hosts > 1 || (hosts == 1 && !absl::EqualsIgnoreCase(head_.headers.Get("host"), authority_))) {
    return absl::InvalidArgumentError("the host is not the authority");
  }
  if (absl::StrContains(authority_, '@')) {
    return absl::InvalidArgumentError("the authority names a user");
  }
  head_.headers.Set("host", authority_);
  return absl::OkStatus();
}

absl::StatusOr<RequestHead> HeaderFields::TakeHead() {
  if (too_large()) return absl::ResourceExhaustedError("the header list is too large");
  if (!IsTarget(head_.target)) return absl::InvalidArgumentError("not a path");
  if (scheme_ != "http" && scheme_ != "https") {
    return absl::InvalidArgumentError("not a scheme of HTTP");
  }
  const absl::Status host = CheckHost();
  if (!host.ok()) return host;
  if (!cookie_.empty()) head_.headers.Add("cookie", cookie_);
  head_.version = 2;
  return std::move(head_);
}

}  // namespace countersign::http::http2
