#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "libs/async/condition.h"
#include "libs/http/client_options.h"
#include "libs/http/http2/client_session.h"
#include "libs/http/stream.h"

namespace countersign::http::http2 {

class ClientStream;

// The client side of one HTTP/2 connection: moves bytes between its Stream and its session, and
// keeps the deadlines of the connection. All members are called on the stream's executor.
class ClientConnection final : private ClientSession::Events,
                               public std::enable_shared_from_this<ClientConnection> {
 public:
  // `on_change` is called, never within a call of a member, when HasRoom may have become true or
  // false for good.
  ClientConnection(std::unique_ptr<Stream> stream, std::shared_ptr<const ClientOptions> options,
                   absl::AnyInvocable<void()> on_change);

  void Start();  // once

  // Whether another stream can begin now.
  bool HasRoom() const;
  // Whether no other stream can ever begin.
  bool IsDone() const;
  // Begins no more streams; closes the connection when none is left.
  void FinishSoon();

  // For its streams.
  IoLoop& loop() { return stream_->loop(); }
  const ClientOptions& options() const { return *options_; }
  bool used_before() const { return used_; }  // a response began on it
  // Begins a request. Returns the stream's id, or 0 when this connection takes no more.
  StreamId Open(ClientStream& stream, const Origin& origin, const OutgoingHead& head);
  void Resume(StreamId id);
  void Consume(StreamId id, std::size_t bytes);
  // Forgets a stream, and cancels it if it still exists.
  void Leave(StreamId id);

 private:
  void OnInterim(StreamId id) override;
  void OnResponse(StreamId id, ResponseHead head) override;
  void OnMalformed(StreamId id, absl::string_view why) override;
  void OnBody(StreamId id, absl::string_view bytes) override;
  void OnBodyEnd(StreamId id, Headers trailers) override;
  void OnClose(StreamId id, ErrorCode code, bool by_peer) override;
  Supply OnSend(StreamId id, char* data, std::size_t size) override;
  void OnPong() override {}  // every byte received is a sign of life

  static Awaitable<void> ReadAll(std::shared_ptr<ClientConnection> self);
  static Awaitable<void> WriteAll(std::shared_ptr<ClientConnection> self);
  Awaitable<bool> WriteSome();  // false: nothing can be written any more
  void WakeWriter();            // the session may have something to send
  void AfterSession();          // to be called after the session received or produced
  void FailStreams(const absl::Status& failure);
  void LoseStreams(absl::string_view why);  // with the connection
  ClientStream* Find(StreamId id);

  async::TimePoint NextPing() const;
  async::TimePoint NextDeadline() const;
  void ArmTimer();
  void OnTimer();

  const std::unique_ptr<Stream> stream_;
  const std::shared_ptr<const ClientOptions> options_;
  absl::AnyInvocable<void()> on_change_;
  ClientSession session_;
  std::map<StreamId, ClientStream*> streams_;  // that exist

  std::string output_;
  std::vector<StreamId> taken_;  // whose piece is in the output
  bool output_wanted_ = true;
  bool reading_ = true;
  bool used_ = false;
  bool changed_ = false;  // to be told
  async::Condition output_ready_;

  const std::unique_ptr<async::Timer> timer_;
  async::TimePoint armed_for_ = async::TimePoint::max();
  async::TimePoint received_at_;
  async::TimePoint idle_since_;
  std::optional<async::TimePoint> pinged_at_;  // since the last part of a message
  bool pong_missing_ = false;
};

}  // namespace countersign::http::http2
