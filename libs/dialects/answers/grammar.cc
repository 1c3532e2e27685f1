#include "libs/dialects/answers/grammar.h"

#include "libs/base/status.h"

namespace countersign::dialects::answers {

absl::Status UnknownAnswerError() {
  return WithReason(
      absl::FailedPreconditionError("the model answered in a form that the masking profile of this "
                                    "call refuses (unknownEvents: refuse)"),
      kUnknownEvent);
}

}  // namespace countersign::dialects::answers
