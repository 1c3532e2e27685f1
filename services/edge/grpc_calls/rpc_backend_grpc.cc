#include "services/edge/grpc_calls/rpc_backend_grpc.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/slice.h>

#include <utility>

#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/clients/call_group.h"
#include "services/edge/admin/connect_json.h"
#include "services/edge/admin/message_bytes.h"
#include "services/edge/admin/message_json.h"
#include "services/edge/admin/public_methods.h"
#include "services/edge/ext_proc/ext_proc_wire.h"
#include "services/edge/grpc_calls/reflection_grpc.h"
#include "services/edge/inference/inference_wire.h"

namespace countersign::edge::grpc_calls {
namespace {

using admin::PublicMethod;
using Done = domain::Done<RpcAnswer::Message>;

absl::StatusOr<grpc::ByteBuffer> EncodeRequest(const PublicMethod& method,
                                               const RpcRequest& request) {
  const google::protobuf::Descriptor& type = *method.method->input_type();
  if (request.form == MessageForm::kProto) {
    const absl::Status valid = admin::CheckMessage(type, request.message);
    if (!valid.ok()) return WithReason(valid, "invalid_request");
    const grpc::Slice slice(request.message);
    return grpc::ByteBuffer(&slice, 1);
  }
  auto message = admin::MessageFromJson(type, request.message);
  if (!message.ok()) return WithReason(message.status(), "invalid_request");
  return admin::Serialize(**message);
}

absl::StatusOr<RpcAnswer::Message> DecodeAnswer(const PublicMethod& method, MessageForm form,
                                                grpc::ByteBuffer bytes) {
  if (form == MessageForm::kJson) {
    CS_ASSIGN_OR_RETURN(const auto message,
                        admin::Deserialize(*method.method->output_type(), std::move(bytes)));
    return RpcAnswer::Message(admin::MessageToJson(*message));
  }
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) {
    return absl::InternalError("the owning service's answer cannot be read");
  }
  std::string text;
  text.reserve(bytes.Length());
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return RpcAnswer::Message(std::move(text));
}

// One call to an owning service. Keeps itself alive until gRPC has finished with it.
class OwnerCall final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                        public std::enable_shared_from_this<OwnerCall> {
 public:
  OwnerCall(PublicMethod method, MessageForm form, const std::shared_ptr<grpc::Channel>& channel,
            clients::CallGroup& calls)
      : method_(std::move(method)), form_(form), stub_(channel), calls_(calls) {}

  void Start(const RpcRequest& request, grpc::ByteBuffer bytes) {
    self_ = shared_from_this();
    request_ = std::move(bytes);
    clients::AddIdentity(context_, request.call);
    if (request.deadline != absl::InfiniteFuture()) {
      context_.set_deadline(absl::ToChronoTime(request.deadline));
    }
    calls_.Add(&context_);
    stub_.PrepareBidiStreamingCall(&context_, request.path, grpc::StubOptions(), this);
    AddHold();  // Reads start outside of reactions until Release.
    StartWriteLast(&request_, grpc::WriteOptions());
    StartCall();
  }

  void Next(Done done) {
    MutexLock lock(mutex_);
    if (ended_) {
      const absl::Status status = status_;
      lock.Unlock();
      return Answer(std::move(done), status);
    }
    waiting_ = std::move(done);
    if (!released_) StartRead(&message_);
  }

  void Cancel() {
    context_.TryCancel();
    const MutexLock lock(mutex_);
    waiting_ = nullptr;
    ReleaseLocked();
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(mutex_);
    if (!ok) return ReleaseLocked();
    Done done = std::exchange(waiting_, nullptr);
    grpc::ByteBuffer bytes;
    bytes.Swap(&message_);
    lock.Unlock();
    if (done) done(DecodeAnswer(method_, form_, std::move(bytes)));
  }

  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<OwnerCall> self = std::move(self_);
    MutexLock lock(mutex_);
    ended_ = true;
    status_ = admin::HideAddresses(rpc::FromGrpc(status), method_.owner);
    Done done = std::exchange(waiting_, nullptr);
    lock.Unlock();
    if (done) Answer(std::move(done), status_);
    calls_.Remove(&context_);
  }

 private:
  static void Answer(Done done, const absl::Status& status) {
    if (!status.ok()) return done(status);
    done(RpcAnswer::Message());
  }

  // Nothing is started outside of reactions after this, so gRPC may finish the call.
  void ReleaseLocked() CS_REQUIRES(mutex_) {
    if (!std::exchange(released_, true)) RemoveHold();
  }

  const PublicMethod method_;
  const MessageForm form_;
  grpc::GenericStub stub_;
  clients::CallGroup& calls_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
  Mutex mutex_;
  Done waiting_ CS_GUARDED_BY(mutex_);
  bool released_ CS_GUARDED_BY(mutex_) = false;  // the hold was removed
  bool ended_ CS_GUARDED_BY(mutex_) = false;
  absl::Status status_ CS_GUARDED_BY(mutex_);
  std::shared_ptr<OwnerCall> self_;  // until OnDone
};

// Cancels the call when its caller is no longer interested.
class OwnerAnswer final : public RpcAnswer {
 public:
  explicit OwnerAnswer(std::shared_ptr<OwnerCall> call) : call_(std::move(call)) {}
  ~OwnerAnswer() override { call_->Cancel(); }
  void Next(Done done) override { call_->Next(std::move(done)); }

 private:
  const std::shared_ptr<OwnerCall> call_;
};

// The answer of a call that could not be started.
class FailedAnswer final : public RpcAnswer {
 public:
  explicit FailedAnswer(absl::Status status) : status_(std::move(status)) {}
  void Next(Done done) override { done(status_); }

 private:
  const absl::Status status_;
};

}  // namespace

struct GrpcRpcBackend::State {
  const Channels channels;
  const rpc::Reflection reflection = MakePublicReflection();
  clients::CallGroup calls;
  const inference::ProtoCodec inference;
  const ext_proc::ProtoCodec ext_proc;
};

GrpcRpcBackend::GrpcRpcBackend(Channels channels) : state_(new State{std::move(channels)}) {}
GrpcRpcBackend::~GrpcRpcBackend() = default;

absl::StatusOr<RpcMethod> GrpcRpcBackend::Find(absl::string_view path,
                                               const domain::Principal& principal) const {
  CS_ASSIGN_OR_RETURN(const PublicMethod method, admin::FindPublicMethod(path));
  if (state_->channels.count(method.owner) == 0) return admin::NoSuchMethod(path);
  CS_RETURN_IF_ERROR(admin::CheckAccess(method, principal));
  return RpcMethod{method.method->server_streaming()};
}

std::unique_ptr<RpcAnswer> GrpcRpcBackend::Start(RpcRequest request) {
  const absl::StatusOr<PublicMethod> method = admin::FindPublicMethod(request.path);
  if (!method.ok()) return std::make_unique<FailedAnswer>(method.status());
  absl::StatusOr<grpc::ByteBuffer> bytes = EncodeRequest(*method, request);
  if (!bytes.ok()) return std::make_unique<FailedAnswer>(bytes.status());
  auto call = std::make_shared<OwnerCall>(*method, request.form, state_->channels.at(method->owner),
                                          state_->calls);
  call->Start(request, *std::move(bytes));
  return std::make_unique<OwnerAnswer>(std::move(call));
}

const std::vector<std::string>& GrpcRpcBackend::services() const { return PublicServiceNames(); }

absl::StatusOr<std::string> GrpcRpcBackend::Reflect(absl::string_view request) const {
  return state_->reflection.Answer(request);
}

const inference::Codec* GrpcRpcBackend::inference() const { return &state_->inference; }

const ext_proc::Codec* GrpcRpcBackend::ext_proc() const { return &state_->ext_proc; }

}  // namespace countersign::edge::grpc_calls
