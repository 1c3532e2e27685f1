#pragma once

#include <cstddef>
#include <optional>

#include "libs/http/http2/session.h"

namespace countersign::http::http2 {

// The server side of a Session.
class ServerSession final : public Session {
 public:
  class Events : public Session::Events {
   public:
    // A request begins. `refused` is 0, or the status that it must be answered with: 431 when its
    // header list is too large, 400 when it is not acceptable; the head is empty then.
    virtual void OnRequest(StreamId id, RequestHead head, int refused) = 0;
  };

  ServerSession(const SessionLimits& limits, Events& events, async::TimePoint now);

  // The following two do nothing when the stream no longer exists.
  void Continue(StreamId id);  // sends the interim response 100
  // Begins the response. With a body its bytes are asked for with OnSend.
  void Respond(StreamId id, const ResponseHead& head, std::optional<std::size_t> content_length,
               bool has_body);

  // Announces the end with a GOAWAY that still accepts requests which are on their way, then, after
  // one round trip or FinishShutdown, accepts no more. Finished when no stream is left.
  void BeginShutdown();
  bool shutting_down() const { return shutting_down_; }
  void FinishShutdown();

 private:
  void OnHeaders(const nghttp2_frame& frame, HeaderFields fields) override;
  void OnPong() override;
  bool CountReset() override { return TakeReset(); }

  Events& events_;
  bool shutting_down_ = false;
};

}  // namespace countersign::http::http2
