#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "libs/async/condition.h"
#include "libs/http/client_exchange.h"
#include "libs/http/http2/client_connection.h"

namespace countersign::http::http2 {

// A ClientExchange on one stream of an HTTP/2 connection.
class ClientStream final : public ClientExchange {
 public:
  explicit ClientStream(std::shared_ptr<ClientConnection> connection);
  ~ClientStream() override;

  // Sends the head. False when the connection takes no more streams.
  bool Begin(const Origin& origin, const OutgoingHead& head);

  const ResponseHead& head() const override { return head_; }
  Awaitable<absl::StatusOr<std::string>> Read(async::Cancellation& cancellation) override;
  const Headers& trailers() const override { return trailers_; }
  Awaitable<absl::Status> Write(absl::string_view piece,
                                async::Cancellation& cancellation) override;
  Awaitable<absl::Status> Finish(Headers trailers, async::Cancellation& cancellation) override;
  Awaitable<absl::Status> ReadHead(async::Cancellation& cancellation) override;
  bool unprocessed() const override { return unprocessed_; }
  bool stale() const override { return reused_ && lost_ && !headed_; }

  // For the connection.
  void OnInterim();
  void OnHead(ResponseHead head);
  void AddBody(absl::string_view bytes);
  void EndBody(Headers trailers);
  // As Session::Events::OnSend. Then `all_taken` says whether that was the rest of what is waiting.
  Session::Events::Supply Send(char* data, std::size_t size);
  bool all_taken() const { return waiting_ && unsent_.empty(); }
  void OnWritten();                             // what was taken is in the network
  void OnClosed(ErrorCode code);                // the stream no longer exists
  void OnFailure(const absl::Status& failure);  // of the response
  void OnLost() { lost_ = true; }               // the connection ended; a failure follows

 private:
  Awaitable<absl::Status> Flush(absl::string_view piece, bool end,
                                async::Cancellation& cancellation);
  void Abort(const absl::Status& failure);
  bool over() const { return ended_ || !failure_.ok(); }

  const std::shared_ptr<ClientConnection> connection_;
  StreamId id_ = 0;
  const bool reused_;  // the connection
  async::Condition readable_;
  async::Condition writable_;
  absl::Status failure_;  // why nothing more is received

  ResponseHead head_;
  std::size_t interim_ = 0;
  bool headed_ = false;
  std::string body_;  // received, not read
  bool ended_ = false;
  Headers trailers_;
  bool unprocessed_ = false;
  bool lost_ = false;  // with its connection

  std::optional<std::uint64_t> left_;  // of the body, if its length is known
  absl::string_view unsent_;           // of the piece that is being written
  bool waiting_ = false;               // for the network
  bool last_ = false;                  // no piece follows
  Headers request_trailers_;
};

}  // namespace countersign::http::http2
