#include "services/session_recorder/api/recorder_service.h"

#include <memory>

#include "libs/rpc/handler.h"
#include "libs/rpc/status.h"
#include "services/session_recorder/api/record_conversation.h"

namespace countersign::session_recorder::api {
namespace {

namespace v1 = recorder::v1;
using Reactor = grpc::ServerBidiReactor<v1::RecordRequest, v1::RecordResponse>;

class RecordReactor final : public Reactor, public RecordStream {
 public:
  RecordReactor(live::LiveSessions& sessions, std::shared_ptr<const domain::Principal> principal)
      : conversation_(std::make_shared<RecordConversation>(sessions, std::move(principal), *this)) {
    conversation_->Start();
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      conversation_->OnRequest(request_);
    } else {
      conversation_->OnHalfClose();
    }
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      conversation_->OnWritten();
    } else {
      conversation_->OnCancelled();
    }
  }
  void OnCancel() override { conversation_->OnCancelled(); }
  void OnDone() override {
    conversation_->OnCancelled();
    delete this;
  }

 private:
  void Read() override { StartRead(&request_); }
  void Write() override { StartWrite(conversation_->outgoing()); }
  void Finish(const absl::Status& status) override { Reactor::Finish(rpc::ToGrpc(status)); }

  v1::RecordRequest request_;
  const std::shared_ptr<RecordConversation> conversation_;
};

class Refusal final : public Reactor {
 public:
  explicit Refusal(const absl::Status& status) { Finish(rpc::ToGrpc(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerBidiReactor<v1::RecordRequest, v1::RecordResponse>* RecorderService::Record(
    grpc::CallbackServerContext* context) {
  auto caller = rpc::VerifyCaller(*context, callers_);
  if (!caller.ok()) return new Refusal(caller.status());
  return new RecordReactor(sessions_, *std::move(caller));
}

grpc::ServerUnaryReactor* RecorderService::GetReadiness(grpc::CallbackServerContext* context,
                                                        const v1::GetReadinessRequest*,
                                                        v1::GetReadinessResponse* response) {
  return rpc::FinishInline(context, [&]() -> absl::Status {
    response->set_not_ready(not_ready_());
    return absl::OkStatus();
  });
}

}  // namespace countersign::session_recorder::api
