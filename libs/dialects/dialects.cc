#include "libs/dialects/dialects.h"

#include "libs/dialects/openai/dialect.h"

namespace countersign::dialects {

const Dialect& DefaultDialect() {
  static const auto& dialect = *new openai::OpenAiDialect;
  return dialect;
}

const Dialect* FindDialect(domain::Protocol protocol) {
  return protocol == domain::Protocol::kOpenAi ? &DefaultDialect() : nullptr;
}

}  // namespace countersign::dialects
