#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/dialects/answers/document_mask.h"
#include "libs/dialects/answers/finishing_events.h"
#include "libs/dialects/answers/grammar.h"
#include "libs/dialects/dialect.h"

namespace countersign::dialects::answers {

// What becomes of a text that is signed by its model's server and has a match. It is never
// rewritten: callers send it back, and the server refuses a changed one.
enum class SignedTexts {
  kDrop,      // it is delivered empty, as servers do themselves where a caller asks for no text
  kRefuse,    // the answer ends
  kSendLive,  // the same, and until then it is sent as it comes
};

// The kind that a profile asks for. `by_profile`: false when only the leased credential is masked.
SignedTexts ChooseSignedTexts(const AnswerOptions& options);

// Drops the intact texts of a whole document that have a match: adds the edits to `outcome`.
// FAILED_PRECONDITION when such an answer is to end.
absl::Status ApplyToIntact(SignedTexts kind, DocumentMask::Outcome& outcome);

// The same for an event that is sent at once (kSendLive).
absl::Status SendIntact(DocumentMask::Outcome& outcome);

// Keeps the events of a stream from the first one with an intact text until all such texts have
// ended, because the signature and a match may come last. Then they are sent as they came; or, with
// a match, without the texts if there was a signature, and with the masked texts if there was none.
// Not thread-safe.
class IntactTexts {
 public:
  // `max_bytes`: of all events that wait together.
  IntactTexts(SignedTexts kind, std::size_t max_bytes) : kind_(kind), max_bytes_(max_bytes) {}

  // Notes where the text of `field` stands.
  void NotePlace(const std::string& field, const OpenText& place) { places_[field] = place; }
  bool IsIntact(const std::string& field) const { return places_.contains(field); }

  // Whether events wait.
  bool waits() const { return !entries_.empty(); }

  // Adds an event that waits, and its intact texts. `is_bare`: without them there is nothing to
  // send. UNAVAILABLE when too much waits.
  absl::Status Add(MaskedEvent event, bool is_bare, EventNumbers& numbers);
  void NoteSignature() { has_signature_ = true; }
  // The same for what is sent in any case.
  void Add(Delivery delivery);

  // Notes that the text of `field` has ended, with `rest`.
  void End(const std::string& field, const domain::FieldRelease& rest);

  // What waits, if all texts have ended; `stream_ended`: they have. FAILED_PRECONDITION when the
  // answer must end.
  absl::StatusOr<std::vector<Delivery>> Take(const EventStreamGrammar& grammar, bool stream_ended);

  // What waits without the texts, for an answer that breaks off: nothing says what would follow.
  std::vector<Delivery> TakeBrokenOff();

 private:
  enum class Form { kAsItCame, kMasked, kEmpty };
  struct Entry {
    Delivery delivery;         // as it came
    bool has_text = false;     // an intact one
    std::string without_text;  // the bytes without it; empty: nothing
  };
  struct Text {
    std::string masked;
    std::vector<domain::DeliveredSpan> spans;
    bool ended = false;
  };
  std::vector<Delivery> Write(Form form, const EventStreamGrammar* grammar);
  void AppendText(const std::string& field, const domain::FieldRelease& release);

  const SignedTexts kind_;
  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::vector<Entry> entries_;
  std::map<std::string, Text> texts_;       // of the entries, by field
  std::map<std::string, OpenText> places_;  // by field
  bool has_signature_ = false;
};

}  // namespace countersign::dialects::answers
