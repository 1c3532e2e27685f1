#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "libs/dialects/answers/document_mask.h"
#include "libs/dialects/answers/finishing_events.h"
#include "libs/dialects/answers/grammar.h"
#include "libs/dialects/answers/intact_texts.h"
#include "libs/dialects/answers/joined_values.h"
#include "libs/dialects/answers/mixed_parts.h"
#include "libs/dialects/answers/piece_queue.h"
#include "libs/dialects/answers/repeated_texts.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/sse/parser.h"

namespace countersign::dialects::answers {

// An answer that is a stream of server-sent events with JSON data. The bytes for the caller do not
// depend on how the upstream's bytes are cut into pieces. An event is unchanged unless text in it
// is held back or replaced; then only its strings change, and an event that becomes empty is
// dropped. Text that is still held when its group ends is sent in separate events directly before
// the event that ends the group. An event whose text at an unknown place may go on
// (repeated_texts.h) waits, with all that follow it, until that is known, or too much waits: then
// the rest of the text is held like any other.
//
// An event that says that a group is finished waits while text of the group is held
// (finishing_events.h). A stream that ends without its final marker is complete if all its groups
// are finished; the marker is added.
//
// Events wait while a text that may not be changed has not ended (intact_texts.h).
class EventStreamAnswer : public AnswerReader {
 public:
  struct Options {
    bool masked = true;
    bool hide_usage = false;      // drop the usage event: the caller did not ask for it
    bool refuse_unknown = false;  // fail on events that the grammar does not know
    std::size_t max_event_bytes = 64u << 20;
    bool ends_with_body = false;  // the API has no final marker: the end of the body is the end
    SignedTexts signed_texts = SignedTexts::kDrop;
  };
  EventStreamAnswer(std::unique_ptr<EventStreamGrammar> grammar, Options options);

  absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) override;
  absl::StatusOr<std::vector<domain::FieldPiece>> Finish() override;
  absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) override;
  const Usage& usage() const override { return usage_; }
  std::int64_t next_number() const override { return numbers_.next(); }
  bool upstream_failed() const override { return failed_; }

 private:
  struct HeldText {  // the rest of a text that ends before an event
    std::size_t piece;
    std::string field;
    OpenText open;
    std::optional<std::size_t> grown;  // the end of what grows in it
  };
  struct Pending {  // an event that waits for its releases
    sse::Event event;
    std::vector<HeldText> held_texts;  // sent before it
    std::optional<DocumentMask> mask;
    std::optional<std::size_t> fields;       // the piece of the lines beside its data
    std::vector<JoinedPiece> joined_fields;  // of these lines and earlier ones
    std::vector<std::size_t> joined;         // pieces with texts that callers may join
    std::vector<MixedParts::Asked> mixed;    // the same of parts
    std::vector<std::string> undecided;      // fields that it waits for
    std::vector<std::string> decided;    // fields for which earlier events need not wait any more
    std::vector<std::int64_t> finished;  // groups
    std::vector<OutputText> output;      // if it is not masked
    bool is_usage = false;
    bool only_continuing = false;
    bool hidden = false;
    bool is_final = false;
    std::optional<EventNumber> number;
    bool observe = false;  // the grammar wants to see it after masking
    bool is_error = false;
    bool is_keep_alive = false;
    bool has_signature = false;
  };

  using Releases = std::vector<domain::FieldRelease>;
  struct Waiting {  // an event and the releases for its pieces
    Pending event;
    std::shared_ptr<Releases> releases;
  };

  absl::Status ReadEvent(sse::Event event);
  absl::Status ReadDocument(Pending& pending);
  absl::Status MaskDocument(const json::Value& root, bool is_error, Pending& pending);
  void CollectOutput(const json::Value& root, Pending& pending) const;
  absl::Status NoteProgress(const EventRole& role, Pending& pending);
  bool IsComplete() const;
  void AddEndMarker();
  void Resolve(const RepeatedTexts::Outcome& outcome, const FoundTexts& found, Pending& pending);
  absl::Status TrackTexts(const FoundTexts& found, Pending& pending);
  absl::Status JoinFields(absl::string_view fields, Pending& pending);
  absl::Status JoinTexts(FoundTexts& found, Pending& pending);
  void EndGroup(std::int64_t group, const FoundTexts& found, Pending& pending);
  void EndStream(const FoundTexts& found, Pending& pending);
  using OpenTexts = std::map<std::string, OpenText>;
  OpenTexts::iterator EndText(OpenTexts::iterator at, const FoundTexts& found, Pending& pending);

  void EndUndecided();
  void Decide(const Pending& pending, Releases& releases);
  void TakeUndecided(const std::string& field, domain::FieldRelease* rest);
  void Enqueue(Pending pending, const std::shared_ptr<Releases>& releases);
  bool MustWait() const;
  absl::Status Deliver(Pending& pending, const Releases& releases,
                       std::vector<Delivery>& deliveries);
  absl::Status DeliverMasked(MaskedEvent event, const Pending& pending,
                             std::vector<Delivery>& deliveries);
  absl::Status Observe(const Pending& pending, std::vector<Edit> edits);
  // The release of a held text, after what guards it.
  absl::StatusOr<domain::FieldRelease> ReleaseHeld(const HeldText& held, const Releases& releases);
  // The part of it that was not sent yet.
  absl::StatusOr<domain::FieldRelease> TakeRest(const HeldText& held, const Releases& releases);
  absl::Status DeliverRest(const HeldText& held, domain::FieldRelease rest,
                           std::vector<Delivery>& deliveries);
  absl::Status DeliverBehindIntact(MaskedEvent event, const Pending& pending,
                                   std::vector<Delivery>& deliveries);
  // Adds what is sent now, or what waits for an intact text before it.
  void Send(Delivery delivery, std::vector<Delivery>& deliveries);
  absl::Status DeliverHeldTexts(const Pending& pending, const Releases& releases,
                                std::vector<Delivery>& deliveries);
  absl::Status DeliverFinishing(const Pending& pending, const Releases& releases,
                                std::vector<Delivery>& deliveries);

  const std::unique_ptr<EventStreamGrammar> grammar_;
  const Options options_;
  sse::Parser parser_;
  PieceQueue queue_;
  IntactTexts intact_;
  std::vector<Pending> pending_;  // their releases are not known
  std::list<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  FinishingEvents finishing_;
  EventNumbers numbers_;
  std::map<std::int64_t, bool> finished_groups_;
  OpenTexts open_texts_;  // by field
  JoinedValues joined_values_;
  MixedParts mixed_parts_;
  RepeatedTexts repeated_texts_;
  ReleasedTexts released_texts_;
  bool observed_ = false;  // the grammar has seen what it repeats
  absl::flat_hash_set<std::int64_t> ended_groups_;
  Usage usage_;
  bool done_ = false;
  bool finished_ = false;
  bool failed_ = false;
};

}  // namespace countersign::dialects::answers
