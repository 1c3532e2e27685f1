#include "libs/http/http2/session.h"

#include <limits>
#include <utility>
#include <vector>

#include "libs/http/http2/outgoing_fields.h"

namespace countersign::http::http2 {
namespace {

constexpr double kFramesPerPiece = 4;
constexpr double kBytesPerFrame = 256;

// How much larger a compressed header list may be than a decoded one that is still answered.
constexpr std::size_t kBlockFactor = 4;

// Frames that are waiting to be sent to a peer that does not read.
constexpr std::size_t kMaxQueued = 2'000;

absl::string_view View(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

struct Session::Callbacks {
  static Session& Self(void* user_data) { return *static_cast<Session*>(user_data); }

  static int OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd* frame, void* self) {
    return Self(self).CountFrame(*frame);
  }
  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Session& session = Self(self);
    const SessionLimits& limits = session.limits_;
    session.list_.emplace(HeaderList{frame->hd.stream_id, session.now_,
                                     HeaderFields(limits.max_head_bytes, limits.max_head_fields)});
    return 0;
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                      std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                      std::uint8_t, void* self) {
    return Self(self).AddField(View(name, name_size), View(value, value_size));
  }
  // A field that is not valid makes its request malformed; the library would drop the field.
  static int OnInvalidHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                             std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  static int OnInvalidFrame(nghttp2_session*, const nghttp2_frame*, int, void* self) {
    Self(self).list_.reset();
    return 0;
  }
  // Frames of unknown types, which are ignored, are seen only here.
  static int OnUnknownFrame(nghttp2_session*, void**, const nghttp2_frame_hd*, void* self) {
    return Self(self).idle_frames_.Take(Self(self).now_) ? NGHTTP2_ERR_CANCEL : Self(self).Exceed();
  }
  static int OnFrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    return Self(self).OnFrame(*frame);
  }
  static int OnData(nghttp2_session*, std::uint8_t, StreamId id, const std::uint8_t* data,
                    std::size_t size, void* self) {
    Self(self).events_.OnBody(id, View(data, size));
    return 0;
  }
  static int OnStreamClose(nghttp2_session*, StreamId id, std::uint32_t code, void* self) {
    Session& session = Self(self);
    if (session.list_.has_value() && session.list_->stream == id) session.list_.reset();
    session.events_.OnClose(id, static_cast<ErrorCode>(code), session.reset_by_peer_ == id);
    return 0;
  }
  // A request that was cancelled, or overtaken by GOAWAY, before it was sent has no stream yet.
  static int OnFrameNotSent(nghttp2_session*, const nghttp2_frame* frame, int, void* self) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      Self(self).events_.OnClose(frame->hd.stream_id, ErrorCode::kRefusedStream, false);
    }
    return 0;
  }
  // Streams that are reset for what the peer sent count like those that it resets.
  static int OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type != NGHTTP2_RST_STREAM) return 0;
    const auto code = static_cast<ErrorCode>(frame->rst_stream.error_code);
    const bool ours = code == ErrorCode::kNoError || code == ErrorCode::kInternalError ||
                      code == ErrorCode::kCancel;
    if (!ours && !Self(self).resets_.Take(Self(self).now_)) Self(self).exceeded_ = true;
    return 0;
  }
  static ssize_t Read(nghttp2_session*, StreamId id, std::uint8_t* data, std::size_t size,
                      std::uint32_t* flags, nghttp2_data_source*, void* self) {
    Session& session = Self(self);
    const Events::Supply supply = session.events_.OnSend(id, reinterpret_cast<char*>(data), size);
    session.idle_frames_.Return(static_cast<double>(supply.size) / kBytesPerFrame);
    if (supply.end) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (supply.trailers != nullptr) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        session.SubmitTrailers(id, *supply.trailers);
      }
    } else if (supply.size == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(supply.size);
  }

  static nghttp2_session* MakeSession(Role role, Session& self) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, OnBeginFrame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, OnInvalidHeader);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, OnInvalidFrame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrameReceived);
    nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, OnUnknownFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnStreamClose);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, OnFrameSent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, OnFrameNotSent);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    for (int type = NGHTTP2_CONTINUATION + 1; type <= 0xff; ++type) {
      nghttp2_option_set_user_recv_extension_type(option, static_cast<std::uint8_t>(type));
    }
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_max_continuations(option, self.limits_.http2.max_continuations);
    // Resets are counted here, with the library's own.
    constexpr std::uint64_t kUnlimited = std::numeric_limits<std::int64_t>::max();
    nghttp2_option_set_stream_reset_rate_limit(option, kUnlimited, kUnlimited);
    nghttp2_session* session = nullptr;
    if (role == Role::kServer) {
      nghttp2_session_server_new2(&session, callbacks, &self, option);
    } else {
      nghttp2_session_client_new2(&session, callbacks, &self, option);
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
  }
};

Session::Session(Role role, const SessionLimits& limits, Events& events, async::TimePoint now)
    : limits_(limits),
      events_(events),
      session_(Callbacks::MakeSession(role, *this)),
      now_(now),
      resets_(limits.http2.resets, now),
      idle_frames_(limits.http2.idle_frames, now) {
  const nghttp2_settings_entry first =
      role == Role::kServer ? nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                                     limits_.http2.max_streams}
                            : nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  const nghttp2_settings_entry settings[] = {
      first,
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.http2.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.max_head_bytes)},
  };
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits_.http2.connection_window));
}

void Session::Receive(absl::string_view bytes, async::TimePoint now) {
  now_ = now;
  const ssize_t result = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (exceeded_ || nghttp2_session_get_outbound_queue_size(session_.get()) > kMaxQueued) {
    Terminate(ErrorCode::kEnhanceYourCalm);
  } else if (result == NGHTTP2_ERR_FLOODED || result == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
    Terminate(ErrorCode::kEnhanceYourCalm);
  } else if (result == NGHTTP2_ERR_BAD_CLIENT_MAGIC) {
    Terminate(ErrorCode::kProtocolError);
  } else if (result < 0) {
    Terminate(ErrorCode::kInternalError);
  }
}

void Session::Produce(std::string& output, std::size_t size) {
  const std::size_t before = output.size();
  while (output.size() - before < size) {
    const std::uint8_t* data = nullptr;
    const ssize_t count = nghttp2_session_mem_send(session_.get(), &data);
    if (exceeded_) Terminate(ErrorCode::kEnhanceYourCalm);
    if (count < 0) broken_ = true;
    if (count <= 0) break;
    output.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(count));
  }
}

bool Session::finished() const {
  return broken_ || (nghttp2_session_want_read(session_.get()) == 0 &&
                     nghttp2_session_want_write(session_.get()) == 0);
}

int Session::Exceed() {
  exceeded_ = true;
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Session::CountFrame(const nghttp2_frame_hd& frame) {
  switch (frame.type) {
    case NGHTTP2_DATA: return 0;  // counted when its padding is known
    case NGHTTP2_HEADERS: block_bytes_ = 0; [[fallthrough]];
    case NGHTTP2_CONTINUATION:
      block_bytes_ += frame.length;
      return block_bytes_ > kBlockFactor * limits_.max_head_bytes ? Exceed() : 0;
    case NGHTTP2_RST_STREAM: return CountReset() ? 0 : Exceed();
    default: return frame.type > NGHTTP2_CONTINUATION || idle_frames_.Take(now_) ? 0 : Exceed();
  }
}

int Session::AddField(absl::string_view name, absl::string_view value) {
  if (!list_.has_value()) return 0;
  return list_->fields.Add(name, value) ? 0 : Exceed();
}

int Session::OnFrame(const nghttp2_frame& frame) {
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      if (list_.has_value()) {
        HeaderFields fields = std::move(list_->fields);
        list_.reset();
        OnHeaders(frame, std::move(fields));
      }
      return 0;
    case NGHTTP2_DATA:
      if (end) {
        events_.OnBodyEnd(frame.hd.stream_id, Headers());
      } else if (frame.hd.length <= frame.data.padlen && !idle_frames_.Take(now_)) {
        return Exceed();
      }
      return 0;
    case NGHTTP2_SETTINGS: started_ = true; return 0;
    case NGHTTP2_PING:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) OnPong();
      return 0;
    case NGHTTP2_GOAWAY: OnGoAway(); return 0;
    case NGHTTP2_RST_STREAM: reset_by_peer_ = frame.hd.stream_id; return 0;
    default: return 0;
  }
}

bool Session::Exists(StreamId id) const {
  return nghttp2_session_find_stream(session_.get(), id) != nullptr;
}

nghttp2_data_provider Session::MakeProvider() {
  nghttp2_data_provider body = {};
  body.read_callback = Callbacks::Read;
  return body;
}

void Session::SubmitTrailers(StreamId id, const Headers& trailers) {
  OutgoingFields fields;
  fields.AddAll(trailers);
  const std::vector<nghttp2_nv> views = fields.Views();
  nghttp2_submit_trailer(session_.get(), id, views.data(), views.size());
}

void Session::Resume(StreamId id) {
  idle_frames_.Return(kFramesPerPiece);
  nghttp2_session_resume_data(session_.get(), id);
}

void Session::Consume(StreamId id, std::size_t bytes) {
  if (bytes > 0) nghttp2_session_consume(session_.get(), id, bytes);
}

void Session::Reset(StreamId id, ErrorCode code) {
  if (!Exists(id)) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id,
                            static_cast<std::uint32_t>(code));
}

void Session::Terminate(ErrorCode code) {
  terminated_ = true;
  nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(code));
}

}  // namespace countersign::http::http2
