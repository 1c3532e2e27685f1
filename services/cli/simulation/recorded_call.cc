#include "services/cli/simulation/recorded_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "libs/dialects/pass_through/request.h"
#include "libs/json/document.h"

namespace countersign::cli::simulation {
namespace {

// A payload holds a body and a copy of its texts.
constexpr json::Limits kLimits{.max_bytes = 256u << 20, .max_depth = 8};

std::string Text(json::Value object, absl::string_view name) {
  return std::string(object[name].text());
}

domain::Principal ReadPrincipal(json::Value recorded) {
  domain::Principal principal;
  principal.issuer = Text(recorded, "issuer");
  principal.subject = Text(recorded, "subject");
  principal.identity = Text(recorded, "identity");
  principal.owner = Text(recorded, "owner");
  principal.kind = domain::IdentityKindFromString(recorded["kind"].text());
  const json::Value groups = recorded["groups"];
  for (std::size_t i = 0; i < groups.size(); ++i) {
    principal.groups.emplace_back(groups.at(i).text());
  }
  return principal;
}

// The path below the connection's prefix, from "/v1" on, or the method of an RPC.
std::string PathBelow(absl::string_view path, const domain::Connection& connection) {
  absl::string_view below = path;
  if (absl::ConsumePrefix(&below, absl::StrCat("/", connection.name, "/"))) {
    return absl::StrCat("/", below);
  }
  const absl::string_view prefix = absl::StripSuffix(connection.path_prefix, "/");
  if (!prefix.empty() && absl::ConsumePrefix(&below, prefix)) return std::string(below);
  return std::string(path);
}

bool SameText(const domain::TextPart& a, const domain::TextPart& b) {
  return a.role == b.role && a.pointer == b.pointer && a.text == b.text;
}

// Whether `part` is of the query, which is recorded as texts only (libs/dialects/query_texts.h).
bool IsOfQuery(const domain::TextPart& part) { return absl::StartsWith(part.pointer, "/?"); }

// Adds the recorded texts of the query. False when the recorded texts are not those of `prompt`.
bool CompletePrompt(const domain::Prompt& recorded, domain::Prompt& prompt) {
  if (prompt.operation != recorded.operation || prompt.model != recorded.model ||
      prompt.parts.size() > recorded.parts.size() ||
      !std::equal(prompt.parts.begin(), prompt.parts.end(), recorded.parts.begin(), SameText)) {
    return false;
  }
  for (std::size_t i = prompt.parts.size(); i < recorded.parts.size(); ++i) {
    if (!IsOfQuery(recorded.parts[i])) return false;
    prompt.parts.push_back(recorded.parts[i]);
  }
  return true;
}

// A way in which a request may have been read.
struct Reading {
  const dialects::Dialect* dialect = nullptr;
  bool rpc = false;
  dialects::HeaderList headers;
};

// Neither whether it came over gRPC nor its content type is recorded; CompletePrompt recognises the
// right reading.
std::vector<Reading> ListReadings(const RecordedCall& call, const domain::Connection& connection) {
  const dialects::Dialect* const dialect = dialects::FindDialect(connection.protocol);
  std::vector<Reading> readings = {{dialect, false, {}}, {dialect, true, {}}};
  const dialects::Dialect* const passes = dialects::FindPassThrough(connection.protocol);
  if (passes == nullptr || call.prompt.operation != dialects::pass_through::kOperation) {
    return readings;
  }
  for (const char* const type : {"application/json", "application/octet-stream"}) {
    readings.push_back({passes, false, {{"content-type", type}}});
  }
  return readings;
}

}  // namespace

absl::StatusOr<RecordedCall> ReadRecordedCall(absl::string_view payload) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(payload, kLimits));
  const json::Value root = document.root();
  if (!root["principal"].exists() || !root["operation"].exists()) {
    return absl::InvalidArgumentError("not the record of a request");
  }
  RecordedCall call;
  call.principal = ReadPrincipal(root["principal"]);
  call.connection = Text(root, "connection");
  call.method = Text(root, "method");
  call.path = Text(root, "path");
  call.body = Text(root, "body");
  if (const json::Value encoded = root["body_base64"]; encoded.exists()) {
    CS_ASSIGN_OR_RETURN(call.body, Base64UrlDecode(encoded.text()));
  }
  call.prompt.operation = Text(root, "operation");
  call.prompt.model = Text(root, "model");
  call.prompt.stream = root["stream"].boolean().value_or(false);
  const json::Value parts = root["parts"];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    domain::TextPart part;
    part.role = Text(parts.at(i), "role");
    part.pointer = Text(parts.at(i), "pointer");
    part.text = Text(parts.at(i), "text");
    call.prompt.parts.push_back(std::move(part));
  }
  return call;
}

absl::StatusOr<domain::Prompt> ReadPromptAgain(const RecordedCall& call,
                                               const domain::Connection& connection) {
  if (dialects::FindDialect(connection.protocol) == nullptr) {
    return absl::InvalidArgumentError("its connection's protocol is not supported");
  }
  absl::Status failure;
  for (const Reading& reading : ListReadings(call, connection)) {
    const dialects::IncomingRequest request{call.method, PathBelow(call.path, connection),
                                            "",          reading.headers,
                                            call.body,   true,
                                            reading.rpc, &connection};
    const absl::StatusOr<dialects::ReadCall> read = reading.dialect->Read(request);
    if (!read.ok()) {
      if (failure.ok()) failure = read.status();
      continue;
    }
    domain::Prompt prompt = *read->prompt;
    if (CompletePrompt(call.prompt, prompt)) return prompt;
    failure = absl::FailedPreconditionError("its body is read otherwise than when it was recorded");
  }
  return failure;
}

}  // namespace countersign::cli::simulation
