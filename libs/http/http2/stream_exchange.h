#pragma once

#include <cstddef>
#include <string>

#include "libs/async/condition.h"
#include "libs/http/exchange.h"
#include "libs/http/http2/server_session.h"

namespace countersign::http::http2 {

class Connection;

// One stream of an HTTP/2 connection, which outlives it.
class StreamExchange final : public Exchange {
 public:
  StreamExchange(Connection& connection, StreamId id, RequestHead head);

  const RequestHead& head() const override { return head_; }
  const std::string& client_address() const override;
  async::Executor executor() override;
  void SetVerified() override;
  async::Cancellation& cancellation() override { return cancellation_; }
  using Exchange::ReadBody;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override;
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) override;
  const Headers& trailers() const override { return trailers_; }
  async::Awaitable<absl::Status> Respond(ResponseHead head, absl::string_view body) override;
  async::Awaitable<absl::Status> Begin(ResponseHead head) override;
  async::Awaitable<absl::Status> Write(absl::string_view piece) override;
  using Exchange::Finish;
  async::Awaitable<absl::Status> Finish(Headers trailers) override;
  bool begun() const override { return begun_; }

  // For the connection.
  StreamId id() const { return id_; }
  void AddBody(absl::string_view bytes);
  void EndBody(Headers trailers);
  // As ServerSession::Events::OnSend. Then `all_taken` says whether that was the rest of what is
  // waiting.
  ServerSession::Events::Supply Send(char* data, std::size_t size);
  bool all_taken() const { return waiting_ && unsent_.empty(); }
  bool gone() const { return gone_; }
  void OnWritten(bool written);  // what was taken is in the network, or could not be sent
  void OnClosed();               // the stream no longer exists
  // Sends `status` instead of a handler's response.
  async::Awaitable<void> Refuse(int status);
  // Call it when the handler has ended: resets a stream that is not complete, and gives back what
  // was not read.
  void End();

 private:
  async::Awaitable<absl::Status> Flush(absl::string_view piece, bool end);
  bool IsBodiless(int status) const;
  void NotifyAll() {
    received_.Notify();
    taken_.Notify();
  }
  absl::Status Gone() const { return absl::CancelledError("the caller left"); }

  Connection& connection_;
  const StreamId id_;
  const RequestHead head_;
  async::Cancellation cancellation_;
  // A piece may be read and another be written at the same time.
  async::Condition received_;
  async::Condition taken_;
  bool gone_ = false;  // the caller does not get the rest of the response

  std::string body_;  // received, not read
  bool body_continued_ = false;
  bool body_ended_ = false;
  Headers trailers_;

  bool begun_ = false;
  bool bodiless_ = false;
  absl::string_view unsent_;  // of the piece that is being written
  bool waiting_ = false;      // for the network
  bool last_ = false;         // no piece follows
  bool ended_ = false;        // the end of the response was taken
  Headers response_trailers_;
};

}  // namespace countersign::http::http2
