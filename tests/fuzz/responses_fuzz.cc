// A streamed response: the caller gets the same bytes however the upstream's were cut, and no
// secret. Input: cut, bytes.

#include "libs/dialects/openai/testing/response_streams.h"
#include "tests/fuzz/event_streams.h"

namespace countersign::fuzz {

void Run(Input input) {
  CheckStream(input, [] { return dialects::openai::testing::OpenAnswer("responses", true); });
}

}  // namespace countersign::fuzz
