#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/openai/openai_mask.h"
#include "libs/dialects/sse_parser.h"

namespace countersign::dialects {

// A streamed chat completion. However the upstream cuts its bytes into pieces, the caller gets the
// same bytes. An event of which nothing is held back or replaced leaves as it came; of a touched
// one only the strings change; one of which nothing remains is dropped. What is still held when a
// choice ends leaves in an event of its own, directly before the one that ends it.
class OpenAiStream final : public AnswerReader {
 public:
  struct Options {
    bool masked = true;
    bool hide_usage = false;      // drop the usage event: the caller did not ask for it
    bool refuse_unknown = false;  // an event of a form that is not known ends the answer
  };
  explicit OpenAiStream(Options options);

  absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) override;
  absl::StatusOr<std::vector<domain::FieldPiece>> Finish() override;
  absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) override;
  const Usage& usage() const override { return usage_; }
  bool upstream_failed() const override { return failed_; }

 private:
  struct Open {  // a text that has begun and not ended
    std::int64_t choice;
    std::vector<Step> path;
    bool in_delta;
    std::string beside;  // of an event of another form: what tells whose text it is
  };
  struct Flush {
    std::size_t piece;
    std::string field;
    Open open;
  };
  struct Pending {  // an event that waits for its texts
    enum class Kind { kChunk, kDone, kComment } kind = Kind::kChunk;
    SseEvent event;
    std::vector<Flush> flushes;  // what leaves before it
    std::optional<DocumentMask> mask;
    std::optional<std::size_t> rest;  // the piece of what stands beside its data
    std::vector<std::size_t> joined;  // pieces that ask about names put together
    bool only_texts = false;
    bool hidden = false;
  };

  absl::Status Read(SseEvent event);
  absl::Status ReadChunk(Pending& pending);
  absl::Status TrackTexts(const FoundTexts& found, Pending& pending);
  void JoinNames(const FoundTexts& found, Pending& pending);
  void FlushChoice(std::int64_t choice, const FoundTexts& found, Pending& pending);
  void KeepEnvelope(const json::Value& root, absl::string_view data);
  std::string Synthetic(const Open& open, absl::string_view text) const;
  absl::Status Deliver(const Pending& pending, const std::vector<domain::FieldRelease>& releases,
                       std::vector<Delivery>& deliveries);

  const Options options_;
  SseParser parser_;
  PieceQueue queue_;
  std::vector<Pending> pending_;
  std::map<std::string, Open> open_;
  std::map<std::string, std::string> names_;  // of tools that are called, as far as they came
  absl::flat_hash_set<std::int64_t> finished_;
  unsigned numbering_ = 0;  // of choices and calls so far
  std::string envelope_;    // members that every event of the stream repeats
  Usage usage_;
  bool done_ = false;
  bool failed_ = false;
};

}  // namespace countersign::dialects
