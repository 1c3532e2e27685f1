#include "libs/clients/recorder_grpc.h"

#include <grpcpp/alarm.h>

#include <utility>

#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
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

// One session's stream and lease. Outlives the writer while requests are outstanding.
class Lease final : public std::enable_shared_from_this<Lease> {
 public:
  Lease(std::shared_ptr<Stream> stream, absl::Duration renew_every)
      : stream_(std::move(stream)), renew_every_(renew_every) {}

  // Call it after the first request was sent, because that must come first.
  void Start() {
    const std::weak_ptr<Lease> weak = weak_from_this();
    stream_->OnEnd([weak](const absl::Status& status) {
      if (const auto lease = weak.lock()) lease->Stop(status, /*told=*/false);
    });
    ScheduleRenewal();
  }

  void Send(v1::RecordRequest request, absl::Time deadline, domain::DoneStatus done) {
    {
      const MutexLock lock(mutex_);
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
      const MutexLock lock(mutex_);
      ended_ = true;
    }
    Send(std::move(request), deadline, std::move(done));
    stream_->HalfClose();
  }

  void OnStop(domain::DoneStatus on_stop) {
    MutexLock lock(mutex_);
    if (stopped_.ok()) {
      on_stop_ = std::move(on_stop);
      return;
    }
    if (std::exchange(told_, true)) return;
    const absl::Status stopped = stopped_;
    lock.Unlock();
    on_stop(stopped);
  }

  // Called when the writer is destroyed.
  void Abandon() {
    MutexLock lock(mutex_);
    told_ = true;
    on_stop_ = nullptr;
    renewal_.reset();
    const bool ended = std::exchange(ended_, true);
    lock.Unlock();
    if (!ended) stream_->Cancel();
  }

 private:
  // The session cannot continue. `told`: an outstanding request reports it to the writer's user.
  void Stop(const absl::Status& status, bool told) {
    MutexLock lock(mutex_);
    if (stopped_.ok()) stopped_ = status;
    if (told) told_ = true;
    if (ended_ || told_ || !on_stop_) return;
    told_ = true;
    domain::DoneStatus on_stop = std::move(on_stop_);
    const absl::Status stopped = stopped_;
    lock.Unlock();
    on_stop(stopped);
  }

  void ScheduleRenewal() {
    const MutexLock lock(mutex_);
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
      const MutexLock lock(mutex_);
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
                    if (lease == nullptr || !answer.ok()) return;  // OnEnd reports the status.
                    if (answer->killed()) lease->Stop(Killed(), /*told=*/false);
                  });
  }

  const std::shared_ptr<Stream> stream_;
  const absl::Duration renew_every_;
  Mutex mutex_;
  std::unique_ptr<grpc::Alarm> renewal_ CS_GUARDED_BY(mutex_);
  absl::Time last_sent_ CS_GUARDED_BY(mutex_) = SystemClock().Now();
  domain::DoneStatus on_stop_ CS_GUARDED_BY(mutex_);
  absl::Status stopped_ CS_GUARDED_BY(mutex_);
  bool told_ CS_GUARDED_BY(mutex_) = false;   // the writer's user was told
  bool ended_ CS_GUARDED_BY(mutex_) = false;  // End was called, or the writer was destroyed
};

}  // namespace

struct GrpcRecorder::State {
  std::unique_ptr<v1::RecorderService::Stub> stub;
  absl::Duration renew_every;
};

// Opens its stream with the first request.
class GrpcRecorder::Writer final : public domain::SessionWriter {
 public:
  Writer(std::shared_ptr<const State> recorder, const domain::Call& call,
         domain::SessionStart start)
      : recorder_(std::move(recorder)), call_(call), start_(ToProto(std::move(start))) {}
  ~Writer() override {
    if (lease_ != nullptr) lease_->Abandon();
  }

  void Append(std::vector<domain::SessionEvent> events, absl::Time deadline,
              domain::DoneStatus done) override {
    Send(Request(std::move(events)), deadline, std::move(done));
  }

  void End(std::vector<domain::SessionEvent> events, domain::SessionEnd end, absl::Time deadline,
           domain::DoneStatus done) override {
    v1::RecordRequest request = Request(std::move(events));
    *request.mutable_end() = ToProto(std::move(end));
    Send(std::move(request), deadline, std::move(done));
  }

  void OnStop(domain::DoneStatus on_stop) override {
    if (lease_ != nullptr) {
      lease_->OnStop(std::move(on_stop));
    } else {
      on_stop_ = std::move(on_stop);
    }
  }

 private:
  static v1::RecordRequest Request(std::vector<domain::SessionEvent> events) {
    v1::RecordRequest request;
    for (domain::SessionEvent& event : events) {
      v1::Event* proto = request.add_events();
      proto->set_type(std::string(event.type));
      proto->set_payload(std::move(event.payload));
    }
    return request;
  }

  void Send(v1::RecordRequest request, absl::Time deadline, domain::DoneStatus done) {
    const bool first = lease_ == nullptr;
    if (first) {
      auto stream = Stream::Open([&](grpc::ClientContext& context) { AddIdentity(context, call_); },
                                 [&](auto* context, auto* reactor) {
                                   recorder_->stub->async()->Record(context, reactor);
                                 });
      lease_ = std::make_shared<Lease>(std::move(stream), recorder_->renew_every);
      if (on_stop_) lease_->OnStop(std::move(on_stop_));
      *request.mutable_start() = std::move(start_);
    }
    if (request.has_end()) {
      lease_->End(std::move(request), deadline, std::move(done));
    } else {
      lease_->Send(std::move(request), deadline, std::move(done));
    }
    if (first) lease_->Start();
  }

  const std::shared_ptr<const State> recorder_;
  const domain::Call call_;
  v1::SessionStart start_;      // moved into the first request
  domain::DoneStatus on_stop_;  // until there is a lease
  std::shared_ptr<Lease> lease_;
};

GrpcRecorder::GrpcRecorder(const std::shared_ptr<grpc::Channel>& recorder,
                           absl::Duration renew_every)
    : state_(std::make_shared<State>()) {
  state_->stub = v1::RecorderService::NewStub(recorder);
  state_->renew_every = renew_every;
}
GrpcRecorder::~GrpcRecorder() = default;

std::unique_ptr<domain::SessionWriter> GrpcRecorder::NewSession(const domain::Call& call,
                                                                domain::SessionStart start) {
  return std::make_unique<Writer>(state_, call, std::move(start));
}

}  // namespace countersign::clients
