#include "libs/clients/recorder_grpc.h"

#include <grpcpp/alarm.h>

#include <mutex>
#include <utility>

#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/clients/call_group.h"
#include "libs/clients/ordered_stream.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::recorder::v1;
using Stream = OrderedStream<v1::RecordRequest, v1::RecordResponse>;

constexpr absl::Duration kRenewTimeout = absl::Seconds(10);

absl::Status Killed() {
  return WithReason(absl::AbortedError("an auditor stopped this session"), "killed");
}

v1::SessionStart ToProto(domain::SessionStart start) {
  v1::SessionStart proto;
  proto.set_session_id(std::move(start.session_id));
  proto.set_request_id(std::move(start.request_id));
  proto.set_connection(std::move(start.connection));
  if (start.prompt != nullptr) *proto.mutable_prompt() = wire::ToProto(*start.prompt);
  proto.set_method(std::move(start.method));
  proto.set_path(std::move(start.path));
  proto.set_body(std::move(start.body));
  proto.set_client_address(std::move(start.client_address));
  proto.set_user_agent(std::move(start.user_agent));
  return proto;
}

v1::SessionEnd ToProto(domain::SessionEnd end) {
  v1::SessionEnd proto;
  proto.set_outcome(std::string(domain::ToString(end.outcome)));
  proto.set_code(std::move(end.code));
  proto.set_input_tokens(end.input_tokens);
  proto.set_output_tokens(end.output_tokens);
  for (const auto& [entity, count] : end.masked) (*proto.mutable_masked())[entity] = count;
  return proto;
}

// One session's stream and its lease. Outlives the writer while answers are outstanding.
class Lease final : public std::enable_shared_from_this<Lease> {
 public:
  Lease(std::shared_ptr<Stream> stream, absl::Duration renew_every)
      : stream_(std::move(stream)), renew_every_(renew_every) {}

  void Start() {
    const std::weak_ptr<Lease> weak = weak_from_this();
    stream_->OnEnd([weak](const absl::Status& status) {
      if (const auto lease = weak.lock()) lease->Stop(status, /*told=*/false);
    });
    ScheduleRenewal();
  }

  void Send(v1::RecordRequest request, absl::Time deadline, domain::DoneStatus done) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      last_sent_ = SystemClock().Now();
    }
    stream_->Send(std::move(request), deadline,
                  [lease = shared_from_this(), done = std::move(done)](
                      const absl::StatusOr<v1::RecordResponse>& answer) mutable {
                    absl::Status status = answer.status();
                    if (answer.ok() && answer->killed()) status = Killed();
                    if (!status.ok()) lease->Stop(status, /*told=*/true);
                    done(std::move(status));
                  });
  }

  void End(v1::RecordRequest request, absl::Time deadline, domain::DoneStatus done) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    Send(std::move(request), deadline, std::move(done));
    stream_->HalfClose();
  }

  void OnStop(domain::DoneStatus on_stop) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (stopped_.ok()) {
      on_stop_ = std::move(on_stop);
      return;
    }
    if (std::exchange(told_, true)) return;
    const absl::Status stopped = stopped_;
    lock.unlock();
    on_stop(stopped);
  }

  // The writer is gone.
  void Abandon() {
    std::unique_lock<std::mutex> lock(mutex_);
    told_ = true;
    on_stop_ = nullptr;
    renewal_.reset();
    const bool ended = std::exchange(ended_, true);
    lock.unlock();
    if (!ended) stream_->Cancel();
  }

 private:
  // The session cannot go on. `told`: whoever waits for an answer hears of it there.
  void Stop(const absl::Status& status, bool told) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (stopped_.ok()) stopped_ = status;
    if (told) told_ = true;
    if (ended_ || told_ || !on_stop_) return;
    told_ = true;
    domain::DoneStatus on_stop = std::move(on_stop_);
    const absl::Status stopped = stopped_;
    lock.unlock();
    on_stop(stopped);
  }

  void ScheduleRenewal() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_ || !stopped_.ok()) return;
    renewal_ = std::make_unique<grpc::Alarm>();
    const std::weak_ptr<Lease> weak = weak_from_this();
    renewal_->Set(absl::ToChronoTime(last_sent_ + renew_every_), [weak](bool fired) {
      const auto lease = weak.lock();
      if (fired && lease != nullptr) lease->RenewIfIdle();
    });
  }

  void RenewIfIdle() {
    const absl::Time now = SystemClock().Now();
    bool due = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (ended_ || !stopped_.ok()) return;
      due = now - last_sent_ >= renew_every_;
      if (due) last_sent_ = now;
    }
    if (due) Renew(now + kRenewTimeout);
    ScheduleRenewal();
  }

  void Renew(absl::Time deadline) {
    v1::RecordRequest request;
    request.set_renew(true);
    const std::weak_ptr<Lease> weak = weak_from_this();
    stream_->Send(std::move(request), deadline,
                  [weak](const absl::StatusOr<v1::RecordResponse>& answer) {
                    const auto lease = weak.lock();
                    if (lease == nullptr || !answer.ok()) return;  // OnEnd tells what happened.
                    if (answer->killed()) lease->Stop(Killed(), /*told=*/false);
                  });
  }

  const std::shared_ptr<Stream> stream_;
  const absl::Duration renew_every_;
  std::mutex mutex_;
  std::unique_ptr<grpc::Alarm> renewal_;
  absl::Time last_sent_ = SystemClock().Now();
  domain::DoneStatus on_stop_;
  absl::Status stopped_;
  bool told_ = false;   // the writer's user knows
  bool ended_ = false;  // End was called, or the writer is gone
};

class GrpcSessionWriter final : public domain::SessionWriter {
 public:
  explicit GrpcSessionWriter(std::shared_ptr<Lease> lease) : lease_(std::move(lease)) {}
  ~GrpcSessionWriter() override { lease_->Abandon(); }

  void Append(std::vector<domain::SessionEvent> events, absl::Time deadline,
              domain::DoneStatus done) override {
    v1::RecordRequest request;
    for (domain::SessionEvent& event : events) {
      v1::Event* proto = request.add_events();
      proto->set_type(std::string(event.type));
      proto->set_payload(std::move(event.payload));
    }
    lease_->Send(std::move(request), deadline, std::move(done));
  }

  void End(domain::SessionEnd end, absl::Time deadline, domain::DoneStatus done) override {
    v1::RecordRequest request;
    *request.mutable_end() = ToProto(std::move(end));
    lease_->End(std::move(request), deadline, std::move(done));
  }

  void OnStop(domain::DoneStatus on_stop) override { lease_->OnStop(std::move(on_stop)); }

 private:
  const std::shared_ptr<Lease> lease_;
};

}  // namespace

struct GrpcRecorder::State {
  std::unique_ptr<v1::RecorderService::Stub> stub;
  absl::Duration renew_every;
};

GrpcRecorder::GrpcRecorder(const std::shared_ptr<grpc::Channel>& recorder,
                           absl::Duration renew_every)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::RecorderService::NewStub(recorder);
  state_->renew_every = renew_every;
}
GrpcRecorder::~GrpcRecorder() = default;

void GrpcRecorder::Open(const domain::Call& call, domain::SessionStart start, absl::Time deadline,
                        domain::Done<std::unique_ptr<domain::SessionWriter>> done) {
  auto stream = Stream::Open(
      [&](grpc::ClientContext& context) { AddIdentity(context, call); },
      [&](auto* context, auto* reactor) { state_->stub->async()->Record(context, reactor); });
  v1::RecordRequest request;
  *request.mutable_start() = ToProto(std::move(start));
  Stream& opened = *stream;
  opened.Send(std::move(request), deadline,
              [stream = std::move(stream), renew_every = state_->renew_every,
               done = std::move(done)](const absl::StatusOr<v1::RecordResponse>& answer) mutable {
                if (!answer.ok()) return done(answer.status());
                auto lease = std::make_shared<Lease>(std::move(stream), renew_every);
                lease->Start();
                done(std::make_unique<GrpcSessionWriter>(std::move(lease)));
              });
}

}  // namespace countersign::clients
