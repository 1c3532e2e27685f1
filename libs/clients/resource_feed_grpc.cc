#include "libs/clients/resource_feed_grpc.h"

#include <grpcpp/channel.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <utility>

#include "absl/strings/str_split.h"
#include "countersign/policy/v1/policy.grpc.pb.h"
#include "libs/async/retry_loop.h"
#include "libs/base/build_version.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/config/resource_reader.h"
#include "libs/log/log.h"
#include "libs/wire/prompt_wire.h"
#include "libs/wire/resource_wire.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::policy::v1;
using Set = std::shared_ptr<const domain::ResourceSet>;

// Less than policy waits for (RemoteParts::Examine).
constexpr absl::Duration kExaminationTime = absl::Seconds(4);

absl::StatusOr<Set> ReadSet(const v1::WatchResponse& message) {
  return config::BuildResourceSet(wire::FromProto(message));
}

}  // namespace

// The stream of one watcher. All members except `serving_` are used by the thread of `loop_` only.
class GrpcResourceFeed::Follower {
 public:
  Follower(const std::shared_ptr<grpc::Channel>& policy, std::string part,
           domain::ResourceWatcher& watcher, const HealthExaminer& examine)
      : part_(std::move(part)),
        watcher_(watcher),
        examine_(examine),
        stub_(v1::ResourceFeedService::NewStub(policy)),
        loop_([this](std::stop_token stop) { return Follow(std::move(stop)); }) {}

  bool serving() const { return serving_; }

 private:
  absl::Duration Follow(std::stop_token stop) {
    grpc::ClientContext context;
    const std::stop_callback cancel(std::move(stop), [&] { context.TryCancel(); });
    const auto stream = stub_->Watch(&context);
    v1::WatchRequest hello;
    hello.set_part(part_);
    hello.set_serving_version(version_);
    hello.set_release(std::string(BuildVersion()));
    hello.set_can_be_examined(examine_ != nullptr);
    bool open = stream->Write(hello);
    v1::WatchResponse message;
    while (open && stream->Read(&message)) {
      backoff_.Reset();
      v1::WatchRequest answer;
      answer.set_part(part_);
      if (message.examination_id() != 0) {
        Examine(message, answer);
      } else {
        message.draft_id() != 0 ? Validate(message, answer) : Serve(message, answer);
      }
      open = stream->Write(answer);
    }
    const grpc::Status status = stream->Finish();
    log::Debug("resource feed ended", {{"part", part_}, {"reason", status.error_message()}});
    return backoff_.Next();
  }

  void Validate(const v1::WatchResponse& message, v1::WatchRequest& answer) {
    answer.set_draft_id(message.draft_id());
    const absl::StatusOr<Set> draft = ReadSet(message);
    const absl::Status valid = draft.ok() ? watcher_.Validate(*draft) : draft.status();
    if (valid.ok()) return;
    for (const absl::string_view line : absl::StrSplit(valid.message(), '\n')) {
      answer.add_draft_errors(std::string(line));
    }
  }

  void Examine(const v1::WatchResponse& message, v1::WatchRequest& answer) {
    answer.set_examination_id(message.examination_id());
    *answer.mutable_now() = wire::ToProto(SystemClock().Now());
    if (!examine_) return;
    for (const HealthCheck& check : examine_(kExaminationTime)) {
      *answer.add_checks() = wire::ToProto(check, part_);
    }
  }

  // Without `serving_version` the answer changes nothing: the part still serves the previous
  // version.
  void Serve(const v1::WatchResponse& message, v1::WatchRequest& answer) {
    absl::StatusOr<Set> set = ReadSet(message);
    const absl::Status served = set.ok() ? watcher_.Serve(*std::move(set)) : set.status();
    if (!served.ok()) {
      log::Error("resources cannot be served",
                 {{"part", part_}, {"version", message.version()}, {"status", served}});
      return;
    }
    version_ = message.version();
    serving_ = true;
    answer.set_serving_version(message.version());
    log::Info("serving resources", {{"part", part_}, {"version", message.version()}});
  }

  const std::string part_;
  domain::ResourceWatcher& watcher_;
  const HealthExaminer& examine_;  // may be null
  const std::unique_ptr<v1::ResourceFeedService::Stub> stub_;
  async::Backoff backoff_;
  std::uint64_t version_ = 0;  // the served version; 0 before the first
  std::atomic<bool> serving_{false};
  async::RetryLoop loop_;  // last, because its thread uses the members above
};

struct GrpcResourceFeed::State {
  mutable Mutex mutex;
  std::list<Follower> followers CS_GUARDED_BY(mutex);
};

GrpcResourceFeed::GrpcResourceFeed(std::shared_ptr<grpc::Channel> policy, HealthExaminer examine)
    : channel_(std::move(policy)),
      examine_(std::move(examine)),
      state_(std::make_unique<State>()) {}
GrpcResourceFeed::~GrpcResourceFeed() = default;

void GrpcResourceFeed::Attach(const std::string& part, domain::ResourceWatcher& watcher) {
  const MutexLock lock(state_->mutex);
  state_->followers.emplace_back(channel_, part, watcher, examine_);
}

bool GrpcResourceFeed::serving() const {
  const MutexLock lock(state_->mutex);
  return std::all_of(state_->followers.begin(), state_->followers.end(),
                     [](const Follower& follower) { return follower.serving(); });
}

}  // namespace countersign::clients
