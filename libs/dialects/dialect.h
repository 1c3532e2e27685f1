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

// A request as received, relative to its connection.
struct IncomingRequest {
  std::string method;
  std::string path;   // from "/v1" on, without the connection's prefix
  std::string query;  // without '?'
  HeaderList headers;
  std::string body;
  bool ask_for_usage = true;  // add to a stream's request that the upstream reports its usage
  bool rpc = false;           // over gRPC: the body has its messages, uncompressed
  // The connection; null where none matters. Must outlive the reading.
  const domain::Connection* connection = nullptr;
};

// A header that says how many of a body's bytes come before `end`.
struct HeadSize {
  std::string header;
  std::size_t end = 0;
};

// A request after parsing by its dialect. Immutable.
struct ReadCall {
  std::shared_ptr<const domain::Prompt> prompt;
  std::string method;
  std::string upstream_path;                      // below the connection's URL, with the query
  std::string body;                               // as received
  std::vector<members::TextPlace> places;         // places of prompt->parts
  std::vector<LengthPrefix> lengths;              // lengths in the body, written anew around edits
  std::vector<DecimalSize> sizes;                 // the same of sizes
  std::optional<HeadSize> head_size;              // sent with what it is after all edits
  std::string content_type = "application/json";  // of the body; over gRPC it has its own
  std::vector<Edit> additions;  // additions that the gateway needs for its accounting
  bool hide_usage = false;      // the caller did not ask for the answer's usage event
  bool rpc = false;             // sent upstream over gRPC
  // Of a call to any gRPC service: what it was read by.
  std::shared_ptr<const protobuf_texts::Schema> schema;
};

struct Usage {
  std::uint32_t input_tokens = 0;
  std::uint32_t output_tokens = 0;
  bool known = false;
};

// A piece of a text that the model generated, as it is sent.
struct OutputText {
  std::string field;  // names the text; its pieces follow one another
  std::string text;
};

// A piece of the answer for the caller.
struct Delivery {
  std::string bytes;
  std::vector<domain::DeliveredSpan> masked;
  std::vector<OutputText> output;
  bool recorded = true;   // false: a comment without content
  bool is_final = false;  // the final marker: the answer is complete
  HeaderList headers;     // of a document: they join its head
  HeaderList trailers;    // of the final one: they follow the body
};

// Reads one answer of an upstream, in order, and masks its texts. Feed and Finish return the texts
// to mask; Release takes the masker's answers to exactly these, in the same order, and returns what
// may be sent. After any error nothing more may be sent: the answer could not be parsed. Not
// thread-safe.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  virtual absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) = 0;
  // Bytes of an answer over gRPC that wait for the rest of their message.
  virtual std::size_t buffered() const { return 0; }
  // To be called when the upstream pauses, because it may wait for the caller: what is held back of
  // texts is decided as if they ended here. Returns texts like Feed.
  virtual std::vector<domain::FieldPiece> EndTexts() { return {}; }
  // To be called before Finish with the fields that followed the body, if there were any.
  virtual void AddTrailers(const HeaderList& /*trailers*/) {}
  // To be called when the upstream has completed its answer.
  virtual absl::StatusOr<std::vector<domain::FieldPiece>> Finish() = 0;
  virtual absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) = 0;

  virtual const Usage& usage() const = 0;
  // The number of an event behind the last one that was released, where the protocol numbers them.
  virtual std::int64_t next_number() const { return 0; }
  // True when the upstream reported a failure in-band; the caller got that answer, too.
  virtual bool upstream_failed() const = 0;
};

// The parts of an upstream's response head that matter for the answer.
struct AnswerHead {
  int status = 200;
  std::string content_type;
  const HeaderList* headers = nullptr;  // all of them; used by OpenAnswer only, null: unknown
};

// Where the gateway writes an event of its own into a stream.
struct StreamPlace {
  std::string operation;    // of the call
  std::int64_t number = 0;  // of the event (AnswerReader::next_number)
};

// How an answer is delivered: as one body, or as events.
enum class AnswerFormat { kDocument, kEventStream };

struct AnswerOptions {
  // False when the decision's profile is "none", which changes no text.
  bool masked = true;
  // False when only the leased credential is masked.
  bool by_profile = true;
  // What the profile asks for when the dialect does not know an event or an answer. If it is to be
  // refused, the reader fails with the reason kUnknownEvent.
  domain::UnknownEvents unknown_events = domain::UnknownEvents::kMask;
  // Lists of models contain only models that this connection serves. Must outlive the reader; null:
  // all models.
  const domain::Connection* connection = nullptr;
  std::size_t max_event_bytes = 64u << 20;  // of one event of a stream
};

inline constexpr absl::string_view kUnknownEvent = "unknown_event";

// Which messages of an RPC's request form one call.
enum class RpcRequest {
  kOneMessage,   // it has only one
  kAllMessages,  // all of them, to the request's end
  // Each one is a call of its own, with its own answer. The answers share the caller's stream, and
  // a call that fails is reported there.
  kEachMessage,
  // Each one is a call of its own, and all are sent on one stream of the upstream, in their order,
  // whose answer is that of the first.
  kTwoWay,
};

// One family of inference APIs over HTTP or gRPC: parses requests, splits and masks answers,
// formats errors. Immutable, thread-safe. README.md says how to add one.
class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual absl::string_view name() const = 0;  // used as a metric label

  // NOT_FOUND when the dialect has no such operation, PERMISSION_DENIED when it is never allowed,
  // INVALID_ARGUMENT when the body cannot be read as its request.
  virtual absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const = 0;

  // The form of the method at `path` ("/package.Service/Method") over gRPC; nullopt when the
  // dialect has none. Read says why.
  virtual std::optional<RpcRequest> FindRpc(const domain::Connection& /*connection*/,
                                            absl::string_view /*path*/) const {
    return std::nullopt;
  }
  // The message of an answer that reports the failure of one call of several (kEachMessage) to its
  // caller; `request` is the call's message.
  virtual std::string FormatRpcFailure(absl::string_view /*request*/,
                                       absl::string_view /*failure*/) const {
    return "";
  }

  virtual AnswerFormat ClassifyAnswer(const AnswerHead& head) const = 0;
  // Returns a reader for an answer of the format that ClassifyAnswer returned for `head`.
  virtual std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                                   const AnswerOptions& options) const = 0;

  // An error as a whole body, and as an event in a stream whose head was already sent.
  virtual std::string FormatError(const CallerError& error) const = 0;
  virtual std::string FormatErrorEvent(const CallerError& error) const = 0;
  // `body`, an upstream's error, as an event in such a stream. Nothing when it is not an error of
  // this dialect.
  virtual std::optional<std::string> ErrorBodyToEvent(absl::string_view body) const = 0;
  // The same for a dialect in which the form of these events depends on the call.
  virtual std::string WriteErrorEvent(const CallerError& error,
                                      const StreamPlace& /*place*/) const {
    return FormatErrorEvent(error);
  }
  virtual std::optional<std::string> WriteErrorBodyEvent(absl::string_view body,
                                                         const StreamPlace& /*place*/) const {
    return ErrorBodyToEvent(body);
  }

  // An event without content that keeps a stream alive, and the content type of streams that the
  // gateway begins itself.
  virtual std::string FormatKeepAlive() const = 0;
  virtual absl::string_view stream_content_type() const = 0;

  // The header that clients of this API read a call's id from; "": x-request-id, which every reply
  // has.
  virtual absl::string_view request_id_header() const { return ""; }
};

}  // namespace countersign::dialects
