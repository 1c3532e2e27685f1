#pragma once

#include "absl/time/time.h"
#include "libs/http/exchange.h"
#include "services/demo_model/request_log.h"

namespace countersign::demo_model {

// Serves /v1/models, OpenAI's /v1/chat/completions and Anthropic's /v1/messages with the answers of
// script.h, one piece of a stream every `pace`. `log` must outlive the handler.
http::Handler MakeModel(RequestLog& log, absl::Duration pace);

}  // namespace countersign::demo_model
