#pragma once

// For tests of HTTP/2 clients: a blocking server that sends exact frames.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "libs/http/testing/http2_client.h"

namespace countersign::http::testing {

class Http2Upstream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Fields = Http2Client::Fields;

  class Connection {
   public:
    explicit Connection(Socket socket) : socket_(std::move(socket)) {}

    // Reads the client's preface and sends the payload of SETTINGS.
    void Begin(const std::string& settings = "") {
      ReadBytes(24);
      Send({NGHTTP2_SETTINGS, 0, 0, settings});
    }

    // False when the client has closed the connection.
    bool Send(const Frame& frame) { return SendBytes(Encode(frame)); }
    bool SendBytes(const std::string& bytes) {
      boost::system::error_code error;
      boost::asio::write(socket_, boost::asio::buffer(bytes), error);
      return !error;
    }

    // The next frame; none when the client has closed the connection. Answers SETTINGS and PING.
    std::optional<Frame> ReadFrame() {
      const std::string head = ReadBytes(9);
      if (head.size() < 9) return std::nullopt;
      Frame frame;
      frame.type = static_cast<std::uint8_t>(head[3]);
      frame.flags = static_cast<std::uint8_t>(head[4]);
      frame.stream = static_cast<std::int32_t>(ReadNumber(head.substr(5)));
      frame.payload = ReadBytes(ReadNumber(head.substr(0, 3)));
      const bool ack = (frame.flags & NGHTTP2_FLAG_ACK) != 0;
      if (frame.type == NGHTTP2_SETTINGS && !ack) Send({NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""});
      if (frame.type == NGHTTP2_PING && !ack && answer_pings) {
        Send({NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, frame.payload});
      }
      return frame;
    }
    bool answer_pings = true;

    // The next frame of a type, of any stream; none when the client has closed the connection.
    std::optional<Frame> ReadUntil(std::uint8_t type) {
      while (true) {
        std::optional<Frame> frame = ReadFrame();
        if (!frame.has_value() || frame->type == type) return frame;
      }
    }
    // The stream of the next request; 0 when the client has closed the connection.
    std::int32_t ReadRequest() {
      const std::optional<Frame> frame = ReadUntil(NGHTTP2_HEADERS);
      return frame.has_value() ? frame->stream : 0;
    }
    void ReadToEnd() {
      while (ReadFrame().has_value()) {
      }
    }

    bool Head(std::int32_t stream, const Fields& fields = {{":status", "200"}}, bool end = false) {
      return Send({NGHTTP2_HEADERS, Flags(NGHTTP2_FLAG_END_HEADERS, end), stream,
                   Http2Client::EncodeFields(fields)});
    }
    bool Data(std::int32_t stream, const std::string& bytes, bool end) {
      return Send({NGHTTP2_DATA, Flags(0, end), stream, bytes});
    }
    void Answer(std::int32_t stream, const std::string& body = "ok") {
      Head(stream);
      Data(stream, body, true);
    }
    void Reset(std::int32_t stream, std::uint32_t code) {
      Send({NGHTTP2_RST_STREAM, 0, stream, Number(code)});
    }
    void GoAway(std::int32_t last_stream, std::uint32_t code = 0) {
      Send({NGHTTP2_GOAWAY, 0, 0, Number(static_cast<std::uint32_t>(last_stream)) + Number(code)});
    }
    // Answers every request until the client closes.
    void Serve() {
      while (const std::int32_t stream = ReadRequest()) Answer(stream);
    }

   private:
    static std::uint8_t Flags(int flags, bool end) {
      return static_cast<std::uint8_t>(flags | (end ? NGHTTP2_FLAG_END_STREAM : 0));
    }
    std::string ReadBytes(std::size_t count) {
      std::string bytes(count, '\0');
      boost::system::error_code error;
      bytes.resize(boost::asio::read(socket_, boost::asio::buffer(bytes), error));
      return bytes;
    }
    Socket socket_;
  };

  // Runs `script` for each connection on a thread of its own and then closes the connection;
  // `number` counts them from 0. The client must be gone when this object is destroyed.
  using Script = std::function<void(Connection& connection, int number)>;
  explicit Http2Upstream(Script script)
      : acceptor_(context_, {boost::asio::ip::make_address("127.0.0.1"), 0}),
        accepting_([this, script = std::move(script)] { Accept(script); }) {}
  ~Http2Upstream() {
    stopping_ = true;
    Socket last(context_);
    last.connect(acceptor_.local_endpoint());
    accepting_.join();
    for (std::thread& thread : threads_) thread.join();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int connections() const { return connections_; }

 private:
  void Accept(const Script& script) {
    while (true) {
      Socket socket = acceptor_.accept();
      if (stopping_) return;
      threads_.emplace_back(
          [script, number = connections_++](Socket accepted) {
            Connection connection(std::move(accepted));
            script(connection, number);
          },
          std::move(socket));
    }
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

}  // namespace countersign::http::testing
