// An answer in one body: no secret is released, and without secrets it is unchanged. Input: status
// (even: 200), body.

#include "absl/strings/match.h"
#include "libs/dialects/openai/document_answer.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/json/document.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/secrets.h"

namespace countersign::fuzz {

void Run(Input input) {
  dialects::openai::DocumentAnswer::Options options;
  options.status = input.Byte() % 2 == 0 ? 200 : 400;
  const absl::string_view body = input.Rest();
  dialects::openai::DocumentAnswer reader(options);
  dialects::testing::LiteralMasking masking;
  std::string caller;
  bool masked = false;
  for (const bool end : {false, true}) {
    const auto asked = end ? reader.Finish() : reader.Feed(body);
    if (!asked.ok()) return;
    const auto deliveries = reader.Release(masking.Apply(*asked));
    if (!deliveries.ok()) return;
    for (const dialects::Delivery& delivery : *deliveries) {
      caller += delivery.bytes;
      masked = masked || !delivery.masked.empty();
    }
  }
  const auto document = json::Document::Parse(caller);
  Require(document.ok() ? !HoldsSecret(document->root()) : !absl::StrContains(caller, "SECRET"),
          "a secret leaves", caller);
  if (json::Document::Parse(body).ok()) {
    Require(document.ok(), "JSON does not stay JSON", caller);
    // Log probabilities that could reveal a text in another form are always removed.
    const bool bare = !absl::StrContains(body, "logprobs") && !absl::StrContains(body, "\\u");
    if (!masked && bare) Require(caller == body, "an untouched body changed", caller);
  }
}

}  // namespace countersign::fuzz
