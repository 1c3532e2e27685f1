#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/mutex.h"

// The server's side of a bidirectional stream, driven by the test's thread.
namespace countersign::clients {

// One stream at the server. Thread-safe; lives until gRPC and the test have released it.
template <typename Request, typename Response>
class ScriptedStream {
 public:
  // Blocks until the next request; nullopt after the client's last one.
  std::optional<Request> Next() {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_,
                  [this]() CS_REQUIRES(mutex_) { return !requests_.empty() || reads_ended_; });
    if (requests_.empty()) return std::nullopt;
    Request request = std::move(requests_.front());
    requests_.pop_front();
    return request;
  }
  void Reply(Response response) {
    const MutexLock lock(mutex_);
    responses_.push_back(std::move(response));
    WriteNextLocked();
  }
  void Finish(const grpc::Status& status) {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return responses_.empty() && !writing_; });
    if (!std::exchange(finished_, true) && reactor_ != nullptr) reactor_->Finish(status);
  }
  // Blocks until the client has cancelled the stream; false after a minute.
  bool WaitCancelled() {
    const MutexLock lock(mutex_);
    return changed_.WaitFor(mutex_, absl::Minutes(1),
                            [this]() CS_REQUIRES(mutex_) { return cancelled_; });
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
    {
      const MutexLock lock(stream->mutex_);
      stream->reactor_ = reactor;
    }
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
        const MutexLock lock(stream_->mutex_);
        if (ok) stream_->requests_.push_back(request_);
        if (!ok) stream_->reads_ended_ = true;
      }
      stream_->changed_.NotifyAll();
      if (ok) this->StartRead(&request_);
    }
    void OnWriteDone(bool) override {
      {
        const MutexLock lock(stream_->mutex_);
        stream_->writing_ = false;
        stream_->WriteNextLocked();
      }
      stream_->changed_.NotifyAll();
    }
    void OnCancel() override {
      bool finish = false;
      {
        const MutexLock lock(stream_->mutex_);
        stream_->cancelled_ = true;
        finish = !std::exchange(stream_->finished_, true);
      }
      stream_->changed_.NotifyAll();
      if (finish) this->Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override {
      {
        const MutexLock lock(stream_->mutex_);
        stream_->reactor_ = nullptr;
        stream_->reads_ended_ = true;
      }
      stream_->changed_.NotifyAll();
      delete this;
    }

   private:
    const std::shared_ptr<ScriptedStream> stream_;
    Request request_;
  };

  void WriteNextLocked() CS_REQUIRES(mutex_) {
    if (writing_ || responses_.empty() || reactor_ == nullptr || finished_) return;
    current_ = std::move(responses_.front());
    responses_.pop_front();
    writing_ = true;
    reactor_->StartWrite(&current_);
  }

  Mutex mutex_;
  CondVar changed_;
  Reactor* reactor_ CS_GUARDED_BY(mutex_) = nullptr;
  std::deque<Request> requests_ CS_GUARDED_BY(mutex_);
  std::deque<Response> responses_ CS_GUARDED_BY(mutex_);
  Response current_;
  std::string token_;
  bool writing_ CS_GUARDED_BY(mutex_) = false;
  bool reads_ended_ CS_GUARDED_BY(mutex_) = false;
  bool finished_ CS_GUARDED_BY(mutex_) = false;
  bool cancelled_ CS_GUARDED_BY(mutex_) = false;
};

// Streams in the order in which they were opened. Thread-safe.
template <typename Stream>
class Opened {
 public:
  void Push(std::shared_ptr<Stream> stream) {
    {
      const MutexLock lock(mutex_);
      streams_.push_back(std::move(stream));
    }
    changed_.NotifyAll();
  }
  std::shared_ptr<Stream> Next() {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return !streams_.empty(); });
    auto stream = std::move(streams_.front());
    streams_.pop_front();
    return stream;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Stream>> streams_ CS_GUARDED_BY(mutex_);
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
