#include "libs/http/http2/client_session.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/http/http2/outgoing_fields.h"

namespace countersign::http::http2 {
namespace {

// Frames without content that a request allows its upstream.
constexpr double kFramesPerRequest = 8;

}  // namespace

ClientSession::ClientSession(const SessionLimits& limits, Events& events, async::TimePoint now)
    : Session(Role::kClient, limits, events, now), events_(events) {}

void ClientSession::OnHeaders(const nghttp2_frame& frame, HeaderFields fields) {
  const StreamId id = frame.hd.stream_id;
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (fields.too_large()) {
    events_.OnMalformed(id, "its head is too large");
    Reset(id, ErrorCode::kEnhanceYourCalm);
  } else if (!fields.status().has_value()) {
    if (end) events_.OnBodyEnd(id, fields.TakeTrailers());
  } else if (*fields.status() < 100) {
    events_.OnMalformed(id, "its status is none");
    Reset(id, ErrorCode::kProtocolError);
  } else if (*fields.status() < 200) {
    events_.OnInterim(id);
  } else {
    events_.OnResponse(id, *fields.TakeResponseHead());
    if (end) events_.OnBodyEnd(id, Headers());
  }
}

StreamId ClientSession::Request(const Origin& origin, const OutgoingHead& outgoing) {
  const RequestHead& head = outgoing.head;
  OutgoingFields fields;
  fields.Add(":method", head.method);
  fields.Add(":scheme", origin.tls ? "https" : "http");
  fields.Add(":authority", origin.HostHeader());
  fields.Add(":path", head.target);
  fields.AddAll(head.headers);
  if (outgoing.NeedsContentLength()) {
    fields.Add("content-length", absl::StrCat(*outgoing.content_length));
  }
  const std::vector<nghttp2_nv> views = fields.Views();
  const nghttp2_data_provider body = MakeProvider();
  const StreamId id = nghttp2_submit_request(native(), nullptr, views.data(), views.size(),
                                             outgoing.HasBody() ? &body : nullptr, nullptr);
  if (id <= 0) return 0;
  AllowIdleFrames(kFramesPerRequest);
  return id;
}

void ClientSession::Cancel(StreamId id) {
  nghttp2_submit_rst_stream(native(), NGHTTP2_FLAG_NONE, id,
                            static_cast<std::uint32_t>(ErrorCode::kCancel));
}

std::uint32_t ClientSession::peer_max_streams() const {
  return nghttp2_session_get_remote_settings(native(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void ClientSession::Ping() { nghttp2_submit_ping(native(), NGHTTP2_FLAG_NONE, nullptr); }

void ClientSession::Shutdown() {
  going_away_ = true;
  nghttp2_submit_goaway(native(), NGHTTP2_FLAG_NONE, 0,
                        static_cast<std::uint32_t>(ErrorCode::kNoError), nullptr, 0);
}

}  // namespace countersign::http::http2
