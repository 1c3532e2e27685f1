#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/splice.h"
#include "libs/json/document.h"

// What one dialect says about its answers. EventStreamAnswer and DocumentAnswer do the rest.
namespace countersign::dialects::answers {

// A text that has begun in a stream and not ended: where it stands in an event.
struct OpenText {
  std::int64_t group = kNoGroup;
  std::string container;
  std::vector<Step> path;
  std::string discriminators;  // of the event; only for texts without a group
};

// What an event is, besides its texts.
struct EventRole {
  bool ends_stream = false;  // the final marker: the answer is complete
  bool is_error = false;     // the upstream reports its own failure
  bool is_usage = false;     // carries the usage and nothing else
};

// The event stream of one answer, event by event; it may keep state. Every event but a bare end
// marker is a JSON document.
class EventStreamGrammar {
 public:
  virtual ~EventStreamGrammar() = default;

  // True for data that ends the stream and is not JSON, such as "[DONE]".
  virtual bool IsBareEndMarker(absl::string_view data) const = 0;

  // `fields`: the lines of the event beside its data (comments, `event:`), LF after each.
  virtual bool IsKnownEventName(absl::string_view fields) const = 0;
  virtual bool IsKnownEvent(const json::Value& root) const = 0;

  // Adds what the event says about usage to `usage`.
  virtual EventRole Classify(const json::Value& root, Usage& usage) const = 0;

  // `root` is parsed from `data`. Called once per event, in order, when texts are masked.
  // UNAVAILABLE when nobody could say what the texts of the stream put together are.
  virtual absl::StatusOr<FoundTexts> FindTexts(const json::Value& root, absl::string_view data) = 0;

  // `root` is parsed from `data`, the first event with texts as it is after masking, whether or not
  // it leaves: what events that WriteText makes may repeat.
  virtual void ObserveMasked(const json::Value& /*root*/, absl::string_view /*data*/) {}

  // An event of its own, blank line included, that adds `text` to `open`.
  virtual std::string WriteText(const OpenText& open, absl::string_view text) const = 0;
};

// An answer that is one JSON document. Immutable.
class DocumentGrammar {
 public:
  virtual ~DocumentGrammar() = default;
  virtual bool IsKnownDocument(const json::Value& root) const = 0;
  virtual FoundTexts FindTexts(const json::Value& root, absl::string_view source) const = 0;
  virtual Usage ReadUsage(const json::Value& root) const = 0;
  // Changes that do not depend on texts, such as models that the caller may not see.
  virtual std::vector<Edit> EditsBeforeMasking(const json::Value& root,
                                               absl::string_view source) const = 0;
};

// The refusal of an answer that the dialect does not know, with the reason kUnknownEvent.
absl::Status UnknownAnswerError();

}  // namespace countersign::dialects::answers
