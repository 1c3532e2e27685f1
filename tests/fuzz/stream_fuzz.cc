// A streamed answer: the caller gets the same bytes however the upstream's were cut, and no secret.
// Input: cut, bytes.

#include "absl/strings/match.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/dialects/sse/parser.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/json/document.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/secrets.h"

namespace countersign::fuzz {
namespace {

struct Outcome {
  std::string caller;
  bool ok = true;
};

Outcome Pass(const std::vector<absl::string_view>& pieces) {
  dialects::openai::StreamAnswer stream({});
  dialects::testing::LiteralMasking masking;
  Outcome outcome;
  for (std::size_t i = 0; i <= pieces.size(); ++i) {
    const auto asked = i < pieces.size() ? stream.Feed(pieces[i]) : stream.Finish();
    outcome.ok = asked.ok();
    if (!outcome.ok) return outcome;
    const auto deliveries = stream.Release(masking.Apply(*asked));
    outcome.ok = deliveries.ok();
    if (!outcome.ok) return outcome;
    for (const dialects::Delivery& delivery : *deliveries) outcome.caller += delivery.bytes;
  }
  return outcome;
}

void CheckNoSecret(const std::string& caller) {
  dialects::sse::Parser parser(1 << 20);
  std::vector<dialects::sse::Event> events;
  Require(parser.Feed(caller, events).ok(), "the caller gets no event stream", caller);
  for (const dialects::sse::Event& event : events) {
    Require(!absl::StrContains(event.fields, "SECRET"), "a secret leaves beside the data", caller);
    const auto document = json::Document::Parse(event.data);
    if (document.ok()) Require(!HoldsSecret(document->root()), "a secret leaves", caller);
  }
}

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const absl::string_view bytes = input.Rest();
  const Outcome expected = Pass({bytes});
  const Outcome outcome = Pass(Cut(bytes, cut));
  CheckNoSecret(outcome.caller);
  Require(outcome.ok == expected.ok, "one cut ends in an error, another does not", bytes);
  // After an error, how much was released before it depends on the pieces.
  if (outcome.ok) Require(outcome.caller == expected.caller, "other bytes", outcome.caller);
}

}  // namespace countersign::fuzz
