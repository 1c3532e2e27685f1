#pragma once

// For tests of HTTP/2 servers: a blocking client that sends exact frames.

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http::testing {

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::int32_t stream = 0;
  std::string payload;
};

inline std::string Number(std::uint32_t value, int bytes = 4) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text += static_cast<char>(value >> shift & 0xff);
  }
  return text;
}

inline std::uint32_t ReadNumber(absl::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

inline std::string Encode(const Frame& frame) {
  return absl::StrCat(Number(static_cast<std::uint32_t>(frame.payload.size()), 3),
                      std::string(1, static_cast<char>(frame.type)),
                      std::string(1, static_cast<char>(frame.flags)),
                      Number(static_cast<std::uint32_t>(frame.stream)), frame.payload);
}

class Http2Client {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Response {
    std::string status;  // empty: none came
    std::map<std::string, std::string> fields;
    std::map<std::string, std::string> trailers;
    std::string body;
    bool complete = false;
    std::optional<std::uint32_t> reset;  // the error code of RST_STREAM
  };

  // Sends the preface and its settings: the payload of SETTINGS.
  explicit Http2Client(const std::string& address, const std::string& settings = "")
      : raw_(address) {
    nghttp2_hd_inflate_new(&inflater_);
    raw_.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    Send({NGHTTP2_SETTINGS, 0, 0, settings});
  }
  ~Http2Client() { nghttp2_hd_inflate_del(inflater_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  RawClient& raw() { return raw_; }
  void Send(const Frame& frame) { raw_.Send(Encode(frame)); }
  bool TrySend(const Frame& frame) { return raw_.TrySend(Encode(frame)); }

  // A header list as literals without indexing, which leave the decoder's table alone.
  static std::string EncodeFields(const Fields& fields) {
    std::string block;
    for (const auto& [name, value] : fields) {
      block += '\0';
      AppendString(name, block);
      AppendString(value, block);
    }
    return block;
  }
  static Fields Head(const std::string& method, const std::string& path) {
    return {{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "a"}};
  }

  // Sends a request; with `end` false its body may follow.
  std::int32_t Request(const Fields& fields, bool end = true) {
    const std::int32_t stream = next_;
    next_ += 2;
    constexpr std::size_t kFrame = 16'384;
    const std::string block = EncodeFields(fields);
    std::uint8_t type = NGHTTP2_HEADERS;
    for (std::size_t at = 0; at == 0 || at < block.size(); at += kFrame) {
      const bool last = at + kFrame >= block.size();
      const int flags =
          (last ? NGHTTP2_FLAG_END_HEADERS : 0) | (at == 0 && end ? NGHTTP2_FLAG_END_STREAM : 0);
      Send({type, static_cast<std::uint8_t>(flags), stream, block.substr(at, kFrame)});
      type = NGHTTP2_CONTINUATION;
    }
    return stream;
  }
  std::int32_t Get(const std::string& path) { return Request(Head("GET", path)); }
  std::int32_t Post(const std::string& path, const std::string& body) {
    const std::int32_t stream = Request(Head("POST", path), false);
    Data(stream, body, true);
    return stream;
  }
  void Data(std::int32_t stream, absl::string_view body, bool end) {
    do {
      const std::string piece(body.substr(0, 16'384));
      body.remove_prefix(piece.size());
      const bool last = body.empty() && end;
      Send({NGHTTP2_DATA, static_cast<std::uint8_t>(last ? NGHTTP2_FLAG_END_STREAM : 0), stream,
            piece});
    } while (!body.empty());
  }
  void Reset(std::int32_t stream) { Send({NGHTTP2_RST_STREAM, 0, stream, Number(8)}); }
  void OpenWindow(std::int32_t stream, std::uint32_t bytes) {
    Send({NGHTTP2_WINDOW_UPDATE, 0, stream, Number(bytes)});
  }

  // The next frame; none when the server has closed the connection. Answers SETTINGS and PING.
  std::optional<Frame> ReadFrame() {
    const std::string head = raw_.ReadBytes(9);
    if (head.size() < 9) return std::nullopt;
    Frame frame;
    frame.type = static_cast<std::uint8_t>(head[3]);
    frame.flags = static_cast<std::uint8_t>(head[4]);
    frame.stream = static_cast<std::int32_t>(ReadNumber(head.substr(5)));
    frame.payload = raw_.ReadBytes(ReadNumber(head.substr(0, 3)));
    const bool ack = (frame.flags & NGHTTP2_FLAG_ACK) != 0;
    if (frame.type == NGHTTP2_SETTINGS && !ack) Send({NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""});
    if (frame.type == NGHTTP2_PING && !ack && answer_pings) {
      Send({NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, frame.payload});
    }
    Take(frame);
    return frame;
  }
  bool answer_pings = true;
  bool open_windows = false;  // again for what was read

  // Reads frames until the response of `stream` has ended in any way.
  Response Read(std::int32_t stream) {
    while (!responses_[stream].complete && !responses_[stream].reset.has_value() &&
           !goaway_error().has_value()) {
      if (!ReadFrame().has_value()) break;
    }
    return responses_[stream];
  }
  // Reads until the server has sent `bytes` of the body of `stream`, or has closed.
  std::string ReadBody(std::int32_t stream, std::size_t bytes) {
    while (responses_[stream].body.size() < bytes && ReadFrame().has_value()) {
    }
    return responses_[stream].body;
  }
  const Response& response(std::int32_t stream) { return responses_[stream]; }

  // Reads until the server has closed the connection; returns the code of its last GOAWAY, -1
  // without one.
  std::int64_t ReadToEnd() {
    while (ReadFrame().has_value()) {
    }
    return goaway_.has_value() ? std::int64_t{*goaway_} : -1;
  }
  std::optional<std::uint32_t> goaway() const { return goaway_; }
  const std::map<std::uint32_t, std::uint32_t>& settings() const { return settings_; }
  std::uint32_t goaway_last_stream() const { return goaway_last_stream_; }

 private:
  std::optional<std::uint32_t> goaway_error() const {
    return goaway_.value_or(0) == 0 ? std::nullopt : goaway_;
  }
  static void AppendString(const std::string& text, std::string& block) {
    if (text.size() < 127) {
      block += static_cast<char>(text.size());
    } else {
      block += '\x7f';
      std::size_t rest = text.size() - 127;
      for (; rest >= 128; rest /= 128) block += static_cast<char>(rest % 128 | 128);
      block += static_cast<char>(rest);
    }
    block += text;
  }

  void Take(const Frame& frame) {
    const bool end = (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    Response& response = responses_[frame.stream];
    if (frame.type == NGHTTP2_HEADERS) {
      TakeFields(frame.payload, response);
      response.complete = end;
    } else if (frame.type == NGHTTP2_DATA) {
      response.body += frame.payload;
      if (open_windows && !frame.payload.empty()) {
        OpenWindow(0, static_cast<std::uint32_t>(frame.payload.size()));
        if (!end) OpenWindow(frame.stream, static_cast<std::uint32_t>(frame.payload.size()));
      }
      response.complete = end;
    } else if (frame.type == NGHTTP2_RST_STREAM) {
      response.reset = ReadNumber(frame.payload);
    } else if (frame.type == NGHTTP2_GOAWAY) {
      goaway_last_stream_ = ReadNumber(frame.payload.substr(0, 4));
      goaway_ = ReadNumber(frame.payload.substr(4, 4));
    } else if (frame.type == NGHTTP2_SETTINGS) {
      for (std::size_t at = 0; at + 6 <= frame.payload.size(); at += 6) {
        settings_[ReadNumber(frame.payload.substr(at, 2))] =
            ReadNumber(frame.payload.substr(at + 2, 4));
      }
    }
  }

  void TakeFields(const std::string& block, Response& response) {
    const bool trailers = !response.status.empty() && response.status != "100";
    auto* data = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    while (true) {
      nghttp2_nv field;
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, data, left, 1);
      if (used < 0) return;
      data += used;
      left -= static_cast<std::size_t>(used);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        const std::string name(reinterpret_cast<char*>(field.name), field.namelen);
        const std::string value(reinterpret_cast<char*>(field.value), field.valuelen);
        if (name == ":status") response.status = value;
        (trailers ? response.trailers : response.fields)[name] = value;
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
  }

  RawClient raw_;
  nghttp2_hd_inflater* inflater_ = nullptr;
  std::int32_t next_ = 1;
  std::map<std::int32_t, Response> responses_;
  std::map<std::uint32_t, std::uint32_t> settings_;
  std::optional<std::uint32_t> goaway_;
  std::uint32_t goaway_last_stream_ = 0;
};

}  // namespace countersign::http::testing
