// A streamed answer: the caller gets the same bytes however the upstream's were cut, and no secret.
// Input: cut, bytes.

#include "libs/dialects/openai/stream_answer.h"
#include "tests/fuzz/event_streams.h"

namespace countersign::fuzz {

void Run(Input input) {
  CheckStream(input, [] {
    return std::make_unique<dialects::openai::StreamAnswer>(
        dialects::openai::StreamAnswer::Options());
  });
}

}  // namespace countersign::fuzz
