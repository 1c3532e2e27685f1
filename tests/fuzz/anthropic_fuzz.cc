// Anthropic's API. A request's texts are where it says; an answer releases no secret, and passes
// unchanged where nothing is masked; a stream gives the same bytes however it is cut. Input:
// request, batch, body or stream; cuts and kind of signed texts; bytes.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/anthropic/document_answer.h"
#include "libs/dialects/anthropic/request.h"
#include "libs/dialects/anthropic/stream_answer.h"
#include "libs/dialects/sse/parser.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/json/document.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/secrets.h"

namespace countersign::fuzz {
namespace {

using dialects::answers::SignedTexts;

void CheckRequest(absl::string_view body, const std::string& path) {
  const auto call = dialects::anthropic::ReadRequest({"POST", path, "", {}, std::string(body)});
  if (!call.ok()) return;
  const auto& parts = call->prompt->parts;
  Require(call->places.size() == parts.size(), "places without texts");
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& place = call->places[i];
    const bool plain = place.encoding == dialects::members::Encoding::kPlain;
    if (place.begin == place.end || !plain) continue;
    const std::string there = call->body.substr(place.begin, place.end - place.begin);
    const auto value = json::Document::Parse(there);
    if (!value.ok() || !value->root().is(json::Type::kString)) continue;  // a number
    Require(value->root().text() == parts[i].text, "another text", there);
  }
}

struct Outcome {
  std::string caller;
  bool ok = true;
  bool masked = false;
};

Outcome Pass(dialects::AnswerReader& reader, const std::vector<absl::string_view>& pieces) {
  dialects::testing::LiteralMasking masking;
  Outcome outcome;
  for (std::size_t i = 0; i <= pieces.size(); ++i) {
    const auto asked = i < pieces.size() ? reader.Feed(pieces[i]) : reader.Finish();
    outcome.ok = asked.ok();
    if (!outcome.ok) return outcome;
    const auto deliveries = reader.Release(masking.Apply(*asked));
    outcome.ok = deliveries.ok();
    if (!outcome.ok) return outcome;
    for (const dialects::Delivery& delivery : *deliveries) {
      outcome.caller += delivery.bytes;
      outcome.masked = outcome.masked || !delivery.masked.empty();
    }
  }
  return outcome;
}

// The masker of these tests does not resolve the escapes of JSON in a text.
bool IsEscaped(absl::string_view bytes) { return absl::StrContains(bytes, '\\'); }

void CheckDocument(absl::string_view body, SignedTexts kind) {
  dialects::anthropic::DocumentAnswer::Options options;
  options.signed_texts = kind;
  dialects::anthropic::DocumentAnswer reader(options);
  const Outcome outcome = Pass(reader, {body});
  if (!outcome.ok || IsEscaped(body)) return;
  const auto document = json::Document::Parse(outcome.caller);
  Require(!document.ok() || !HoldsSecret(document->root()), "a secret leaves", outcome.caller);
  const bool edited = absl::StrContains(body, "results_url");
  if (json::Document::Parse(body).ok() && !outcome.masked && !edited) {
    Require(outcome.caller == body, "an untouched body changed", outcome.caller);
  }
}

void CheckStream(absl::string_view bytes, std::uint8_t cut, SignedTexts kind) {
  dialects::anthropic::StreamAnswer::Options options;
  options.signed_texts = kind;
  dialects::anthropic::StreamAnswer whole(options);
  dialects::anthropic::StreamAnswer pieces(options);
  const Outcome expected = Pass(whole, {bytes});
  const Outcome outcome = Pass(pieces, Cut(bytes, cut));
  Require(outcome.ok == expected.ok, "one cut ends in an error, another does not", bytes);
  if (outcome.ok) Require(outcome.caller == expected.caller, "other bytes", outcome.caller);
  dialects::sse::Parser parser(1 << 20);
  std::vector<dialects::sse::Event> events;
  Require(parser.Feed(outcome.caller, events).ok(), "no event stream", outcome.caller);
  for (const dialects::sse::Event& event : events) {
    Require(!absl::StrContains(event.fields, "SECRET"), "a secret leaves beside the data", bytes);
    const auto document = json::Document::Parse(event.data);
    if (!document.ok() || IsEscaped(bytes)) continue;
    Require(!HoldsSecret(document->root()), "a secret leaves", outcome.caller);
  }
}

}  // namespace

void Run(Input input) {
  const std::uint8_t what = input.Byte() % 4;
  const std::uint8_t cut = input.Byte();
  const auto kind = static_cast<SignedTexts>(cut % 3);
  const absl::string_view bytes = input.Rest();
  switch (what) {
    case 0: return CheckRequest(bytes, "/v1/messages");
    case 1: return CheckRequest(bytes, "/v1/messages/batches");
    case 2: return CheckDocument(bytes, kind);
    default: return CheckStream(bytes, cut, kind);
  }
}

}  // namespace countersign::fuzz
