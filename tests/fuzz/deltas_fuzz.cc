// A text in the deltas of a stream, through dialect and masking with the default rules: the
// reassembled text does not depend on the deltas and equals the text in a body. Input: cut of the
// text, cut of the stream, form (even: a content), text.

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/utf8.h"
#include "libs/dialects/openai/document_answer.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/masking/field_masker.h"
#include "services/masking/profile_compiler.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

const std::shared_ptr<const text::redaction::RuleSet>& Rules() {
  static const auto& rules = *new std::shared_ptr<const text::redaction::RuleSet>(
      masking::CompileEntities({"tier1"}).value());
  return rules;
}

struct Outcome {
  std::string caller;
  bool ok = true;
};

// Feeds the pieces to `reader`, and its end.
Outcome Pass(dialects::AnswerReader& reader, const std::vector<absl::string_view>& pieces) {
  masking::FieldMasker masker(Rules());
  Outcome outcome;
  for (std::size_t i = 0; i <= pieces.size(); ++i) {
    const auto asked = i < pieces.size() ? reader.Feed(pieces[i]) : reader.Finish();
    outcome.ok = asked.ok();
    if (!outcome.ok) return outcome;
    auto releases = masker.Feed(*asked);
    outcome.ok = releases.ok();
    if (!outcome.ok) return outcome;
    const auto deliveries = reader.Release(*std::move(releases));
    Require(deliveries.ok(), "an answer that cannot be masked");
    for (const dialects::Delivery& delivery : *deliveries) outcome.caller += delivery.bytes;
  }
  return outcome;
}

// A message, or what a delta adds to it.
std::string Message(absl::string_view text, bool arguments) {
  const std::string quoted = json::Quote(text);
  return arguments
             ? absl::StrCat("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":", quoted,
                            "}}]}")
             : absl::StrCat("{\"content\":", quoted, "}");
}
std::string ReadText(const json::Value& message, bool arguments) {
  const json::Value text =
      arguments ? message["tool_calls"].at(0)["function"]["arguments"] : message["content"];
  return std::string(text.text());
}

std::string Joined(absl::string_view caller, bool arguments) {
  dialects::sse::Parser parser(64u << 20);
  std::vector<dialects::sse::Event> events;
  Require(parser.Feed(caller, events).ok() && parser.empty(), "no event stream", caller);
  std::string text;
  for (const dialects::sse::Event& event : events) {
    if (event.data == "[DONE]") continue;
    const auto document = json::Document::Parse(event.data);
    Require(document.ok(), "an event is no JSON", event.data);
    text += ReadText(document->root()["choices"].at(0)["delta"], arguments);
  }
  return text;
}

// Whether a piece begins with all of the piece before it, as repeated_texts.cc looks for it.
bool Grows(absl::string_view text, std::uint8_t cut) {
  std::string delta, last;
  for (const absl::string_view piece : Cut(text, cut)) {
    absl::StrAppend(&delta, piece);
    if (!IsUtf8(delta)) continue;
    if (last.size() >= 4 && absl::StartsWith(delta, last)) return true;
    last = std::exchange(delta, {});
  }
  return false;
}

// `text` in deltas: each piece is extended to the end of a character.
std::string InDeltas(absl::string_view text, std::uint8_t cut, bool arguments) {
  std::string stream, delta;
  for (const absl::string_view piece : Cut(text, cut)) {
    absl::StrAppend(&delta, piece);
    if (!IsUtf8(delta)) continue;
    absl::StrAppend(&stream,
                    "data: {\"choices\":[{\"index\":0,\"delta\":", Message(delta, arguments),
                    "}]}\n\n");
    delta.clear();
  }
  return stream +
         "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n" +
         "data: [DONE]\n\n";
}

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const std::uint8_t stream_cut = input.Byte();
  const bool arguments = input.Byte() % 2 == 1;
  const absl::string_view text = input.Rest();
  if (!IsUtf8(text)) return;

  dialects::openai::DocumentAnswer body({});
  const Outcome whole = Pass(
      body,
      {absl::StrCat("{\"choices\":[{\"index\":0,\"message\":", Message(text, arguments), "}]}")});
  dialects::openai::StreamAnswer reader({});
  const std::string stream = InDeltas(text, cut, arguments);
  const Outcome streamed = Pass(reader, Cut(stream, stream_cut));
  if (!whole.ok || !streamed.ok) return;  // a limit was reached: held text, or a long number
  const auto document = json::Document::Parse(whole.caller);
  Require(document.ok(), "a body is no JSON", whole.caller);
  const std::string expected = ReadText(document->root()["choices"].at(0)["message"], arguments);
  const std::string joined = Joined(streamed.caller, arguments);
  // Pieces that repeat the one before them and add to it may be read as one that grows: what only
  // that reading shows is masked, too.
  if (Grows(text, cut)) return;
  Require(joined == expected, "deltas differ from the whole", absl::StrCat(joined, "\n", expected));
}

}  // namespace countersign::fuzz
