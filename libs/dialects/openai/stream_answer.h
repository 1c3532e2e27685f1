#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "libs/dialects/answers/event_stream_answer.h"
#include "libs/dialects/answers/grammar.h"
#include "libs/dialects/openai/answer_texts.h"

namespace countersign::dialects::openai {

// The structure of a streamed chat completion's events.
class ChunkGrammar final : public answers::EventStreamGrammar {
 public:
  bool IsBareEndMarker(absl::string_view data) const override;
  bool IsKnownEventName(absl::string_view fields) const override;
  bool IsKnownEvent(const json::Value& root) const override;
  answers::EventRole Classify(const json::Value& root, Usage& usage) const override;
  absl::StatusOr<answers::FoundTexts> FindTexts(const json::Value& root,
                                                absl::string_view data) override;
  bool ObserveMasked(const json::Value& root, absl::string_view data) override;
  std::string WriteEndMarker() const override;
  std::string WriteText(const answers::OpenText& open, absl::string_view text) const override;

 private:
  Numbering numbering_;   // over all chunks so far
  std::string envelope_;  // members that every chunk of the stream repeats
};

// A streamed chat completion.
class StreamAnswer final : public answers::EventStreamAnswer {
 public:
  explicit StreamAnswer(Options options);
};

}  // namespace countersign::dialects::openai
