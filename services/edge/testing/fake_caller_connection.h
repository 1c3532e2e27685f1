#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/async/pending_reply.h"
#include "libs/async/sleep.h"
#include "libs/clients/testing/answers.h"
#include "services/edge/call/caller_connection.h"

namespace countersign::edge::testing {

// A caller without a network: sends what the test says, and keeps what it receives. `read`, `send`,
// `begin`, `write` and `finish` script failures and delays; after Leave all of them fail, held ones
// too. Used on one executor, like the real one.
class FakeCallerConnection final : public call::CallerConnection {
 public:
  explicit FakeCallerConnection(async::Executor executor) : executor_(executor) {
    head_.method = "POST";
    head_.path = "/v1/chat/completions";
    head_.headers = {{"host", "gateway"}, {"authorization", "Bearer key-1"}};
    head_.client_address = "192.0.2.7:4711";
  }

  // What the caller sends. Set before the call begins.
  call::RequestHead& request() { return head_; }
  void set_body(std::string body) {
    read.Always([body = std::move(body)] { return body; });
  }

  clients::Answers<std::string> read{[] { return std::string(); }};
  clients::Answers<bool> send{[] { return true; }};
  clients::Answers<bool> begin{[] { return true; }};
  clients::Answers<bool> write{[] { return true; }};
  clients::Answers<bool> finish{[] { return true; }};

  // The caller disconnects.
  void Leave() {
    left_.Cancel(absl::CancelledError("the caller left"));
    cancellation_.Cancel(left_.cause());
  }

  // What the caller received.
  bool verified() const { return verified_; }
  bool begun() const { return reply_.has_value(); }
  bool finished() const { return finished_; }
  int status() const { return reply_ ? reply_->status : 0; }
  const std::string& body() const { return body_; }  // all pieces joined
  const std::vector<std::string>& pieces() const { return pieces_; }
  int header_count(absl::string_view name) const {
    int count = 0;
    for (const auto& field : reply_->headers) count += field.first == name ? 1 : 0;
    return count;
  }
  std::string trailer(absl::string_view name) const {
    for (const auto& [key, value] : trailers_) {
      if (key == name) return value;
    }
    return "";
  }
  std::string header(absl::string_view name) const {
    for (const auto& [key, value] : reply_->headers) {
      if (key == name) return value;
    }
    return "";
  }

  const call::RequestHead& head() const override { return head_; }
  async::Executor executor() override { return executor_; }
  void SetVerified() override { verified_ = true; }
  async::Cancellation& cancellation() override { return cancellation_; }

  using CallerConnection::ReadBody;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override {
    async::PendingReply<absl::StatusOr<std::string>> body(executor_);
    read.Give(body.done());
    absl::StatusOr<std::string> result = co_await body.Get(left_);
    if (result.ok() && result->size() > max_bytes) {
      co_return absl::ResourceExhaustedError("the body is too large");
    }
    co_return result;
  }
  // The body in pieces of `piece_bytes`; then, with `keeps_sending`, nothing until the caller
  // leaves or the time is over.
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) override {
    if (!unread_) {
      async::PendingReply<absl::StatusOr<std::string>> body(executor_);
      read.Give(body.done());
      absl::StatusOr<std::string> whole = co_await body.Get(left_);
      if (!whole.ok()) co_return whole;
      unread_ = *std::move(whole);
    }
    if (unread_->empty() && keeps_sending) {
      co_await async::Sleep(executor_, timeout, cancellation_);
      if (cancellation_.cancelled()) co_return cancellation_.cause();
      co_return absl::DeadlineExceededError("the caller took too long");
    }
    std::string piece = unread_->substr(0, piece_bytes);
    unread_->erase(0, piece.size());
    co_return piece;
  }
  std::size_t piece_bytes = 1000;
  bool keeps_sending = false;

  async::Awaitable<absl::Status> Send(call::ReplyHead head, absl::string_view body) override {
    absl::Status status = co_await Take(send);
    if (!status.ok()) co_return status;
    reply_ = std::move(head);
    body_ = std::string(body);
    finished_ = true;
    co_return status;
  }
  async::Awaitable<absl::Status> Begin(call::ReplyHead head) override {
    absl::Status status = co_await Take(begin);
    if (status.ok()) reply_ = std::move(head);
    co_return status;
  }
  async::Awaitable<absl::Status> Write(absl::string_view piece) override {
    absl::Status status = co_await Take(write);
    if (!status.ok()) co_return status;
    pieces_.emplace_back(piece);
    body_.append(piece.data(), piece.size());
    co_return status;
  }
  using CallerConnection::Finish;
  async::Awaitable<absl::Status> Finish(dialects::HeaderList trailers) override {
    absl::Status status = co_await Take(finish);
    finished_ = finished_ || status.ok();
    if (status.ok()) trailers_ = std::move(trailers);
    co_return status;
  }

 private:
  async::Awaitable<absl::Status> Take(clients::Answers<bool>& answers) {
    if (left_.cancelled()) co_return left_.cause();
    async::PendingReply<absl::StatusOr<bool>> taken(executor_);
    answers.Give(taken.done());
    const absl::StatusOr<bool> result = co_await taken.Get(left_);
    co_return result.status();
  }

  const async::Executor executor_;
  async::Cancellation cancellation_;
  async::Cancellation left_;
  call::RequestHead head_;
  std::optional<call::ReplyHead> reply_;
  std::optional<std::string> unread_;
  dialects::HeaderList trailers_;
  std::string body_;
  std::vector<std::string> pieces_;
  bool finished_ = false;
  bool verified_ = false;
};

}  // namespace countersign::edge::testing
