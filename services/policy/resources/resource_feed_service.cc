#include "services/policy/resources/resource_feed_service.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/wire/prompt_wire.h"
#include "libs/wire/resource_wire.h"

namespace countersign::policy::resources {
namespace {

constexpr std::size_t kMostChecks = 200;  // of one part

using Stream = grpc::ServerBidiReactor<v1::WatchRequest, v1::WatchResponse>;

// Writes to one stream. Of drafts, versions and examinations only the newest waiting one is kept,
// so a slow reader costs at most four messages.
class FeedWriter final : public RemotePart {
 public:
  FeedWriter(const v1::WatchRequest& hello, Stream& stream)
      : name_(hello.part()),
        release_(hello.release()),
        can_be_examined_(hello.can_be_examined()),
        stream_(&stream) {}

  const std::string& name() const override { return name_; }
  const std::string& release() const override { return release_; }
  void SendDraft(std::uint64_t draft_id,
                 std::shared_ptr<const domain::ResourceList> draft) override {
    Push({Kind::kDraft, draft_id, std::move(draft)});
  }
  void SendCommitted(std::shared_ptr<const domain::ResourceList> list) override {
    Push({Kind::kCommitted, 0, std::move(list)});
  }
  bool can_be_examined() const override { return can_be_examined_; }
  void SendExamination(std::uint64_t examination_id) override {
    Push({Kind::kExamination, examination_id, nullptr});
  }

  void Close() override { End({grpc::StatusCode::UNAVAILABLE, "policy is shutting down"}); }

  void OnWritten(bool ok) {
    const MutexLock lock(mutex_);
    writing_ = false;
    broken_ = !ok;
    WriteNext();
  }

  // Finishes the stream; it is not used afterwards.
  void End(const grpc::Status& status) {
    const MutexLock lock(mutex_);
    if (stream_ != nullptr) std::exchange(stream_, nullptr)->Finish(status);
  }

 private:
  enum class Kind { kDraft, kCommitted, kExamination };
  struct Message {
    Kind kind = Kind::kCommitted;
    std::uint64_t id = 0;  // of a draft or an examination
    std::shared_ptr<const domain::ResourceList> list;
  };

  void Push(Message message) {
    const MutexLock lock(mutex_);
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      it = it->kind == message.kind ? waiting_.erase(it) : it + 1;
    }
    waiting_.push_back(std::move(message));
    WriteNext();
  }

  void WriteNext() CS_REQUIRES(mutex_) {
    if (stream_ == nullptr || broken_ || writing_ || waiting_.empty()) return;
    writing_ = true;
    const Message& next = waiting_.front();
    if (next.kind == Kind::kExamination) {
      written_.Clear();
      written_.set_examination_id(next.id);
    } else {
      written_ = wire::ToProto(*next.list, next.id);
    }
    waiting_.pop_front();
    stream_->StartWrite(&written_);
  }

  const std::string name_;
  const std::string release_;
  const bool can_be_examined_;
  Mutex mutex_;
  Stream* stream_ CS_GUARDED_BY(mutex_);
  std::deque<Message> waiting_ CS_GUARDED_BY(mutex_);
  v1::WatchResponse written_;  // stays until OnWritten
  bool writing_ CS_GUARDED_BY(mutex_) = false;
  bool broken_ CS_GUARDED_BY(mutex_) = false;
};

class FeedStream final : public Stream {
 public:
  explicit FeedStream(RemoteParts& parts) : parts_(parts) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return End(grpc::Status::OK);
    if (writer_ == nullptr) {
      if (request_.part().empty()) {
        return End({grpc::StatusCode::INVALID_ARGUMENT, "part: the first message must name it"});
      }
      writer_ = std::make_shared<FeedWriter>(request_, *this);
      parts_.Connect(writer_);
    }
    if (request_.draft_id() != 0) {
      parts_.OnValidated(*writer_, request_.draft_id(),
                         {request_.draft_errors().begin(), request_.draft_errors().end()});
    }
    if (request_.examination_id() != 0) ReportExamination();
    if (request_.serving_version() != 0) parts_.OnServing(*writer_, request_.serving_version());
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override { writer_->OnWritten(ok); }

  void OnDone() override { delete this; }

 private:
  void End(const grpc::Status& status) {
    if (writer_ == nullptr) return Finish(status);
    parts_.Disconnect(*writer_);
    writer_->End(status);
  }

  void ReportExamination() {
    std::vector<HealthCheck> checks;
    for (const v1::HealthCheck& check : request_.checks()) {
      if (checks.size() == kMostChecks) break;
      checks.push_back(wire::FromProto(check));
    }
    const absl::StatusOr<absl::Time> now = wire::FromProto(request_.now());
    parts_.OnExamined(*writer_, request_.examination_id(), std::move(checks),
                      now.ok() ? *now : absl::InfinitePast());
  }

  RemoteParts& parts_;
  v1::WatchRequest request_;
  std::shared_ptr<FeedWriter> writer_;  // null until the part has sent its name
};

}  // namespace

Stream* ResourceFeedService::Watch(grpc::CallbackServerContext* /*context*/) {
  return new FeedStream(parts_);
}

}  // namespace countersign::policy::resources
