#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/async/condition.h"
#include "libs/http/http2/server_session.h"
#include "libs/http/http2/stream_exchange.h"
#include "libs/http/server_connection.h"

namespace countersign::http::http2 {

// The server side of one HTTP/2 connection: moves bytes between its Stream and its session, runs a
// handler for each request, and keeps the deadlines. All members except the constructor are called
// on the stream's executor.
class Connection final : public ServerConnection,
                         private ServerSession::Events,
                         public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(Accepted accepted);

  Awaitable<void> Run() override;
  void FinishSoon() override;
  void Cancel(absl::Status cause) override;
  void Close() override;

  // For its exchanges.
  ServerSession& session() { return session_; }
  IoLoop& loop() { return stream_->loop(); }
  const ServerOptions& options() const { return serving_->options; }
  const std::string& client_address() const { return client_address_; }
  void SetVerified() { place_.SetVerified(); }
  void WakeWriter();  // the session may have something to send

 private:
  using Streams = std::map<StreamId, std::shared_ptr<StreamExchange>>;

  void OnRequest(StreamId id, RequestHead head, int refused) override;
  void OnBody(StreamId id, absl::string_view bytes) override;
  void OnBodyEnd(StreamId id, Headers trailers) override;
  void OnClose(StreamId id, ErrorCode code, bool by_peer) override;
  Supply OnSend(StreamId id, char* data, std::size_t size) override;

  Awaitable<void> Read();
  void Receive(absl::string_view bytes);
  static Awaitable<void> WriteAll(std::shared_ptr<Connection> self);
  Awaitable<bool> WriteSome();  // false: nothing can be written any more
  Awaitable<void> Handle(std::shared_ptr<StreamExchange> exchange, int refused);
  void EndHandling(StreamExchange& exchange);
  void AfterSession();  // to be called after the session received or produced
  void CloseStreams();

  async::TimePoint NextDeadline() const;
  void ArmTimer();
  void OnTimer();
  void CloseAfter(absl::Duration timeout);

  const std::unique_ptr<Stream> stream_;
  const std::shared_ptr<const Serving> serving_;
  const std::string client_address_;
  limits::ConnectionTable::Place& place_;
  std::string received_;  // before Run
  ServerSession session_;
  Streams streams_;                                      // that exist
  Streams handling_;                                     // whose handlers are running
  std::vector<std::shared_ptr<StreamExchange>> closed_;  // to be told so

  std::string output_;
  std::vector<std::shared_ptr<StreamExchange>> taken_;  // whose piece is in the output
  bool output_wanted_ = true;
  bool reading_ = true;
  bool writing_ = true;
  async::Condition output_ready_;
  async::Condition ended_;  // a handler, or the writer

  const std::unique_ptr<async::Timer> timer_;
  async::TimePoint armed_for_ = async::TimePoint::max();
  const async::TimePoint begun_at_;
  async::TimePoint idle_since_;
  async::TimePoint shutdown_at_ = async::TimePoint::max();
  async::TimePoint close_at_ = async::TimePoint::max();
};

}  // namespace countersign::http::http2
