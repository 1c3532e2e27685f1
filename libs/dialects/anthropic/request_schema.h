#pragma once

#include "libs/dialects/members/schema.h"

namespace countersign::dialects::anthropic {

// The members of POST /v1/messages, of /v1/messages/count_tokens, and of /v1/messages/batches.
const members::Schema& MessagesSchema();
const members::Schema& CountTokensSchema();
const members::Schema& CreateBatchSchema();

}  // namespace countersign::dialects::anthropic
