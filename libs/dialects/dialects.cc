#include "libs/dialects/dialects.h"

#include "libs/dialects/openai/openai_dialect.h"

namespace countersign::dialects {

const Dialect& DefaultDialect() {
  static const auto& dialect = *new OpenAiDialect;
  return dialect;
}

const Dialect* DialectOf(domain::Protocol protocol) {
  return protocol == domain::Protocol::kOpenAi ? &DefaultDialect() : nullptr;
}

}  // namespace countersign::dialects
