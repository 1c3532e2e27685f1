#include "libs/http/http2/server_session.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/http/date_field.h"
#include "libs/http/http2/outgoing_fields.h"

namespace countersign::http::http2 {

ServerSession::ServerSession(const SessionLimits& limits, Events& events, async::TimePoint now)
    : Session(Role::kServer, limits, events, now), events_(events) {}

void ServerSession::OnHeaders(const nghttp2_frame& frame, HeaderFields fields) {
  const StreamId id = frame.hd.stream_id;
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    absl::StatusOr<RequestHead> head = fields.TakeHead();
    const int refused = head.ok() ? 0 : absl::IsResourceExhausted(head.status()) ? 431 : 400;
    events_.OnRequest(id, head.ok() ? *std::move(head) : RequestHead(), refused);
    if (end) events_.OnBodyEnd(id, Headers());
  } else if (fields.too_large()) {
    Reset(id, ErrorCode::kEnhanceYourCalm);
  } else if (end) {
    events_.OnBodyEnd(id, fields.TakeTrailers());
  }
}

void ServerSession::OnPong() {
  if (shutting_down_) FinishShutdown();
}

void ServerSession::Continue(StreamId id) {
  if (!Exists(id)) return;
  OutgoingFields fields;
  fields.Add(":status", "100");
  const std::vector<nghttp2_nv> views = fields.Views();
  nghttp2_submit_headers(native(), NGHTTP2_FLAG_NONE, id, nullptr, views.data(), views.size(),
                         nullptr);
}

void ServerSession::Respond(StreamId id, const ResponseHead& head,
                            std::optional<std::size_t> content_length, bool has_body) {
  if (!Exists(id)) return;
  OutgoingFields fields;
  fields.Add(":status", absl::StrCat(head.status));
  fields.AddAll(head.headers);
  fields.Add("date", FormatDate());
  const bool framed = head.status != 204;  // RFC 9110, section 8.6
  if (framed && content_length.has_value())
    fields.Add("content-length", absl::StrCat(*content_length));
  const std::vector<nghttp2_nv> views = fields.Views();
  const nghttp2_data_provider body = MakeProvider();
  nghttp2_submit_response(native(), id, views.data(), views.size(), has_body ? &body : nullptr);
}

void ServerSession::BeginShutdown() {
  if (std::exchange(shutting_down_, true)) return;
  nghttp2_submit_shutdown_notice(native());
  nghttp2_submit_ping(native(), NGHTTP2_FLAG_NONE, nullptr);
}

void ServerSession::FinishShutdown() {
  nghttp2_submit_goaway(native(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(native()),
                        static_cast<std::uint32_t>(ErrorCode::kNoError), nullptr, 0);
}

}  // namespace countersign::http::http2
