#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/async/condition.h"
#include "libs/grpc_wire/frames.h"
#include "services/edge/call/caller_connection.h"
#include "services/edge/ext_proc/codec.h"

namespace countersign::edge::ext_proc::testing {

// Messages by their place in a list, and replies as lines that a test can read.
class ListCodec final : public Codec {
 public:
  std::string Add(ProxyMessage message) {
    messages_.push_back(std::move(message));
    return absl::StrCat(messages_.size() - 1);
  }
  absl::StatusOr<ProxyMessage> Read(absl::string_view bytes) const override {
    std::size_t place = 0;
    if (!absl::SimpleAtoi(bytes, &place)) return absl::InvalidArgumentError("not a message");
    return messages_.at(place);
  }
  std::string Write(const ProxyReply& reply) const override { return std::visit(Writer(), reply); }

 private:
  struct Writer {
    static std::string Mark(Direction direction) {
      return direction == Direction::kRequest ? "> " : "< ";
    }
    static std::string Changes(const HeaderChanges& changes) {
      std::string text;
      for (const std::string& name : changes.remove) absl::StrAppend(&text, " -", name);
      for (const auto& [name, value] : changes.set) {
        absl::StrAppend(&text, " ", name, "=", value);
      }
      return text;
    }
    std::string operator()(const HeadersReply& reply) const {
      return absl::StrCat(Mark(reply.direction), "head", Changes(reply.changes));
    }
    std::string operator()(const BodyReply& reply) const {
      return absl::StrCat(Mark(reply.direction), "body", Changes(reply.changes), " | ", reply.body);
    }
    std::string operator()(const PieceReply& reply) const {
      return absl::StrCat(Mark(reply.direction), reply.end_of_stream ? "end" : "piece",
                          reply.piece.empty() ? "" : " | ", reply.piece);
    }
    std::string operator()(const TrailersReply& reply) const {
      return absl::StrCat(Mark(reply.direction), "trailers", Changes({{}, reply.remove}));
    }
    std::string operator()(const ImmediateReply& reply) const {
      return absl::StrCat("immediate ", reply.status, Changes({reply.headers, {}}), " | ",
                          reply.body);
    }
    std::string operator()(const MoreTime& more) const {
      return absl::StrCat("wait ", absl::FormatDuration(more.duration));
    }
  };
  std::deque<ProxyMessage> messages_;
};

// A proxy's stream without a network: sends what the test says, when it says so.
class FakeProxy final : public call::CallerConnection {
 public:
  FakeProxy(async::Executor executor, ListCodec& codec)
      : executor_(executor), codec_(codec), changed_(executor) {
    head_.method = "POST";
    head_.path = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
    head_.http_version = 2;
    head_.client_address = "192.0.2.9:5000";
    head_.headers = {{"content-type", "application/grpc"}, {"authorization", "Bearer mesh-key"}};
  }

  call::RequestHead& request() { return head_; }
  void Say(ProxyMessage message) { SayBytes(codec_.Add(std::move(message))); }
  void SayBytes(absl::string_view bytes) {
    unread_ += grpc_wire::EncodeFrame(0, bytes);
    changed_.Notify();
  }
  // Ends the requests, as Envoy does when its caller has left.
  void Close() {
    closed_ = true;
    changed_.Notify();
  }
  void Reset() { cancellation_.Cancel(absl::CancelledError("the caller left")); }

  // The replies so far, of which each is given once.
  std::vector<std::string> TakeReplies() {
    frames_.Feed(std::exchange(received_, ""));
    std::vector<std::string> replies;
    while (true) {
      auto frame = frames_.Next();
      if (!frame.ok() || !frame->has_value()) return replies;
      replies.push_back((*frame)->payload);
    }
  }
  // "" until the stream has ended.
  std::string status() const {
    for (const auto& [name, value] : trailers_) {
      if (name == "grpc-status") return value;
    }
    return "";
  }

  const call::RequestHead& head() const override { return head_; }
  async::Executor executor() override { return executor_; }
  void SetVerified() override {}
  async::Cancellation& cancellation() override { return cancellation_; }
  using CallerConnection::ReadBody;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t) override {
    co_return absl::UnimplementedError("a stream is read in pieces");
  }
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration) override {
    const async::Cancellation::Watch reset(cancellation_, [this] { changed_.Notify(); });
    while (unread_.empty() && !closed_ && !cancellation_.cancelled()) {
      co_await changed_.WaitFor(absl::InfiniteDuration());
    }
    if (cancellation_.cancelled()) co_return cancellation_.cause();
    co_return std::exchange(unread_, "");
  }
  async::Awaitable<absl::Status> Send(call::ReplyHead, absl::string_view) override {
    co_return absl::OkStatus();
  }
  async::Awaitable<absl::Status> Begin(call::ReplyHead) override { co_return absl::OkStatus(); }
  async::Awaitable<absl::Status> Write(absl::string_view piece) override {
    received_.append(piece.data(), piece.size());
    co_return cancellation_.cause();
  }
  using CallerConnection::Finish;
  async::Awaitable<absl::Status> Finish(dialects::HeaderList trailers) override {
    trailers_ = std::move(trailers);
    co_return absl::OkStatus();
  }

 private:
  const async::Executor executor_;
  ListCodec& codec_;
  async::Condition changed_;
  async::Cancellation cancellation_;
  call::RequestHead head_;
  std::string unread_;
  bool closed_ = false;
  std::string received_;
  grpc_wire::FrameReader frames_{64u << 20};
  dialects::HeaderList trailers_;
};

}  // namespace countersign::edge::ext_proc::testing
