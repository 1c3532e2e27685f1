#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/async/pending_reply.h"
#include "libs/clients/testing/answers.h"
#include "services/edge/call/admission/admitted_request.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge::testing {

// A model without a network: keeps what it received and answers as scripted. `send` scripts the
// head of each answer, `read` its pieces in order; an answer without further pieces has ended. Used
// on one executor, like the real one.
class FakeUpstream final : public call::Upstream {
 public:
  struct Head {
    int status = 200;
    dialects::HeaderList headers;
    dialects::HeaderList trailers;
  };
  struct Sent {
    call::admission::OutgoingHead head;
    std::string body;
    std::vector<std::pair<std::string, std::string>> credential;  // headers
  };

  explicit FakeUpstream(async::Executor executor) : executor_(executor) {}

  clients::Answers<Head> send{[] { return Head{200, {{"content-type", "application/json"}}}; }};
  clients::Answers<std::string> read{[] { return std::string(); }};

  // Scripts one answer.
  void Answer(int status, const std::string& content_type, const std::vector<std::string>& pieces) {
    send.Next([status, content_type] {
      return Head{status, {{"content-type", content_type}, {"x-request-id", "req_0123abcd"}}};
    });
    for (const std::string& piece : pieces) read.Next([piece] { return piece; });
  }

  // Scripts one answer over gRPC.
  void AnswerRpc(const std::vector<std::string>& pieces, dialects::HeaderList trailers) {
    send.Next([trailers = std::move(trailers)] {
      return Head{200, {{"content-type", "application/grpc"}}, trailers};
    });
    for (const std::string& piece : pieces) read.Next([piece] { return piece; });
    read.Next([] { return std::string(); });
  }

  const std::vector<Sent>& sent() const { return sent_; }
  int recycled() const { return recycled_; }
  int dropped() const { return dropped_; }  // responses that were not returned

  absl::StatusOr<std::string> MakeTarget(const domain::Connection& connection,
                                         absl::string_view path) const override {
    absl::string_view url = connection.url;
    if (!absl::ConsumePrefix(&url, "fake:")) {
      return absl::InvalidArgumentError("not a URL of this upstream");
    }
    return absl::StrCat(url, path);
  }

  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> Send(
      const call::admission::AdmittedRequest& admitted,
      async::Cancellation& cancellation) override {
    NoteSent(admitted);
    co_return co_await ReadHead(cancellation);
  }

  // The messages are in sent(), one entry each; answered like a call.
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamStream>>> OpenStream(
      const call::admission::AdmittedRequest& first,
      async::Cancellation& /*cancellation*/) override {
    NoteSent(first);
    co_return std::make_unique<Stream>(*this);
  }
  clients::Answers<bool> write{[] { return true; }};  // of a stream's later messages
  int finished() const { return finished_; }          // streams whose request has ended

  // Answered like a call.
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> Ask(
      const call::Question& question, async::Cancellation& cancellation) override {
    Sent sent{{"POST", question.path, {}}, question.frames, {}};
    for (const domain::CredentialHeader& header : question.lease.headers) {
      sent.credential.emplace_back(header.name, header.value.Reveal());
    }
    sent_.push_back(std::move(sent));
    async::PendingReply<absl::StatusOr<Head>> answered(executor_);
    send.Give(answered.done());
    absl::StatusOr<Head> head = co_await answered.Get(cancellation);
    if (!head.ok()) co_return head.status();
    co_return std::make_unique<Response>(*this, *std::move(head));
  }

  void Recycle(std::unique_ptr<call::UpstreamResponse> response) override {
    static_cast<Response&>(*response).given_back = true;
    ++recycled_;
  }

 private:
  class Response final : public call::UpstreamResponse {
   public:
    Response(FakeUpstream& upstream, Head head) : upstream_(upstream), head_(std::move(head)) {}
    ~Response() override {
      if (!given_back) ++upstream_.dropped_;
    }

    int status() const override { return head_.status; }
    const dialects::HeaderList& headers() const override { return head_.headers; }
    dialects::HeaderList trailers() const override { return head_.trailers; }
    async::Awaitable<absl::StatusOr<std::string>> ReadPiece(
        async::Cancellation& cancellation) override {
      if (cancellation.cancelled()) co_return cancellation.cause();
      async::PendingReply<absl::StatusOr<std::string>> piece(upstream_.executor_);
      upstream_.read.Give(piece.done());
      co_return co_await piece.Get(cancellation);
    }

    bool given_back = false;

   private:
    FakeUpstream& upstream_;
    const Head head_;
  };

  class Stream final : public call::UpstreamStream {
   public:
    explicit Stream(FakeUpstream& upstream) : upstream_(upstream) {}

    async::Awaitable<absl::Status> Write(const call::admission::AdmittedRequest& next,
                                         async::Cancellation& cancellation) override {
      async::PendingReply<absl::StatusOr<bool>> written(upstream_.executor_);
      upstream_.write.Give(written.done());
      const absl::StatusOr<bool> taken = co_await written.Get(cancellation);
      if (!taken.ok()) co_return taken.status();
      upstream_.NoteSent(next);
      co_return absl::OkStatus();
    }
    async::Awaitable<absl::Status> Finish(async::Cancellation& /*cancellation*/) override {
      ++upstream_.finished_;
      co_return absl::OkStatus();
    }
    async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> ReadHead(
        async::Cancellation& cancellation) override {
      return upstream_.ReadHead(cancellation);
    }

   private:
    FakeUpstream& upstream_;
  };

  void NoteSent(const call::admission::AdmittedRequest& admitted) {
    const call::admission::PreparedRequest& request = admitted.request();
    Sent sent{request.head(), request.body(), {}};
    for (const domain::CredentialHeader& header : admitted.lease().credential().headers) {
      sent.credential.emplace_back(header.name, header.value.Reveal());
    }
    sent_.push_back(std::move(sent));
  }

  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> ReadHead(
      async::Cancellation& cancellation) {
    async::PendingReply<absl::StatusOr<Head>> answered(executor_);
    send.Give(answered.done());
    absl::StatusOr<Head> head = co_await answered.Get(cancellation);
    if (!head.ok()) co_return head.status();
    co_return std::make_unique<Response>(*this, *std::move(head));
  }

  const async::Executor executor_;
  int finished_ = 0;
  std::vector<Sent> sent_;
  int recycled_ = 0;
  int dropped_ = 0;
};

}  // namespace countersign::edge::testing
