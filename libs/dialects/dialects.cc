#include "libs/dialects/dialects.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/anthropic/dialect.h"
#include "libs/dialects/grpc_service/dialect.h"
#include "libs/dialects/kserve/dialect.h"
#include "libs/dialects/openai/dialect.h"
#include "libs/dialects/pass_through/dialect.h"

namespace countersign::dialects {

const Dialect& DefaultDialect() {
  static const auto& dialect = *new openai::OpenAiDialect;
  return dialect;
}

const Dialect& GuessDialect(absl::string_view path) {
  const std::string closed = absl::StrCat(path, "/");
  if (absl::StrContains(closed, "/v2/")) return *FindDialect(domain::Protocol::kKserveV2);
  if (absl::StrContains(closed, "/v1/messages/")) return *FindDialect(domain::Protocol::kAnthropic);
  return DefaultDialect();
}

const Dialect* FindDialect(domain::Protocol protocol) {
  static const auto& anthropic = *new anthropic::AnthropicDialect;
  static const auto& kserve = *new kserve::KserveDialect;
  static const auto& grpc = *new grpc_service::GrpcServiceDialect;
  switch (protocol) {
    case domain::Protocol::kOpenAi: return &DefaultDialect();
    case domain::Protocol::kAnthropic: return &anthropic;
    case domain::Protocol::kKserveV2: return &kserve;
    case domain::Protocol::kGrpc: return &grpc;
    default: return nullptr;
  }
}

const Dialect* FindPassThrough(domain::Protocol protocol) {
  using pass_through::PassThroughDialect;
  static const auto& openai = *new PassThroughDialect(DefaultDialect());
  static const auto& anthropic =
      *new PassThroughDialect(*FindDialect(domain::Protocol::kAnthropic));
  if (protocol == domain::Protocol::kOpenAi) return &openai;
  return protocol == domain::Protocol::kAnthropic ? &anthropic : nullptr;
}

}  // namespace countersign::dialects
