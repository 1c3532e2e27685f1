#pragma once

#include "libs/dialects/members/schema.h"

// The members of requests without messages.
namespace countersign::dialects::openai::simple {

const members::Schema& CompletionSchema();
const members::Schema& EmbeddingSchema();
const members::Schema& ModerationSchema();

}  // namespace countersign::dialects::openai::simple
