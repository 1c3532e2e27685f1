#pragma once

#include <memory>

#include "libs/dialects/dialect.h"

namespace countersign::dialects::kserve {

// Reads an answer over REST: JSON, JSON followed by binary data, nothing (health), or events. Of
// binary data the elements of BYTES are texts as over gRPC; sizes are written anew around masked
// ones, also the header that says where binary data begins.
std::unique_ptr<AnswerReader> OpenRestAnswer(const ReadCall& call, const AnswerHead& head,
                                             const AnswerOptions& options);

}  // namespace countersign::dialects::kserve
