#pragma once

// For tests of libs/http: a raw socket, a server on a free port, and a runner of coroutines.

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/async/spawn.h"
#include "libs/base/mutex.h"
#include "libs/http/address.h"
#include "libs/http/io_loop.h"
#include "libs/http/server.h"

namespace countersign::http::testing {

// For ServerOptions::refuse: a body that names the status.
inline ServerOptions::Refusal RefuseWithStatus(int status) {
  ServerOptions::Refusal refusal;
  refusal.body = absl::StrCat("refused ", status);
  return refusal;
}

// A blocking client that sends exact bytes.
class RawClient {
 public:
  explicit RawClient(const std::string& address) : socket_(context_) {
    const HostPort where = ParseHostPort(address).value();
    socket_.connect({boost::asio::ip::make_address(where.host), where.port});
  }

  void Send(absl::string_view bytes) {
    boost::system::error_code ignored;  // the server may have closed; its response is still read
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  // The same, but returns false when the server has closed the connection.
  bool TrySend(absl::string_view bytes) {
    boost::system::error_code error;
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), error);
    return !error;
  }
  void ShutdownWrite() { socket_.shutdown(boost::asio::socket_base::shutdown_send); }
  void Close() { socket_.close(); }
  void Reset() {  // closes without a word: the peer's next bytes are answered with a reset
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

  // Reads until `end`, which is included in the result, or until the server closes.
  std::string ReadUntil(absl::string_view end) {
    std::size_t at;
    while ((at = seen_.find(std::string(end))) == std::string::npos) {
      if (!ReadSome()) return std::exchange(seen_, "");
    }
    std::string result = seen_.substr(0, at + end.size());
    seen_.erase(0, at + end.size());
    return result;
  }
  std::string ReadBytes(std::size_t count) {
    while (seen_.size() < count && ReadSome()) {
    }
    std::string result = seen_.substr(0, count);
    seen_.erase(0, result.size());
    return result;
  }
  std::string ReadAll() {
    while (ReadSome()) {
    }
    return std::exchange(seen_, "");
  }

 private:
  bool ReadSome() {
    char data[4096];
    boost::system::error_code error;
    const std::size_t count = socket_.read_some(boost::asio::buffer(data), error);
    seen_.append(data, count);
    return !error;
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  std::string seen_;
};

class TestServer {
 public:
  explicit TestServer(Handler handler, ServerOptions options = {},
                      security::TlsContext tls = nullptr)
      : listener_(ListenHttp(workers_, "127.0.0.1:0", tls, std::move(options), std::move(handler))
                      .value()) {}
  const std::string& address() const { return listener_->address(); }
  std::uint16_t port() const { return ParseHostPort(address()).value().port; }
  Listener& listener() { return *listener_; }

 private:
  Workers workers_{2};
  std::unique_ptr<Listener> listener_;
};

// Set on one thread, awaited on another; Wait returns false after two minutes.
class Signal {
 public:
  void Set() {
    const MutexLock lock(mutex_);
    set_ = true;
    changed_.NotifyAll();
  }
  bool Wait() {
    const MutexLock lock(mutex_);
    return changed_.WaitFor(mutex_, absl::Minutes(2),
                            [this]() CS_REQUIRES(mutex_) { return set_; });
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool set_ CS_GUARDED_BY(mutex_) = false;
};

template <typename T>
async::Awaitable<void> Store(async::Awaitable<T> work, std::shared_ptr<std::promise<T>> result) {
  result->set_value(co_await std::move(work));
}

// Starts `work` on `executor`. The future rethrows its exceptions, such as a failed REQUIRE.
template <typename T>
std::future<T> Begin(async::Executor executor, async::Awaitable<T> work) {
  const auto result = std::make_shared<std::promise<T>>();
  std::future<T> future = result->get_future();
  async::Spawn(executor, Store(std::move(work), result), [result](std::exception_ptr thrown) {
    if (thrown != nullptr) result->set_exception(thrown);
  });
  return future;
}

// Runs `make()` on `executor` and returns its result.
template <typename Make>
auto Run(async::Executor executor, Make make) {
  return Begin(executor, make()).get();
}

}  // namespace countersign::http::testing
