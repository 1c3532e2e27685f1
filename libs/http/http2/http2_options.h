#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/http/limits/token_bucket.h"

namespace countersign::http::http2 {

// Limits of one HTTP/2 connection beside those of ServerOptions. A caller that exceeds one of the
// rates gets GOAWAY with ENHANCE_YOUR_CALM.
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

}  // namespace countersign::http::http2
