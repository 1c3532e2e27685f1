#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "services/edge/call/caller_connection.h"
#include "services/edge/ext_proc/proxy_stream.h"

namespace countersign::edge::ext_proc {

// What an exchange waits for.
struct ExchangeLimits {
  std::size_t body_bytes = 32u << 20;                 // of a request
  absl::Duration piece_timeout = absl::Seconds(60);   // between two pieces of a request
  absl::Duration request_timeout = absl::Minutes(5);  // for a whole request
  absl::Duration answer_timeout = absl::Minutes(10);  // for the model's next bytes
  absl::Duration end_timeout = absl::Seconds(5);      // for the end after the last piece
};

// One HTTP request that a proxy holds: takes it from the proxy, lets the proxy send it on, takes
// the response, and gives the proxy the reply to deliver. In the order in which the filter takes
// answers, for both modes of bodies. Used on the call's executor, with one awaited operation at a
// time.
class ProxiedExchange {
 public:
  // `head` is the stream's first message: the request's headers.
  ProxiedExchange(ProxyStream& stream, const ProxyMessage& head, const Modes& modes,
                  const ExchangeLimits& limits);

  // The request's body, or an empty one. RESOURCE_EXHAUSTED when it is above `max_bytes`.
  async::Awaitable<absl::StatusOr<std::string>> ReadRequestBody(std::size_t max_bytes);

  // The proxy waits for `duration` from now on; at most once, and while it holds the request.
  async::Awaitable<absl::Status> AskForTime(absl::Duration duration);

  // Lets the proxy send the request on, with exactly this target, these headers and this body.
  // All other fields are removed, except those that the proxy needs: host and x-forwarded-proto.
  async::Awaitable<absl::Status> Forward(const std::string& target,
                                         const dialects::HeaderList& headers,
                                         const std::string& body);

  // The response to what was forwarded. The piece is empty at the end of the body.
  async::Awaitable<absl::StatusOr<call::ReplyHead>> ReadResponseHead();
  async::Awaitable<absl::StatusOr<std::string>> ReadResponsePiece();

  // The reply, as call::CallerConnection's. Until the proxy has a response to replace, and where it
  // takes the whole body at once, pieces are kept until Finish.
  async::Awaitable<absl::Status> Send(call::ReplyHead head, absl::string_view body);
  void Begin(call::ReplyHead head);
  async::Awaitable<absl::Status> Write(absl::string_view piece);
  async::Awaitable<absl::Status> Finish();

  // Whether the proxy has the whole reply. Otherwise the stream must not end well: the proxy would
  // go on without it.
  bool complete() const { return complete_; }

 private:
  // One direction, as far as it was read.
  struct Message {
    std::vector<std::string> names;     // of the head's fields
    std::vector<std::string> trailers;  // their names
    bool has_body = false;
    bool ended = false;  // all of the body was read
    bool has_trailers = false;
    bool more = false;  // a buffered body came, and trailers may follow
  };

  async::Awaitable<absl::StatusOr<ProxyMessage>> ReadPart(Direction direction,
                                                          absl::Duration timeout);
  async::Awaitable<absl::StatusOr<std::string>> ReadBuffered(Direction direction, Message& message,
                                                             absl::Duration timeout);
  async::Awaitable<absl::StatusOr<std::string>> ReadStreamed(Direction direction, Message& message,
                                                             absl::Duration timeout);
  async::Awaitable<absl::Status> SendPieces(Direction direction, absl::string_view body);
  async::Awaitable<absl::Status> EndBody(Direction direction, const Message& message);
  async::Awaitable<absl::Status> SendWhole(Direction direction, const Message& message,
                                           HeaderChanges changes, const std::string& body);
  async::Awaitable<absl::Status> AnswerLateTrailers();
  bool CanStream() const {
    return modes_.response == BodyMode::kFullDuplex && response_head_ && response_.has_body;
  }

  ProxyStream& stream_;
  const Modes modes_;
  const ExchangeLimits limits_;
  const std::string path_;
  Message request_;
  Message response_;
  bool response_head_ = false;
  bool asked_for_time_ = false;
  std::optional<call::ReplyHead> reply_;  // begun
  bool reply_head_sent_ = false;
  std::string kept_;  // of the reply
  bool complete_ = false;
};

}  // namespace countersign::edge::ext_proc
