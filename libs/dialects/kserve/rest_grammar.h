#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/grammar.h"
#include "libs/json/document.h"

// The structure of answers over REST: inferences, those of Triton's generate extension, metadata,
// and errors.
namespace countersign::dialects::kserve {

// The elements of BYTES outputs are texts, `outputs/<name>/<element>` as over gRPC; a member that
// the protocol does not have is an output of the generate extension. Numbers of tensors pass; all
// other strings are whole texts.
class InferGrammar final : public answers::DocumentGrammar {
 public:
  bool IsKnownDocument(const json::Value& root) const override;
  answers::FoundTexts FindTexts(const json::Value& root, absl::string_view source) const override;
  Usage ReadUsage(const json::Value& /*root*/) const override { return {}; }
  std::vector<Edit> EditsBeforeMasking(const json::Value& /*root*/,
                                       absl::string_view /*source*/) const override {
    return {};
  }
};

// A stream of such answers: the elements of an output continue from event to event, to the end of
// the body. There is no final marker.
class InferStreamGrammar final : public answers::EventStreamGrammar {
 public:
  bool IsBareEndMarker(absl::string_view /*data*/) const override { return false; }
  bool IsKnownEventName(absl::string_view fields) const override { return fields.empty(); }
  bool IsKnownEvent(const json::Value& root) const override;
  answers::EventRole Classify(const json::Value& root, Usage& usage) const override;
  absl::StatusOr<answers::FoundTexts> FindTexts(const json::Value& root,
                                                absl::string_view data) override;
  bool ObserveMasked(const json::Value& root, absl::string_view data) override;
  std::string WriteEndMarker() const override { return ""; }
  std::string WriteText(const answers::OpenText& open, absl::string_view text) const override;

 private:
  std::string envelope_;  // members that every event of the stream repeats
};

}  // namespace countersign::dialects::kserve
