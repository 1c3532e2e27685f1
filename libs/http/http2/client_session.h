#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/http/address.h"
#include "libs/http/client_exchange.h"
#include "libs/http/http2/session.h"

namespace countersign::http::http2 {

// The client side of a Session. Pushed responses are refused.
class ClientSession final : public Session {
 public:
  class Events : public Session::Events {
   public:
    // An interim response (1xx). They are not limited in number.
    virtual void OnInterim(StreamId id) = 0;
    virtual void OnResponse(StreamId id, ResponseHead head) = 0;
    // The response cannot be used, and its stream is being reset.
    virtual void OnMalformed(StreamId id, absl::string_view why) = 0;
    virtual void OnPong() = 0;  // the answer to Ping
  };

  ClientSession(const SessionLimits& limits, Events& events, async::TimePoint now);

  // Begins a request. The bytes of its body, if it has one, are asked for with OnSend. Returns the
  // stream, or 0 when this connection takes no more.
  StreamId Request(const Origin& origin, const OutgoingHead& head);

  // Cancels a stream, also one whose request has not been sent yet.
  void Cancel(StreamId id);

  // How many streams the peer allows.
  std::uint32_t peer_max_streams() const;
  // Whether new streams may be refused: the peer sent GOAWAY, or the session ends.
  bool draining() const { return going_away_ || terminated(); }

  void Ping();
  // Sends GOAWAY. Finished when no stream is left.
  void Shutdown();

 private:
  void OnHeaders(const nghttp2_frame& frame, HeaderFields fields) override;
  void OnPong() override { events_.OnPong(); }
  void OnGoAway() override { going_away_ = true; }
  // A stream is reset at most once, and this side begins streams: it is a frame without content.
  bool CountReset() override { return TakeIdleFrame(); }

  Events& events_;
  bool going_away_ = false;
};

}  // namespace countersign::http::http2
