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

// The HTTP/2 protocol on one connection, without its input and output: what servers and clients
// share. Enforces the limits while it receives; a peer that exceeds one or breaks the protocol gets
// GOAWAY, and the session is finished once that is sent. Not thread-safe.
class Session {
 public:
  // What happens in the session. Called within Receive and Produce, where no member of the session
  // may be called except Reset and Consume.
  class Events {
   public:
    virtual ~Events() = default;

    // A piece of a body that the peer sends. It counts against the windows until it is consumed.
    virtual void OnBody(StreamId id, absl::string_view bytes) = 0;
    virtual void OnBodyEnd(StreamId id, Headers trailers) = 0;
    // The stream no longer exists. `code` says why, and `by_peer` whether the peer reset it.
    virtual void OnClose(StreamId id, ErrorCode code, bool by_peer) = 0;

    // Asks for the next bytes of a body that is sent. Returns how many of at most `size` bytes were
    // written to `data`; with none, and without `end`, it is asked again after Resume.
    struct Supply {
      std::size_t size = 0;
      bool end = false;
      const Headers* trailers = nullptr;  // with `end`
    };
    virtual Supply OnSend(StreamId id, char* data, std::size_t size) = 0;
  };

  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Bytes from the peer.
  void Receive(absl::string_view bytes, async::TimePoint now);

  // Appends the bytes for the peer that there are now, about `size` at most.
  void Produce(std::string& output, std::size_t size);

  // Nothing more is to be received or sent.
  bool finished() const;
  // After Terminate, or an error of the peer that has the same effect.
  bool terminated() const { return terminated_; }

  // Whether the peer has sent its first settings.
  bool started() const { return started_; }
  // When the header list began that the peer has not completed.
  std::optional<async::TimePoint> header_list_since() const {
    return list_.has_value() ? std::optional(list_->since) : std::nullopt;
  }

  // The following do nothing when the stream no longer exists.
  void Resume(StreamId id);
  void Consume(StreamId id, std::size_t bytes);  // opens the windows again
  void Reset(StreamId id, ErrorCode code);

  // Ends the connection: GOAWAY, and no more streams.
  void Terminate(ErrorCode code);

 protected:
  enum class Role { kServer, kClient };
  Session(Role role, const SessionLimits& limits, Events& events, async::TimePoint now);

  // A header list has arrived; its `fields` are within four times the limits.
  virtual void OnHeaders(const nghttp2_frame& frame, HeaderFields fields) = 0;
  // The peer answered a PING.
  virtual void OnPong() {}
  // The peer accepts no more streams.
  virtual void OnGoAway() {}
  // Counts a stream that the peer resets. False: too many.
  virtual bool CountReset() = 0;

  // Reads a body with Events::OnSend.
  static nghttp2_data_provider MakeProvider();
  nghttp2_session* native() const { return session_.get(); }
  const SessionLimits& limits() const { return limits_; }
  bool TakeReset() { return resets_.Take(now_); }
  bool TakeIdleFrame() { return idle_frames_.Take(now_); }
  void AllowIdleFrames(double count) { idle_frames_.Return(count); }
  // Whether anything can be sent on the stream.
  bool Exists(StreamId id) const;

 private:
  struct Callbacks;  // of nghttp2
  struct Delete {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  int CountFrame(const nghttp2_frame_hd& frame);
  int AddField(absl::string_view name, absl::string_view value);
  int OnFrame(const nghttp2_frame& frame);
  int Exceed();
  void SubmitTrailers(StreamId id, const Headers& trailers);

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
  StreamId reset_by_peer_ = 0;      // the last one
  bool started_ = false;
  bool exceeded_ = false;  // a limit
  bool broken_ = false;    // the library cannot go on
  bool terminated_ = false;
};

}  // namespace countersign::http::http2
