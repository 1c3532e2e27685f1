#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/caller_error.h"
#include "libs/dialects/members/partition.h"
#include "libs/dialects/splice.h"
#include "libs/domain/event_payload.h"
#include "libs/domain/masker.h"
#include "libs/domain/prompt.h"
#include "libs/domain/resources.h"

namespace countersign::dialects {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// A request as it came, below its connection.
struct IncomingRequest {
  std::string method;
  std::string path;   // from "/v1" on, without the connection
  std::string query;  // without '?'
  HeaderList headers;
  std::string body;
};

// A request as its dialect read it. Immutable once made.
struct ReadCall {
  std::shared_ptr<const domain::Prompt> prompt;
  std::string method;
  std::string upstream_path;               // below the connection's URL, with the query
  std::string body;                        // as it came
  std::vector<members::TextPlace> places;  // of prompt->parts
  std::vector<Edit> additions;             // what the gateway adds for its own accounting
  bool hide_usage = false;                 // the caller did not ask for the answer's usage event
};

struct Usage {
  std::uint32_t input_tokens = 0;
  std::uint32_t output_tokens = 0;
  bool known = false;
};

// A piece of the answer, ready for the caller.
struct Delivery {
  std::string bytes;
  std::vector<domain::DeliveredSpan> masked;
  bool recorded = true;   // false: a comment, which carries nothing
  bool is_final = false;  // the final marker: the answer is complete
};

// Reads one answer of an upstream, in order, and passes it on with its texts masked. Feed and
// Finish give the texts to mask; Release takes the masker's answers to exactly these, in their
// order, and gives what may leave. After any error nothing more may leave: the answer could not be
// understood.
// Not thread-safe.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  virtual absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) = 0;
  // The upstream has ended its answer in order.
  virtual absl::StatusOr<std::vector<domain::FieldPiece>> Finish() = 0;
  virtual absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) = 0;

  virtual const Usage& usage() const = 0;
  // The upstream reported its own failure in-band; the answer went on to the caller all the same.
  virtual bool upstream_failed() const = 0;
};

// What an upstream's head says about the answer that follows.
struct AnswerHead {
  int status = 200;
  std::string content_type;
};

// How an answer is delivered: as one body, or piece by piece.
enum class AnswerFormat { kDocument, kEventStream };

struct AnswerOptions {
  // The decision's profile may change texts. False: it is "none".
  bool masked = true;
  // What the profile asks for where an event, or a whole answer, is one that the dialect does not
  // know. To refuse it, the reader fails with the reason kUnknownEvent.
  domain::UnknownEvents unknown_events = domain::UnknownEvents::kMask;
  // Models that it does not serve are left out of lists of models. Outlives the reader; null: all
  // stay.
  const domain::Connection* connection = nullptr;
};

inline constexpr absl::string_view kUnknownEvent = "unknown_event";

// One family of inference APIs over HTTP: how its requests read, how its answers are cut and
// masked, and how it reports errors. Immutable, thread-safe. README.md says how to add one.
class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual absl::string_view name() const = 0;  // label of metrics

  // NOT_FOUND when the dialect has no such operation, INVALID_ARGUMENT when the body cannot be read
  // as its request.
  virtual absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const = 0;

  virtual AnswerFormat ClassifyAnswer(const AnswerHead& head) const = 0;
  // A reader for an answer of the format that ClassifyAnswer gives for `head`.
  virtual std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                                   const AnswerOptions& options) const = 0;

  // An error as a whole body, and inside a stream whose head has already gone out.
  virtual std::string FormatError(const CallerError& error) const = 0;
  virtual std::string FormatErrorEvent(const CallerError& error) const = 0;
  // `body`, the delivered body of an upstream's error, inside such a stream. Nothing when it is not
  // an error of this dialect.
  virtual std::optional<std::string> ErrorBodyToEvent(absl::string_view body) const = 0;

  // What keeps a stream alive and changes nothing, and the content type of streams that the
  // gateway begins itself.
  virtual std::string FormatKeepAlive() const = 0;
  virtual absl::string_view stream_content_type() const = 0;
};

}  // namespace countersign::dialects
