#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/status.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/splice.h"
#include "libs/json/document.h"

// How one dialect's answers are structured. EventStreamAnswer and DocumentAnswer use it to mask
// them.
namespace countersign::dialects::answers {

// A text that has begun in a stream and not ended, and its place in an event.
struct OpenText {
  std::int64_t group = kNoGroup;
  std::string container;
  std::vector<Step> path;
  std::string discriminators;  // of the event; only for texts without a group
  bool at_unknown_place = false;
  bool numbered = false;    // its events have numbers
  std::int64_t number = 0;  // of the event to write
};

// What an event says about a group of texts. Some servers say in every event that a group is
// finished, so only the end of the stream ends its texts.
struct GroupProgress {
  enum class State { kBegun, kContinues, kFinished };
  std::int64_t group = kNoGroup;
  State state = State::kBegun;
};

// What an event means, apart from its texts.
struct EventRole {
  bool ends_stream = false;           // the final marker: the answer is complete
  bool is_error = false;              // the upstream reports its own failure
  bool is_usage = false;              // has the usage and no texts
  bool is_keep_alive = false;         // has no content, and may be sent before earlier events
  std::vector<GroupProgress> groups;  // that the event names
};

// The structure of one answer's event stream; called for each event in order, may keep state. Every
// event except a bare end marker has a JSON document as data.
class EventStreamGrammar {
 public:
  virtual ~EventStreamGrammar() = default;

  // True for data that ends the stream and is not JSON, such as "[DONE]".
  virtual bool IsBareEndMarker(absl::string_view data) const = 0;

  // `fields`: the lines of the event beside its data (comments, `event:`), LF after each.
  virtual bool IsKnownEventName(absl::string_view fields) const = 0;
  virtual bool IsKnownEvent(const json::Value& root) const = 0;
  // False when some readers skip the event for its name, and others read it: they would put the
  // texts of the stream together in different ways. Asked when texts are masked.
  virtual bool FitsItsName(absl::string_view /*fields*/, const json::Value& /*root*/) const {
    return true;
  }

  // Adds what the event says about usage to `usage`.
  virtual EventRole Classify(const json::Value& root, Usage& usage) const = 0;

  // `root` is parsed from `data`. Called once per event, in order, when texts are masked.
  // UNAVAILABLE when readers could put the texts of the stream together in different ways.
  virtual absl::StatusOr<FoundTexts> FindTexts(const json::Value& root, absl::string_view data) = 0;

  // `root` is parsed from `data`, an event with texts after masking, whether or not it is sent. Its
  // values may be repeated in events from WriteText. Called for one event after another until it
  // returns true: nothing more is needed. After that it is called for events for which FindTexts
  // asks for it.
  virtual bool ObserveMasked(const json::Value& /*root*/, absl::string_view /*data*/) {
    return true;
  }

  // The event that ends a stream, for one that ended without it although it was complete.
  virtual std::string WriteEndMarker() const = 0;

  // A separate event, with its blank line, that appends `text` to `open`.
  virtual std::string WriteText(const OpenText& open, absl::string_view text) const = 0;
};

// The structure of an answer that is one JSON document. Immutable.
class DocumentGrammar {
 public:
  virtual ~DocumentGrammar() = default;
  virtual bool IsKnownDocument(const json::Value& root) const = 0;
  virtual FoundTexts FindTexts(const json::Value& root, absl::string_view source) const = 0;
  virtual Usage ReadUsage(const json::Value& root) const = 0;
  // Edits that do not depend on texts, such as the removal of models that the caller may not see.
  virtual std::vector<Edit> EditsBeforeMasking(const json::Value& root,
                                               absl::string_view source) const = 0;
};

// The error for an answer that the dialect does not know, with the reason kUnknownEvent.
inline absl::Status UnknownAnswerError() {
  return WithReason(
      absl::FailedPreconditionError("the model answered in a form that the masking profile of this "
                                    "call refuses (unknownEvents: refuse)"),
      kUnknownEvent);
}

}  // namespace countersign::dialects::answers
