#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "libs/dialects/answers/grammar.h"
#include "libs/dialects/openai/responses/answer_texts.h"
#include "libs/dialects/openai/responses/known_events.h"

namespace countersign::dialects::openai::responses {

// The structure of a streamed response's events. Each text that comes in pieces is a group of its
// own: it ends with its "done" event, with that of its part or item, or with the stream. The events
// that repeat a text have it complete. Other events are read like unknown ones of chat completions.
class StreamGrammar final : public answers::EventStreamGrammar {
 public:
  bool IsBareEndMarker(absl::string_view /*data*/) const override { return false; }
  bool IsKnownEventName(absl::string_view fields) const override;
  bool IsKnownEvent(const json::Value& root) const override;
  answers::EventRole Classify(const json::Value& root, Usage& usage) const override;
  absl::StatusOr<answers::FoundTexts> FindTexts(const json::Value& root,
                                                absl::string_view data) override;
  bool ObserveMasked(const json::Value& root, absl::string_view data) override;
  std::string WriteEndMarker() const override { return ""; }
  std::string WriteText(const answers::OpenText& open, absl::string_view text) const override;

 private:
  // A text that comes in pieces.
  struct Text {
    std::int64_t group = 0;
    std::string type;
    std::string item_id;  // as the upstream sent it
    std::string members;  // of its events, after masking: `"item_id":"…","output_index":0,`
    bool ended = false;
  };
  using Texts = std::map<std::string, Text>;  // by field

  absl::StatusOr<std::string> FindField(const StreamedText& text, const json::Value& root) const;
  absl::Status AddPiece(const StreamedText& text, const std::string& field, const json::Value& root,
                        answers::FoundTexts& found);
  absl::StatusOr<Text*> FindText(const std::string& field, const json::Value& root,
                                 answers::FoundTexts& found);
  absl::Status CheckItem(const json::Value& root, const Text& text);
  absl::Status WalkEvent(const json::Value& root, absl::string_view data,
                         answers::FoundTexts& found);
  void EndTexts(const std::string& prefix, answers::FoundTexts& found);

  Texts texts_;
  std::map<std::int64_t, std::string> fields_;        // by group
  std::map<std::string, std::int64_t> item_indexes_;  // by item_id
  ItemWalker::Fields sent_;
};

}  // namespace countersign::dialects::openai::responses
