// A text in the deltas of a stream, through dialect and masking with the default rules: the
// reassembled text does not depend on the deltas and equals the text in a body. Where deltas repeat
// the one before them and add to it, some callers keep the last one only: what only that reading
// shows is masked, too. Input: cut of the text, cut of the stream, form (bit 0: arguments instead
// of a content; bit 1: each delta repeats those before it), text.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
  bool refused = false;  // the answer ended, because a match could not be replaced
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
    outcome.refused = absl::IsFailedPrecondition(deliveries.status());
    Require(deliveries.ok() || outcome.refused, "an answer that cannot be read");
    outcome.ok = deliveries.ok();
    if (!outcome.ok) return outcome;
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

// The text in each event that the caller gets.
std::vector<std::string> ReadEvents(absl::string_view caller, bool arguments) {
  dialects::sse::Parser parser(64u << 20);
  std::vector<dialects::sse::Event> events;
  Require(parser.Feed(caller, events).ok() && parser.empty(), "no event stream", caller);
  std::vector<std::string> texts;
  for (const dialects::sse::Event& event : events) {
    if (event.data == "[DONE]") continue;
    const auto document = json::Document::Parse(event.data);
    Require(document.ok(), "an event is no JSON", event.data);
    texts.push_back(ReadText(document->root()["choices"].at(0)["delta"], arguments));
  }
  return texts;
}

// The deltas of `text`: each piece is extended to the end of a character.
std::vector<std::string> MakeDeltas(absl::string_view text, std::uint8_t cut, bool grow) {
  std::vector<std::string> deltas;
  std::string delta;
  for (const absl::string_view piece : Cut(text, cut)) {
    absl::StrAppend(&delta, piece);
    if (!IsUtf8(delta)) continue;
    if (!delta.empty()) deltas.push_back(delta);
    if (!grow) delta.clear();
  }
  return deltas;
}

std::string ToEvent(absl::string_view delta, bool arguments) {
  return absl::StrCat("data: {\"choices\":[{\"index\":0,\"delta\":", Message(delta, arguments),
                      "}]}\n\n");
}
constexpr char kEnd[] =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

domain::FieldRelease Mask(absl::string_view text, bool arguments) {
  masking::FieldMasker masker(Rules());
  const auto releases =
      masker.Feed({{arguments ? "a/arguments" : "content", std::string(text), true}});
  return releases.ok() ? releases->front() : domain::FieldRelease();
}

// What the masker finds in `text`, as it stands there, unless the same stays in another place.
std::vector<std::string> FindMatches(absl::string_view text, bool arguments) {
  const domain::FieldRelease masked = Mask(text, arguments);
  std::vector<std::string> matches;
  for (const domain::MaskedSpan& span : masked.masked) {
    const absl::string_view match = text.substr(span.in_begin, span.in_end - span.in_begin);
    if (!absl::StrContains(masked.text, match)) matches.emplace_back(match);
  }
  return matches;
}

// Whether a delta begins with the one before it, as repeated_texts.cc looks for it.
bool Grows(const std::vector<std::string>& deltas, std::size_t at) {
  constexpr std::size_t kShortestGrowth = 4;
  return at > 0 && at < deltas.size() && deltas[at - 1].size() >= kShortestGrowth &&
         absl::StartsWith(deltas[at], deltas[at - 1]);
}

// A text that grows over several deltas, as callers read it that keep the last one only.
struct Grown {
  std::string text;
  std::string outside;  // all other deltas
};

std::vector<Grown> FindGrown(const std::vector<std::string>& deltas) {
  std::vector<Grown> grown;
  for (std::size_t first = 0, last = 0; first < deltas.size(); first = ++last) {
    while (Grows(deltas, last + 1)) ++last;
    if (first == last) continue;
    Grown found{deltas[last], ""};
    for (std::size_t i = 0; i < deltas.size(); ++i) {
      if (i < first || last < i) absl::StrAppend(&found.outside, deltas[i]);
    }
    for (std::size_t i = first + 1; i <= last; ++i) {  // where nothing is added the text ends
      if (i == last || deltas[i + 1] == deltas[i]) grown.push_back({deltas[i], found.outside});
    }
  }
  return grown;
}

}  // namespace

void Run(Input input) {
  const std::uint8_t cut = input.Byte();
  const std::uint8_t stream_cut = input.Byte();
  const std::uint8_t form = input.Byte();
  const bool arguments = form % 2 == 1;
  const absl::string_view text = input.Rest();
  if (!IsUtf8(text)) return;
  const std::vector<std::string> deltas = MakeDeltas(text, cut, form / 2 % 2 == 1);
  std::string stream, all;
  for (const std::string& delta : deltas) {
    absl::StrAppend(&stream, ToEvent(delta, arguments));
    absl::StrAppend(&all, delta);
  }

  dialects::openai::DocumentAnswer body({});
  const Outcome whole = Pass(
      body,
      {absl::StrCat("{\"choices\":[{\"index\":0,\"message\":", Message(all, arguments), "}]}")});
  dialects::openai::StreamAnswer reader({});
  const Outcome streamed = Pass(reader, Cut(absl::StrCat(stream, kEnd), stream_cut));
  // A match in a number of JSON that grows cannot be replaced in what was respelled already.
  const bool may_refuse = !FindGrown(deltas).empty();
  Require(!whole.refused && (!streamed.refused || may_refuse), "an answer that cannot be masked");
  if (!whole.ok || !streamed.ok) return;  // a limit was reached: held text, or a long number
  const auto document = json::Document::Parse(whole.caller);
  Require(document.ok(), "a body is no JSON", whole.caller);
  const std::string expected = ReadText(document->root()["choices"].at(0)["message"], arguments);
  const std::vector<std::string> sent = ReadEvents(streamed.caller, arguments);
  bool found = false;
  for (const Grown& grown : FindGrown(deltas)) {
    found |= !Mask(grown.text, arguments).masked.empty();
    for (const std::string& match : FindMatches(grown.text, arguments)) {
      // In a text that does not grow the same may be no match.
      if (absl::StrContains(grown.outside, match)) continue;
      for (const std::string& event : sent) {
        Require(!absl::StrContains(event, match), "a growing text shows a match",
                absl::StrCat(match, "\n", event));
      }
    }
  }
  if (found) return;  // more is masked than in the whole
  const std::string joined = absl::StrJoin(sent, "");
  Require(joined == expected, "deltas differ from the whole", absl::StrCat(joined, "\n", expected));
}

}  // namespace countersign::fuzz
