#pragma once

#include "absl/time/time.h"
#include "libs/http/exchange.h"
#include "services/demo_model/witness.h"

namespace countersign::demo_model {

// Answers /v1/models and /v1/chat/completions as script.h says, one piece of a stream every `pace`.
// `witness` must outlive it.
http::Handler MakeModel(Witness& witness, absl::Duration pace);

}  // namespace countersign::demo_model
