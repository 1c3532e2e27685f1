#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/dialects/testing/joined_deltas.h"
#include "libs/json/document.h"
#include "libs/text/redaction/redaction.h"

// Streams of OpenAI's API, masked with rules of the text engine itself; for tests only.
namespace countersign::dialects::openai::testing {

using dialects::testing::Joined;
using Rules = std::shared_ptr<const text::redaction::RuleSet>;

// Card-like numbers with a guard on both sides, and a project name: matches that hold text back,
// that are decided by the byte after them, and that may fail late.
inline const Rules& TestRules() {
  static const Rules& rules = *new Rules([] {
    std::vector<text::redaction::RedactionRule> made(2);
    made[0].entity = "number";
    made[0].regex = text::regex::ParseRegex("[0-9]{4}( ?[0-9]{4}){3}").value();
    made[0].left_forbidden = made[0].right_forbidden = text::regex::ByteSet::Of("0123456789");
    made[0].replacement = "<N>";
    made[1].entity = "project";
    made[1].regex = text::regex::ParseRegex("PRJ-[0-9]{2}").value();
    made[1].replacement = "<P>";
    return text::redaction::RuleSet::Compile(std::move(made)).value();
  }());
  return rules;
}

inline std::string MaskWhole(absl::string_view text) {
  text::redaction::RedactionStream stream(TestRules());
  std::string released;
  std::vector<text::redaction::RedactedSpan> spans;
  REQUIRE(stream.Feed(text, true, &released, &spans).ok());
  return released;
}

class EngineMasking {
 public:
  std::vector<domain::FieldRelease> Apply(const std::vector<domain::FieldPiece>& pieces) {
    std::vector<domain::FieldRelease> releases;
    for (const domain::FieldPiece& piece : pieces) {
      REQUIRE_FALSE(piece.field.empty());
      const auto at = streams_.try_emplace(piece.field, TestRules()).first;
      domain::FieldRelease& release = releases.emplace_back();
      release.held_before = at->second.held();
      std::vector<text::redaction::RedactedSpan> spans;
      REQUIRE(at->second.Feed(piece.text, piece.end, &release.text, &spans).ok());
      release.held_after = at->second.held();
      for (const text::redaction::RedactedSpan& span : spans) {
        release.masked.push_back(
            {span.begin, span.end, span.entity, span.original, span.input_begin, span.input_end});
      }
      if (piece.end) streams_.erase(at);
    }
    return releases;
  }

 private:
  std::map<std::string, text::redaction::RedactionStream> streams_;
};

// The caller's bytes, and how the stream ended.
struct Passed {
  std::string caller;
  absl::Status status;
};
inline Passed Pass(const std::vector<std::string>& pieces) {
  StreamAnswer stream({});
  EngineMasking masking;
  Passed passed;
  const auto release = [&](absl::StatusOr<std::vector<domain::FieldPiece>> asked) -> absl::Status {
    CS_RETURN_IF_ERROR(asked.status());
    const auto deliveries = stream.Release(masking.Apply(*asked));
    CS_RETURN_IF_ERROR(deliveries.status());
    for (const Delivery& delivery : *deliveries) passed.caller += delivery.bytes;
    return absl::OkStatus();
  };
  for (const std::string& piece : pieces) {
    passed.status = release(stream.Feed(piece));
    if (!passed.status.ok()) return passed;
  }
  passed.status = release(stream.Finish());
  return passed;
}

// The caller's bytes; must be the same whole, byte by byte, and cut in two at every position.
inline std::string PassAllCuts(const std::string& bytes) {
  const Passed whole = Pass({bytes});
  INFO(whole.status);
  REQUIRE(whole.status.ok());
  std::vector<std::string> single;
  for (const char c : bytes) single.emplace_back(1, c);
  REQUIRE(Pass(single).caller == whole.caller);
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    CAPTURE(at);
    REQUIRE(Pass({bytes.substr(0, at), bytes.substr(at)}).caller == whole.caller);
  }
  return whole.caller;
}

inline std::string Delta(absl::string_view members, int choice = 0) {
  return absl::StrCat("data: {\"choices\":[{\"index\":", choice, ",\"delta\":{", members,
                      "},\"finish_reason\":null}]}\n\n");
}
inline std::string Finished(int choice = 0) {
  return absl::StrCat("data: {\"choices\":[{\"index\":", choice,
                      ",\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
}
inline const std::string kDone = "data: [DONE]\n\n";

}  // namespace countersign::dialects::openai::testing
