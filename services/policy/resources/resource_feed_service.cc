#include "services/policy/resources/resource_feed_service.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/wire/resource_wire.h"

namespace countersign::policy::resources {
namespace {

using Stream = grpc::ServerBidiReactor<v1::WatchRequest, v1::WatchResponse>;

// Writes to one stream. Only the newest waiting draft and the newest waiting version are kept, so a
// slow reader costs at most three messages.
class FeedWriter final : public RemotePart {
 public:
  FeedWriter(const v1::WatchRequest& hello, Stream& stream)
      : name_(hello.part()), release_(hello.release()), stream_(&stream) {}

  const std::string& name() const override { return name_; }
  const std::string& release() const override { return release_; }
  void SendDraft(std::uint64_t draft_id,
                 std::shared_ptr<const domain::ResourceList> draft) override {
    Push({draft_id, std::move(draft)});
  }
  void SendCommitted(std::shared_ptr<const domain::ResourceList> list) override {
    Push({0, std::move(list)});
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
  struct Message {
    std::uint64_t draft_id = 0;  // 0: a committed version
    std::shared_ptr<const domain::ResourceList> list;
  };

  void Push(Message message) {
    const MutexLock lock(mutex_);
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      const bool same_kind = (it->draft_id == 0) == (message.draft_id == 0);
      it = same_kind ? waiting_.erase(it) : it + 1;
    }
    waiting_.push_back(std::move(message));
    WriteNext();
  }

  void WriteNext() CS_REQUIRES(mutex_) {
    if (stream_ == nullptr || broken_ || writing_ || waiting_.empty()) return;
    writing_ = true;
    written_ = wire::ToProto(*waiting_.front().list, waiting_.front().draft_id);
    waiting_.pop_front();
    stream_->StartWrite(&written_);
  }

  const std::string name_;
  const std::string release_;
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

  RemoteParts& parts_;
  v1::WatchRequest request_;
  std::shared_ptr<FeedWriter> writer_;  // null until the part has sent its name
};

}  // namespace

Stream* ResourceFeedService::Watch(grpc::CallbackServerContext* /*context*/) {
  return new FeedStream(parts_);
}

}  // namespace countersign::policy::resources
