#include "services/policy/resources/resource_feed_service.h"

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "services/policy/resources/resource_wire.h"

namespace countersign::policy::resources {
namespace {

using Stream = grpc::ServerBidiReactor<v1::WatchRequest, v1::WatchResponse>;

// What still has to be written to one stream. Of drafts and snapshots that wait, only the newest of
// each kind matters, so a reader that stalls costs three messages at most.
class Outbox final : public RemotePart {
 public:
  Outbox(std::string name, Stream& stream) : name_(std::move(name)), stream_(&stream) {}

  const std::string& name() const override { return name_; }
  void SendDraft(std::uint64_t draft_id, std::shared_ptr<const StoredSet> draft) override {
    Push({draft_id, std::move(draft)});
  }
  void SendSnapshot(std::shared_ptr<const StoredSet> set) override { Push({0, std::move(set)}); }

  void Close() override { End({grpc::StatusCode::UNAVAILABLE, "policy is shutting down"}); }

  void OnWritten(bool ok) {
    const std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    broken_ = !ok;
    WriteNext();
  }

  // Finishes the stream, once; from then on it is not touched any more.
  void End(const grpc::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stream_ != nullptr) std::exchange(stream_, nullptr)->Finish(status);
  }

 private:
  struct Message {
    std::uint64_t draft_id = 0;
    std::shared_ptr<const StoredSet> set;
  };

  void Push(Message message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      const bool same_kind = (it->draft_id == 0) == (message.draft_id == 0);
      it = same_kind ? waiting_.erase(it) : it + 1;
    }
    waiting_.push_back(std::move(message));
    WriteNext();
  }

  void WriteNext() {
    if (stream_ == nullptr || broken_ || writing_ || waiting_.empty()) return;
    writing_ = true;
    written_ = ToWatchResponse(*waiting_.front().set, waiting_.front().draft_id);
    waiting_.pop_front();
    stream_->StartWrite(&written_);
  }

  const std::string name_;
  std::mutex mutex_;
  Stream* stream_;
  std::deque<Message> waiting_;
  v1::WatchResponse written_;  // stays until OnWritten
  bool writing_ = false;
  bool broken_ = false;
};

class FeedStream final : public Stream {
 public:
  explicit FeedStream(RemoteParts& parts) : parts_(parts) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return End(grpc::Status::OK);
    if (outbox_ == nullptr) {
      if (request_.part().empty()) {
        return End({grpc::StatusCode::INVALID_ARGUMENT, "part: the first message must name it"});
      }
      outbox_ = std::make_shared<Outbox>(request_.part(), *this);
      parts_.Connect(outbox_);
    }
    if (request_.draft_id() != 0) {
      parts_.OnJudged(*outbox_, request_.draft_id(),
                      {request_.draft_errors().begin(), request_.draft_errors().end()});
    }
    if (request_.serving_version() != 0) parts_.OnServing(*outbox_, request_.serving_version());
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override { outbox_->OnWritten(ok); }

  void OnDone() override { delete this; }

 private:
  void End(const grpc::Status& status) {
    if (outbox_ == nullptr) return Finish(status);
    parts_.Disconnect(*outbox_);
    outbox_->End(status);
  }

  RemoteParts& parts_;
  v1::WatchRequest request_;
  std::shared_ptr<Outbox> outbox_;  // null until the part has named itself
};

}  // namespace

Stream* ResourceFeedService::Watch(grpc::CallbackServerContext* /*context*/) {
  return new FeedStream(parts_);
}

}  // namespace countersign::policy::resources
