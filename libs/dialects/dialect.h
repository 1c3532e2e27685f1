#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/caller_error.h"
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

// Where a text part stands in the body, quotes included; begin == end for a part that cannot be
// replaced in place (the name of a member).
struct TextPlace {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A request as its dialect read it. Immutable once made.
struct ReadCall {
  std::shared_ptr<const domain::Prompt> prompt;
  std::string method;
  std::string upstream_path;      // below the connection's URL, with the query
  std::string body;               // as it came
  std::vector<TextPlace> places;  // of prompt->parts
  std::vector<Edit> additions;    // what the gateway adds for its own accounting
  bool hide_usage = false;        // the answer's usage event is ours, not the caller's
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
  bool is_final = false;  // the marker that says that the answer is whole
};

// Reads one answer of an upstream, in order, and gives it on with its texts masked. Feed and Finish
// give the texts to mask; Release takes what became of exactly these, in their order, and gives
// what may leave. Any error means that nothing more may leave: the answer could not be understood.
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
  bool event_stream = false;
};

inline constexpr absl::string_view kUnknownEvent = "unknown_event";

// One family of inference APIs over HTTP: how its requests read, how its answers are cut and
// masked, and how it says that something went wrong. Immutable, thread-safe. Other dialects
// implement this.
class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual absl::string_view name() const = 0;  // label of metrics

  // NOT_FOUND when the dialect has no such operation, INVALID_ARGUMENT when the body cannot be read
  // as its request.
  virtual absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const = 0;

  // `masked`: the decision's profile may change texts. Clear: it is "none".
  // `unknown_events`: what the profile asks for where an event, or a whole answer, has a form that
  // the dialect does not know. To refuse it, the reader fails with the reason kUnknownEvent.
  virtual std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                                   const domain::Connection& connection,
                                                   bool masked,
                                                   domain::UnknownEvents unknown_events) const = 0;

  virtual std::string ErrorBody(const CallerError& error) const = 0;
  // The same inside a stream whose head has already gone out.
  virtual std::string InBandError(const CallerError& error) const = 0;
  // What keeps a held stream alive and changes nothing.
  virtual absl::string_view Waiting() const = 0;
};

}  // namespace countersign::dialects
