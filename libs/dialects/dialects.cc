#include "libs/dialects/dialects.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/grpc_service/dialect.h"
#include "libs/dialects/kserve/dialect.h"
#include "libs/dialects/openai/dialect.h"

namespace countersign::dialects {

const Dialect& DefaultDialect() {
  static const auto& dialect = *new openai::OpenAiDialect;
  return dialect;
}

const Dialect& GuessDialect(absl::string_view path) {
  const bool kserve = absl::StrContains(absl::StrCat(path, "/"), "/v2/");
  return kserve ? *FindDialect(domain::Protocol::kKserveV2) : DefaultDialect();
}

const Dialect* FindDialect(domain::Protocol protocol) {
  static const auto& kserve = *new kserve::KserveDialect;
  static const auto& grpc = *new grpc_service::GrpcServiceDialect;
  switch (protocol) {
    case domain::Protocol::kOpenAi: return &DefaultDialect();
    case domain::Protocol::kKserveV2: return &kserve;
    case domain::Protocol::kGrpc: return &grpc;
    default: return nullptr;
  }
}

}  // namespace countersign::dialects
