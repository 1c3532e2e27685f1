#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "services/authn/vault/vault.h"

namespace countersign::authn::vault {
namespace {

constexpr std::size_t kMaxSpecBytes = 64u << 10;

absl::Status Mistake(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("spec.", path, ": ", what));
}

bool HasControl(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

absl::StatusOr<std::string> Inline(json::Value value, absl::string_view path) {
  absl::string_view text = value["inline"].text();
  while (absl::EndsWith(text, "\n") || absl::EndsWith(text, "\r")) text.remove_suffix(1);
  if (text.empty()) return Mistake(path, "is empty");
  return std::string(text);
}

absl::StatusOr<std::string> HeaderText(json::Value value, absl::string_view path) {
  CS_ASSIGN_OR_RETURN(std::string text, Inline(value, path));
  if (HasControl(text)) return Mistake(path, "has a control character or a line break in it");
  return text;
}

// Headers that the gateway or HTTP itself sets on an upstream request.
bool IsReserved(absl::string_view name) {
  for (const absl::string_view reserved :
       {"host", "content-length", "content-type", "content-encoding", "transfer-encoding",
        "connection", "keep-alive", "upgrade", "te", "trailer", "expect", "proxy-connection",
        "accept", "accept-encoding"}) {
    if (name == reserved) return true;
  }
  return false;
}

absl::StatusOr<std::string> HeaderName(json::Value name) {
  const std::string lower = absl::AsciiStrToLower(name.text());
  constexpr absl::string_view kToken = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
  if (lower.empty() || lower.size() > 128 ||
      lower.find_first_not_of(std::string(kToken)) != std::string::npos) {
    return Mistake("header.name", "is not a header's name");
  }
  if (IsReserved(lower)) return Mistake("header.name", "is one that the gateway sets itself");
  return lower;
}

absl::StatusOr<domain::CredentialLease> HeaderLease(std::string name, std::string value) {
  domain::CredentialLease lease;
  lease.headers.push_back({std::move(name), SecretString(std::move(value))});
  return lease;
}

absl::StatusOr<domain::CredentialLease> BasicLease(json::Value basic) {
  const absl::string_view username = basic["username"].text();
  if (username.empty() || absl::StrContains(username, ":") || HasControl(username)) {
    return Mistake("basic.username", "is empty or has a colon or control character in it");
  }
  CS_ASSIGN_OR_RETURN(const std::string password, HeaderText(basic["password"], "basic.password"));
  return HeaderLease(
      "authorization",
      absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(username, ":", password))));
}

absl::StatusOr<domain::CredentialLease> MutualTlsLease(json::Value mtls) {
  CS_ASSIGN_OR_RETURN(std::string certificate, Inline(mtls["cert"], "mtls.cert"));
  CS_ASSIGN_OR_RETURN(std::string key, Inline(mtls["key"], "mtls.key"));
  if (!absl::StrContains(certificate, "-----BEGIN CERTIFICATE-----")) {
    return Mistake("mtls.cert", "is not a PEM certificate");
  }
  if (!absl::StrContains(key, "PRIVATE KEY-----")) {
    return Mistake("mtls.key", "is not a PEM private key");
  }
  domain::CredentialLease lease;
  lease.client_certificate_pem = SecretString(std::move(certificate));
  lease.client_key_pem = SecretString(std::move(key));
  return lease;
}

}  // namespace

absl::StatusOr<domain::CredentialLease> ParseCredentialSpec(const SecretString& spec) {
  json::Limits limits;
  limits.max_bytes = kMaxSpecBytes;
  limits.max_depth = 4;
  const auto document = json::Document::Parse(spec.Reveal(), limits);
  // The parser's message is not passed on: it could quote a misplaced secret.
  if (!document.ok()) return absl::InvalidArgumentError("spec: is not valid JSON, or over 64 KiB");
  const json::Value root = document->root();
  if (!root.is(json::Type::kObject) || root.size() != 1) {
    return absl::InvalidArgumentError("spec: needs exactly one of bearer, header, basic, mtls");
  }
  const json::Value form = root.at(0);
  if (root.key(0) == "bearer") {
    CS_ASSIGN_OR_RETURN(const std::string token, HeaderText(form, "bearer"));
    return HeaderLease("authorization", absl::StrCat("Bearer ", token));
  }
  if (root.key(0) == "header") {
    CS_ASSIGN_OR_RETURN(std::string name, HeaderName(form["name"]));
    CS_ASSIGN_OR_RETURN(std::string value, HeaderText(form["value"], "header.value"));
    return HeaderLease(std::move(name), std::move(value));
  }
  if (root.key(0) == "basic") return BasicLease(form);
  if (root.key(0) == "mtls") return MutualTlsLease(form);
  return absl::InvalidArgumentError("spec: needs exactly one of bearer, header, basic, mtls");
}

}  // namespace countersign::authn::vault
