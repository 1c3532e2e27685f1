#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/clients/testing/answers.h"
#include "libs/domain/masker.h"

namespace countersign::clients {

// Its streams release each piece as `transform` returns it, by default unchanged. `open` and `feed`
// script failures and delays. Streams must not outlive it. Thread-safe.
class FakeMasker final : public domain::Masker {
 public:
  // Returns the release of a piece, given its field and text.
  using Transform = std::function<domain::FieldRelease(const domain::FieldPiece&)>;

  FakeMasker() = default;
  explicit FakeMasker(Transform transform) : transform_(std::move(transform)) {}

  Answers<bool> open{[] { return true; }};
  Answers<bool> feed{[] { return true; }};

  std::vector<std::string> opened_profiles() const {
    const MutexLock lock(mutex_);
    return opened_profiles_;
  }

  // The value of unknown_events() for streams opened from now on.
  void set_unknown_events(domain::UnknownEvents unknown_events) {
    const MutexLock lock(mutex_);
    unknown_events_ = unknown_events;
  }

  // The placeholders given when the last stream was opened.
  std::vector<domain::Placeholder> last_known() const {
    const MutexLock lock(mutex_);
    return last_known_;
  }

  void Open(const domain::Call&, domain::MaskStreamOptions options, absl::Time,
            domain::Done<std::unique_ptr<domain::MaskStream>> done) override {
    {
      const MutexLock lock(mutex_);
      opened_profiles_.push_back(std::move(options.profile));
      last_known_ = std::move(options.known);
    }
    open.Give([this, done = std::move(done)](absl::StatusOr<bool> opened) mutable {
      if (!opened.ok()) return done(opened.status());
      done(std::make_unique<Stream>(*this, unknown_events()));
    });
  }

 private:
  class Stream final : public domain::MaskStream {
   public:
    Stream(FakeMasker& masker, domain::UnknownEvents unknown_events)
        : masker_(masker), unknown_events_(unknown_events), alive_(std::make_shared<bool>(true)) {}

    void Feed(std::vector<domain::FieldPiece> pieces, absl::Time,
              domain::Done<std::vector<domain::FieldRelease>> done) override {
      std::vector<domain::FieldRelease> releases;
      for (const domain::FieldPiece& piece : pieces) {
        releases.push_back(masker_.transform_(piece));
      }
      masker_.feed.Give([releases = std::move(releases), weak = std::weak_ptr<bool>(alive_),
                         done = std::move(done)](absl::StatusOr<bool> fed) mutable {
        if (weak.expired()) return;
        if (!fed.ok()) return done(fed.status());
        done(std::move(releases));
      });
    }

    domain::UnknownEvents unknown_events() const override { return unknown_events_; }

   private:
    FakeMasker& masker_;
    const domain::UnknownEvents unknown_events_;
    std::shared_ptr<bool> alive_;
  };

  domain::UnknownEvents unknown_events() const {
    const MutexLock lock(mutex_);
    return unknown_events_;
  }

  const Transform transform_ = [](const domain::FieldPiece& piece) {
    return domain::FieldRelease{piece.text, 0, 0, {}};
  };
  mutable Mutex mutex_;
  std::vector<std::string> opened_profiles_ CS_GUARDED_BY(mutex_);
  std::vector<domain::Placeholder> last_known_ CS_GUARDED_BY(mutex_);
  domain::UnknownEvents unknown_events_ CS_GUARDED_BY(mutex_) = domain::UnknownEvents::kMask;
};

}  // namespace countersign::clients
