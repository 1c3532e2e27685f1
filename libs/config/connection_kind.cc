#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/config/kinds.h"
#include "libs/protobuf_texts/descriptor_set.h"

namespace countersign::config {
namespace {

std::shared_ptr<const protobuf_texts::Schema> ReadDescriptors(Fields& spec) {
  Fields value = spec.Nested("descriptors");
  const std::string base64 = value.Required("inline");
  std::string set;
  if (base64.empty()) return nullptr;
  if (!absl::Base64Unescape(base64, &set)) {
    value.Mistake("inline", "must be base64 of a file descriptor set");
    return nullptr;
  }
  auto schema = protobuf_texts::ReadDescriptorSet(set);
  if (!schema.ok()) {
    spec.Mistake("descriptors", schema.status().message());
    return nullptr;
  }
  if ((*schema)->methods().empty()) {
    spec.Mistake("descriptors", "descriptor set: it has no service");
  }
  return *std::move(schema);
}

}  // namespace

void ReadPassThrough(Fields& spec, domain::Connection& connection) {
  connection.pass_through = spec.Strings("passThrough");
  if (connection.pass_through.empty()) return;
  if (connection.protocol != domain::Protocol::kOpenAi &&
      connection.protocol != domain::Protocol::kAnthropic) {
    spec.Mistake("passThrough", "is for the protocols openai and anthropic alone");
  }
  for (const std::string& path : connection.pass_through) {
    if (!absl::StartsWith(path, "/v1/") || path.find_first_of("%?#") != std::string::npos) {
      spec.Mistake("passThrough",
                   absl::StrCat("\"", path,
                                "\" must be a path that begins with /v1/; * stands for "
                                "any characters"));
    }
  }
}

void ReadGrpcService(Fields& spec, domain::Connection& connection) {
  if (connection.protocol != domain::Protocol::kGrpc) {
    for (const char* const field : {"descriptors", "texts"}) {
      if (spec.Has(field)) spec.Mistake(field, "is for protocol grpc alone");
    }
    return;
  }
  if (spec.Has("descriptors")) connection.schema = ReadDescriptors(spec);
  if (!spec.Has("texts")) return;
  Fields texts = spec.Nested("texts");
  connection.request_texts = texts.Strings("request");
  connection.response_texts = texts.Strings("response");
  if (texts.Has("endAfter")) {
    connection.texts_end_after = texts.Duration("endAfter", absl::InfiniteDuration(),
                                                absl::Milliseconds(100), absl::Minutes(5));
  }
}

}  // namespace countersign::config
