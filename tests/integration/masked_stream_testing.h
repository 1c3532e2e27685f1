#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/openai/document_answer.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/dialects/testing/joined_deltas.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/masking/field_masker.h"
#include "services/masking/profile_compiler.h"

// Passes a streamed answer through OpenAI's dialect and the masking service's masker with the
// default rules. For tests only.
namespace countersign::integration {

using dialects::testing::Joined;
using Rules = std::shared_ptr<const text::redaction::RuleSet>;

inline const Rules& Tier1() {
  static const Rules& rules = *new Rules(masking::CompileEntities({"tier1"}).value());
  return rules;
}
inline const Rules& AllEntities() {
  static const Rules& rules = *new Rules(masking::CompileEntities({"all"}).value());
  return rules;
}

struct Passed {
  std::string caller;
  absl::Status status;
};

// The caller's bytes for an upstream's bytes in these pieces, and how the stream ended.
class MaskedStream {
 public:
  explicit MaskedStream(Rules rules = Tier1(), Rules restoring = nullptr)
      : masker_(std::move(rules), std::move(restoring)) {}

  MaskedStream& Feed(absl::string_view bytes) { return Pass(reader_.Feed(bytes)); }
  Passed Finish() {
    Pass(reader_.Finish());
    if (passed_.status.ok()) REQUIRE(absl::EndsWith(passed_.caller, "\n\n"));  // whole events
    return passed_;
  }
  const Passed& passed() const { return passed_; }

 private:
  MaskedStream& Pass(absl::StatusOr<std::vector<domain::FieldPiece>> asked) {
    if (passed_.status.ok()) passed_.status = Deliver(std::move(asked));
    return *this;
  }
  absl::Status Deliver(absl::StatusOr<std::vector<domain::FieldPiece>> asked) {
    CS_RETURN_IF_ERROR(asked.status());
    CS_ASSIGN_OR_RETURN(auto releases, masker_.Feed(*asked));
    CS_ASSIGN_OR_RETURN(const auto deliveries, reader_.Release(std::move(releases)));
    for (const dialects::Delivery& delivery : deliveries) passed_.caller += delivery.bytes;
    return absl::OkStatus();
  }

  dialects::openai::StreamAnswer reader_{{}};
  masking::FieldMasker masker_;
  Passed passed_;
};

inline Passed PassPieces(const std::vector<std::string>& pieces, const Rules& rules = Tier1()) {
  MaskedStream stream(rules);
  for (const std::string& piece : pieces) stream.Feed(piece);
  return stream.Finish();
}

inline std::string Event(absl::string_view choices) {
  return absl::StrCat("data: {\"id\":\"c-1\",\"choices\":[", choices, "]}\n\n");
}
inline std::string Delta(absl::string_view members, int choice = 0) {
  return Event(
      absl::StrCat("{\"index\":", choice, ",\"delta\":{", members, "},\"finish_reason\":null}"));
}
inline std::string Content(absl::string_view text, int choice = 0) {
  return Delta(absl::StrCat("\"content\":", json::Quote(text)), choice);
}
// `literal` is the JSON string with its quotes, as the test writes it.
inline std::string SpelledContent(absl::string_view literal) {
  return Delta(absl::StrCat("\"content\":", literal));
}
inline std::string Arguments(absl::string_view fragment, int call = 0) {
  return Delta(absl::StrCat("\"tool_calls\":[{\"index\":", call,
                            ",\"function\":{\"arguments\":", json::Quote(fragment), "}}]"));
}
inline std::string Finished(int choice = 0) {
  return Event(absl::StrCat("{\"index\":", choice, ",\"delta\":{},\"finish_reason\":\"stop\"}"));
}
inline const std::string kDone = "data: [DONE]\n\n";

// The characters of `text`, because a delta is a JSON string of whole characters.
inline std::vector<std::string> Characters(absl::string_view text) {
  std::vector<std::string> characters;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = DecodeUtf8(text, at).size;
    characters.emplace_back(text.substr(at, size));
    at += size;
  }
  return characters;
}

// Pieces of 1 to `longest` bytes.
inline std::vector<std::string> RandomPieces(absl::string_view bytes, std::size_t longest,
                                             std::mt19937& random) {
  std::vector<std::string> pieces;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), 1 + random() % longest);
    pieces.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

// How a text is put into deltas, and extracted from the caller's bytes.
struct Carrier {
  std::string (*delta)(absl::string_view text);
  std::string (*joined)(absl::string_view caller);
};
inline const Carrier kAsContent = {
    [](absl::string_view text) { return Content(text); },
    [](absl::string_view caller) { return Joined(caller, "content"); }};
inline const Carrier kAsArguments = {
    [](absl::string_view text) { return Arguments(text); },
    [](absl::string_view caller) { return Joined(caller, "arguments", 0, 0); }};

// The result for `text` in the deltas of a stream. Fails unless it is the same in one delta, in two
// with any cut, and in one delta per character, each cut into bytes anywhere.
inline std::string StreamedHoweverCut(absl::string_view text, const Carrier& as,
                                      std::mt19937& random, const Rules& rules = Tier1()) {
  CAPTURE(text);
  const auto result = [&](const std::vector<std::string>& pieces) {
    const Passed passed = PassPieces(pieces, rules);
    if (!passed.status.ok()) FAIL(passed.status);
    return as.joined(passed.caller);
  };
  const std::string expected = result({as.delta(text), Finished(), kDone});
  std::string stream;
  std::size_t at = 0;
  for (const std::string& character : Characters(text)) {
    at += character.size();
    stream += as.delta(character);
    const std::string joined =
        result({as.delta(text.substr(0, at)), as.delta(text.substr(at)), Finished(), kDone});
    if (joined != expected) FAIL("cut at " << at << ": " << joined);
  }
  absl::StrAppend(&stream, Finished(), kDone);
  const std::string joined = result(RandomPieces(stream, 200, random));
  if (joined != expected) FAIL("character by character: " << joined);
  return expected;
}

}  // namespace countersign::integration
