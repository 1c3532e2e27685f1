#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/clock.h"

// The server's side of a bidirectional stream, driven by the test's thread.
namespace countersign::clients {

// One stream at the server. Thread-safe; lives until gRPC and the test have released it.
template <typename Request, typename Response>
class ScriptedStream {
 public:
  // Blocks until the next request; nullopt after the client's last one.
  std::optional<Request> Next() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return !requests_.empty() || reads_ended_; });
    if (requests_.empty()) return std::nullopt;
    Request request = std::move(requests_.front());
    requests_.pop_front();
    return request;
  }
  void Reply(Response response) {
    const std::lock_guard<std::mutex> lock(mutex_);
    responses_.push_back(std::move(response));
    WriteNextLocked();
  }
  void Finish(const grpc::Status& status) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return responses_.empty() && !writing_; });
    if (!std::exchange(finished_, true) && reactor_ != nullptr) reactor_->Finish(status);
  }
  // Blocks until the client has cancelled the stream; false after a minute.
  bool WaitCancelled() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return cancelled_; });
  }
  const std::string& token() const { return token_; }

  // Creates the reactor of a new stream, to be returned by the service's method.
  static std::pair<grpc::ServerBidiReactor<Request, Response>*, std::shared_ptr<ScriptedStream>>
  Start(grpc::CallbackServerContext* context) {
    auto stream = std::make_shared<ScriptedStream>();
    const auto token = context->client_metadata().find("countersign-internal-token");
    if (token != context->client_metadata().end()) {
      stream->token_.assign(token->second.data(), token->second.size());
    }
    auto* reactor = new Reactor(stream);
    stream->reactor_ = reactor;
    return {reactor, stream};
  }

 private:
  class Reactor final : public grpc::ServerBidiReactor<Request, Response> {
   public:
    explicit Reactor(std::shared_ptr<ScriptedStream> stream) : stream_(std::move(stream)) {
      this->StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      {
        const std::lock_guard<std::mutex> lock(stream_->mutex_);
        if (ok) stream_->requests_.push_back(request_);
        if (!ok) stream_->reads_ended_ = true;
      }
      stream_->changed_.notify_all();
      if (ok) this->StartRead(&request_);
    }
    void OnWriteDone(bool) override {
      {
        const std::lock_guard<std::mutex> lock(stream_->mutex_);
        stream_->writing_ = false;
        stream_->WriteNextLocked();
      }
      stream_->changed_.notify_all();
    }
    void OnCancel() override {
      bool finish = false;
      {
        const std::lock_guard<std::mutex> lock(stream_->mutex_);
        stream_->cancelled_ = true;
        finish = !std::exchange(stream_->finished_, true);
      }
      stream_->changed_.notify_all();
      if (finish) this->Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override {
      {
        const std::lock_guard<std::mutex> lock(stream_->mutex_);
        stream_->reactor_ = nullptr;
        stream_->reads_ended_ = true;
      }
      stream_->changed_.notify_all();
      delete this;
    }

   private:
    const std::shared_ptr<ScriptedStream> stream_;
    Request request_;
  };

  void WriteNextLocked() {
    if (writing_ || responses_.empty() || reactor_ == nullptr || finished_) return;
    current_ = std::move(responses_.front());
    responses_.pop_front();
    writing_ = true;
    reactor_->StartWrite(&current_);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Reactor* reactor_ = nullptr;
  std::deque<Request> requests_;
  std::deque<Response> responses_;
  Response current_;
  std::string token_;
  bool writing_ = false;
  bool reads_ended_ = false;
  bool finished_ = false;
  bool cancelled_ = false;
};

// Streams in the order in which they were opened. Thread-safe.
template <typename Stream>
class Opened {
 public:
  void Push(std::shared_ptr<Stream> stream) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      streams_.push_back(std::move(stream));
    }
    changed_.notify_all();
  }
  std::shared_ptr<Stream> Next() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return !streams_.empty(); });
    auto stream = std::move(streams_.front());
    streams_.pop_front();
    return stream;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Stream>> streams_;
};

// An in-process server.
class InProcessServer {
 public:
  explicit InProcessServer(const std::vector<grpc::Service*>& services) {
    grpc::ServerBuilder builder;
    for (grpc::Service* service : services) builder.RegisterService(service);
    server_ = builder.BuildAndStart();
  }
  ~InProcessServer() { server_->Shutdown(absl::ToChronoTime(SystemClock().Now())); }
  std::shared_ptr<grpc::Channel> channel() { return server_->InProcessChannel({}); }

 private:
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace countersign::clients
