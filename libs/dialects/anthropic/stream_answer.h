#pragma once

#include <string>

#include "libs/dialects/answers/event_stream_answer.h"
#include "libs/dialects/answers/grammar.h"

namespace countersign::dialects::anthropic {

// The structure of a message's events: blocks with an index begin, grow by deltas and stop;
// `message_stop` ends the stream.
class EventGrammar final : public answers::EventStreamGrammar {
 public:
  bool IsBareEndMarker(absl::string_view /*data*/) const override { return false; }
  bool IsKnownEventName(absl::string_view fields) const override;
  bool IsKnownEvent(const json::Value& root) const override;
  // Anthropic's SDKs skip events by their name, others read only the data's type.
  bool FitsItsName(absl::string_view fields, const json::Value& root) const override;
  answers::EventRole Classify(const json::Value& root, Usage& usage) const override;
  absl::StatusOr<answers::FoundTexts> FindTexts(const json::Value& root,
                                                absl::string_view data) override;
  std::string WriteEndMarker() const override;
  std::string WriteText(const answers::OpenText& open, absl::string_view text) const override;
};

// An answer that is a stream of events.
class StreamAnswer final : public answers::EventStreamAnswer {
 public:
  explicit StreamAnswer(Options options);
};

}  // namespace countersign::dialects::anthropic
