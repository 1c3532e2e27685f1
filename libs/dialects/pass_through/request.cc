#include "libs/dialects/pass_through/request.h"

#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/members/partition.h"
#include "libs/dialects/openai/requests/json_request.h"
#include "libs/dialects/pass_through/content_type.h"
#include "libs/dialects/pass_through/paths.h"
#include "libs/dialects/query_texts.h"
#include "libs/json/any_json.h"

namespace countersign::dialects::pass_through {
namespace {

constexpr absl::string_view kMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
constexpr std::size_t kLongestType = 256;

absl::string_view FindHeader(const IncomingRequest& request, absl::string_view wanted) {
  for (const auto& [name, value] : request.headers) {
    if (absl::EqualsIgnoreCase(name, wanted)) return value;
  }
  return "";
}

// The type that is sent: as the caller wrote it, because a multipart body needs its boundary.
absl::StatusOr<std::string> ReadType(const IncomingRequest& request) {
  const absl::string_view type = FindHeader(request, "content-type");
  if (type.empty()) return "application/octet-stream";
  if (type.size() > kLongestType ||
      absl::c_any_of(type, [](char c) { return c < ' ' || c > '~'; })) {
    return absl::InvalidArgumentError(
        "content-type is too long, or has other characters than ASCII");
  }
  return std::string(type);
}

// Every string of such a document is text: nobody knows its members.
const members::Schema& EmptySchema() {
  static const auto& rules = *new std::vector<members::Rule>;
  static const auto& schema = *new members::Schema(kOperation, rules);
  return schema;
}

void AddText(absl::string_view pointer, absl::string_view text, members::TextPlace place,
             domain::Prompt& prompt, ReadCall& call) {
  domain::TextPart part;
  part.role = "user";
  part.pointer = std::string(pointer);
  part.text = std::string(text);
  prompt.parts.push_back(std::move(part));
  call.places.push_back(std::move(place));
}

absl::Status ReadJson(domain::Prompt& prompt, ReadCall& call) {
  const auto document = json::ParseAnyJson(call.body, json::BodyLimits(call.body.size()));
  if (!document.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the body is not valid JSON: ", document.status().message()));
  }
  const json::Value root = document->root();
  prompt.model = std::string(root["model"].text());
  prompt.stream = root["stream"].boolean().value_or(false);
  if (root.is(json::Type::kObject)) {
    CS_RETURN_IF_ERROR(openai::requests::ReadNumbers(root, {}, prompt));
  }
  members::Partition parts = members::Divide(EmptySchema(), root, call.body);
  prompt.parts = std::move(parts.texts);
  prompt.media = std::move(parts.media);
  prompt.members = std::move(parts.plain);
  call.places = std::move(parts.places);
  return absl::OkStatus();
}

absl::Status ReadBody(domain::Prompt& prompt, ReadCall& call) {
  if (IsJsonDocument(call.content_type)) return ReadJson(prompt, call);
  if (IsUtf8(call.body)) {
    AddText("", call.body, {0, call.body.size(), members::Encoding::kBytes, ""}, prompt, call);
    return absl::OkStatus();
  }
  prompt.media.push_back({"", call.content_type.substr(0, call.content_type.find(';')),
                          call.body.size(), HexEncode(crypto::Sha256(call.body))});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReadCall> Read(const IncomingRequest& request) {
  if (request.rpc || request.connection == nullptr ||
      !IsListed(*request.connection, request.path)) {
    return absl::NotFoundError(
        absl::StrCat("unknown request: ", request.method, " ", request.path));
  }
  if (!absl::c_linear_search(kMethods, request.method)) {
    return absl::InvalidArgumentError(
        absl::StrCat("method ", request.method, " is not passed through"));
  }
  ReadCall call;
  domain::Prompt prompt;
  prompt.operation = kOperation;
  CS_ASSIGN_OR_RETURN(call.body, openai::requests::ReadBody(request));
  if (!call.body.empty()) {
    CS_ASSIGN_OR_RETURN(call.content_type, ReadType(request));
    CS_RETURN_IF_ERROR(ReadBody(prompt, call));
  }
  prompt.parameters["body_bytes"] = static_cast<double>(call.body.size());
  AddText("/:path", request.path, {}, prompt, call);
  call.method = request.method;
  call.upstream_path = std::string(absl::StripPrefix(request.path, "/v1"));
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  CS_RETURN_IF_ERROR(AddQuery(request.query, call));
  return call;
}

}  // namespace countersign::dialects::pass_through
