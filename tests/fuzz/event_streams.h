#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/sse/parser.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/json/document.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/secrets.h"

// What streamed answers of all operations must hold.
namespace countersign::fuzz {

struct StreamOutcome {
  std::string caller;
  bool ok = true;
};

inline StreamOutcome PassStream(dialects::AnswerReader& stream,
                                const std::vector<absl::string_view>& pieces) {
  dialects::testing::LiteralMasking masking;
  StreamOutcome outcome;
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

inline void RequireNoSecret(const std::string& caller) {
  dialects::sse::Parser parser(1 << 20);
  std::vector<dialects::sse::Event> events;
  Require(parser.Feed(caller, events).ok(), "the caller gets no event stream", caller);
  for (const dialects::sse::Event& event : events) {
    Require(!absl::StrContains(event.fields, "SECRET"), "a secret leaves beside the data", caller);
    const auto document = json::Document::Parse(event.data);
    if (document.ok()) Require(!HoldsSecret(document->root()), "a secret leaves", caller);
  }
}

// The caller of an answer that `open` reads gets the same bytes however the upstream's were cut,
// and no secret. Input: cut, bytes.
inline void CheckStream(Input input,
                        const std::function<std::unique_ptr<dialects::AnswerReader>()>& open) {
  const std::uint8_t cut = input.Byte();
  const absl::string_view bytes = input.Rest();
  const StreamOutcome expected = PassStream(*open(), {bytes});
  const StreamOutcome outcome = PassStream(*open(), Cut(bytes, cut));
  RequireNoSecret(outcome.caller);
  Require(outcome.ok == expected.ok, "one cut ends in an error, another does not", bytes);
  // After an error, how much was released before it depends on the pieces.
  if (outcome.ok) Require(outcome.caller == expected.caller, "other bytes", outcome.caller);
}

}  // namespace countersign::fuzz
