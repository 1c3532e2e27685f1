#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/async/event_loop.h"
#include "libs/http/http2/header_fields.h"
#include "libs/http/http2/http2_options.h"
#include "libs/http/limits/token_bucket.h"
#include "libs/http/message.h"

namespace countersign::http::http2 {

using StreamId = std::int32_t;

// RFC 9113, section 7.
enum class ErrorCode : std::uint32_t {
  kNoError = 0x0,
  kProtocolError = 0x1,
  kInternalError = 0x2,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kEnhanceYourCalm = 0xb,
};

struct SessionLimits {
  std::size_t max_head_bytes = 0;
  std::size_t max_head_fields = 0;
  Http2Options http2;
};

// The server side of the HTTP/2 protocol on one connection, without its input and output. Enforces
// the limits while it receives; a caller that exceeds one or breaks the protocol gets GOAWAY, and
// the session is finished once that is sent. Not thread-safe.
class Session {
 public:
  // What happens in the session. Called within Receive and Produce, where no member of the session
  // may be called except Reset and Consume.
  class Events {
   public:
    virtual ~Events() = default;

    // A request begins. `refused` is 0, or the status that it must be answered with: 431 when its
    // header list is too large, 400 when it is not acceptable; the head is empty then.
    virtual void OnRequest(StreamId id, RequestHead head, int refused) = 0;
    // A piece of its body, which counts against the windows until it is consumed.
    virtual void OnBody(StreamId id, absl::string_view bytes) = 0;
    virtual void OnBodyEnd(StreamId id, Headers trailers) = 0;
    // The stream no longer exists.
    virtual void OnClose(StreamId id) = 0;

    // Asks for the next bytes of a response that Respond began. Returns how many of at most `size`
    // bytes were written to `data`; with none, and without `end`, it is asked again after Resume.
    struct Supply {
      std::size_t size = 0;
      bool end = false;
      const Headers* trailers = nullptr;  // with `end`
    };
    virtual Supply OnSend(StreamId id, char* data, std::size_t size) = 0;
  };

  Session(const SessionLimits& limits, Events& events, async::TimePoint now);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Bytes from the caller.
  void Receive(absl::string_view bytes, async::TimePoint now);

  // Appends the bytes for the caller that there are now, about `size` at most.
  void Produce(std::string& output, std::size_t size);

  // Nothing more is to be received or sent.
  bool finished() const;
  // After Terminate, or an error of the caller that has the same effect.
  bool terminated() const { return terminated_; }

  // Whether the caller has sent its first settings.
  bool started() const { return started_; }
  // When the header list began that the caller has not completed.
  std::optional<async::TimePoint> header_list_since() const {
    return list_.has_value() ? std::optional(list_->since) : std::nullopt;
  }

  // The following do nothing when the stream no longer exists.
  void Continue(StreamId id);  // sends the interim response 100
  // Begins the response. With a body its bytes are asked for with OnSend.
  void Respond(StreamId id, const ResponseHead& head, std::optional<std::size_t> content_length,
               bool has_body);
  void Resume(StreamId id);
  void Consume(StreamId id, std::size_t bytes);  // opens the windows again
  void Reset(StreamId id, ErrorCode code);

  // Announces the end with a GOAWAY that still accepts requests which are on their way, then, after
  // one round trip or FinishShutdown, accepts no more. Finished when no stream is left.
  void BeginShutdown();
  bool shutting_down() const { return shutting_down_; }
  void FinishShutdown();

  // Ends the connection: GOAWAY, and no more streams.
  void Terminate(ErrorCode code);

 private:
  struct Callbacks;  // of nghttp2
  struct Delete {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  int CountFrame(const nghttp2_frame_hd& frame);
  int AddField(absl::string_view name, absl::string_view value);
  int OnFrame(const nghttp2_frame& frame);
  void OnHeaders(const nghttp2_frame& frame);
  int Exceed();
  void SubmitTrailers(StreamId id, const Headers& trailers);
  bool CanSubmit(StreamId id) const;

  const SessionLimits limits_;
  Events& events_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  async::TimePoint now_;
  limits::TokenBucket resets_;
  limits::TokenBucket idle_frames_;
  struct HeaderList {
    StreamId stream;
    async::TimePoint since;
    HeaderFields fields;
  };
  std::optional<HeaderList> list_;  // the one that is being received
  std::size_t block_bytes_ = 0;     // of the last one, compressed
  bool started_ = false;
  bool exceeded_ = false;  // a limit
  bool broken_ = false;    // the library cannot go on
  bool terminated_ = false;
  bool shutting_down_ = false;
};

}  // namespace countersign::http::http2
