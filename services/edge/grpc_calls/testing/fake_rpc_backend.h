#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/edge/grpc_calls/rpc_backend.h"

namespace countersign::edge::grpc_calls::testing {

// A backend with the methods Unary and Stream of countersign.x.v1.Service, whose answers the test
// gives. For one thread; only Start may run on another one.
class FakeRpcBackend : public RpcBackend {
 public:
  absl::Status refuse;  // what Find answers, unless OK

  int started() const { return started_; }
  std::thread::id thread(int call) const { return calls_.at(call)->thread; }  // of Start
  const RpcRequest& request(int call) const { return calls_.at(call)->request; }
  bool cancelled(int call) const { return calls_.at(call)->cancelled; }

  // The next message of a call's answer, and its end.
  void Give(int call, std::string message) {
    calls_.at(call)->messages.emplace_back(std::move(message));
    Deliver(*calls_.at(call));
  }
  void End(int call, absl::Status status) {
    calls_.at(call)->end = std::move(status);
    Deliver(*calls_.at(call));
  }

  absl::StatusOr<RpcMethod> Find(absl::string_view path, const domain::Principal&) const override {
    if (!refuse.ok()) return refuse;
    if (path == "/countersign.x.v1.Service/Unary") return RpcMethod{false};
    if (path == "/countersign.x.v1.Service/Stream") return RpcMethod{true};
    return absl::UnimplementedError("there is no such method");
  }
  std::unique_ptr<RpcAnswer> Start(RpcRequest request) override {
    calls_.push_back(std::make_shared<Call>());
    calls_.back()->request = std::move(request);
    calls_.back()->thread = std::this_thread::get_id();
    auto answer = std::make_unique<Answer>(calls_.back());
    ++started_;
    return answer;
  }
  const std::vector<std::string>& services() const override { return services_; }
  absl::StatusOr<std::string> Reflect(absl::string_view request) const override {
    return absl::StrCat("described: ", request);
  }

 private:
  struct Call {
    RpcRequest request;
    std::thread::id thread;
    std::deque<std::string> messages;
    std::optional<absl::Status> end;
    domain::Done<RpcAnswer::Message> waiting;
    bool cancelled = false;
  };
  struct Answer final : RpcAnswer {
    explicit Answer(std::shared_ptr<Call> started) : call(std::move(started)) {}
    ~Answer() override {
      call->cancelled = !call->end;
      call->waiting = nullptr;
    }
    void Next(domain::Done<Message> done) override {
      call->waiting = std::move(done);
      Deliver(*call);
    }
    const std::shared_ptr<Call> call;
  };

  static void Deliver(Call& call) {
    if (!call.waiting || (call.messages.empty() && !call.end)) return;
    domain::Done<RpcAnswer::Message> done = std::exchange(call.waiting, nullptr);
    if (!call.messages.empty()) {
      RpcAnswer::Message message(std::move(call.messages.front()));
      call.messages.pop_front();
      return done(std::move(message));
    }
    if (!call.end->ok()) return done(*call.end);
    done(RpcAnswer::Message());
  }

  std::vector<std::shared_ptr<Call>> calls_;
  std::atomic<int> started_{0};  // counted last, so that the call can be read on another thread
  const std::vector<std::string> services_{"countersign.x.v1.Service"};
};

}  // namespace countersign::edge::grpc_calls::testing
