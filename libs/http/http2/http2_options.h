#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "libs/http/limits/token_bucket.h"

namespace countersign::http::http2 {

// Limits of one HTTP/2 connection of a server beside those of ServerOptions. A caller that exceeds
// one of the rates gets GOAWAY with ENHANCE_YOUR_CALM.
struct Http2Options {
  // Requests in progress. More are refused (REFUSED_STREAM), also while the handler of a cancelled
  // one still ends.
  std::uint32_t max_streams = 128;

  // Bytes of bodies that were received but not read by their handlers: of one stream, and of all.
  std::uint32_t stream_window = 256u << 10;
  std::uint32_t connection_window = 1u << 20;

  // CONTINUATION frames of one header list.
  std::size_t max_continuations = 16;

  // Requests that the caller resets, or that are reset because they are malformed.
  limits::Rate resets = {200, 20};

  // Frames that carry no part of a message: SETTINGS, PING, PRIORITY, WINDOW_UPDATE, DATA without
  // data, and unknown ones. What is sent to the caller allows more of them: four for each piece of
  // a response and one for each 256 bytes.
  limits::Rate idle_frames = {1'000, 100};
};

// HTTP/2 to upstreams.
struct Http2ClientOptions {
  bool offered = true;  // over TLS, with ALPN

  // Requests in progress on a connection; fewer when the upstream allows fewer.
  std::uint32_t max_streams = 100;
  // Connections to one origin of one client. Requests beyond their streams wait.
  std::size_t max_connections = 32;

  // Bytes of one response that were received but not read. The connection's window has room for
  // all of its streams, so that a reader that stops holds up no other.
  std::uint32_t stream_window = 128u << 10;

  std::size_t max_continuations = 16;  // of one header list

  // As in Http2Options; what is sent to the upstream allows more of them. An upstream that exceeds
  // the rate loses the connection.
  limits::Rate idle_frames = {1'000, 100};

  // How long a connection without requests is kept.
  absl::Duration keep_idle = absl::Seconds(60);

  // A connection with requests that receives nothing for `ping_after` is asked with PING whether it
  // still works, and again every `ping_again` (servers of gRPC allow one in five minutes). Without
  // an answer within `ping_timeout` it is closed.
  absl::Duration ping_after = absl::Seconds(30);
  absl::Duration ping_again = absl::Minutes(5);
  absl::Duration ping_timeout = absl::Seconds(15);
};

}  // namespace countersign::http::http2
