#include "services/masking/local_masker.h"

#include <atomic>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "services/masking/analysis/sentence_analysis.h"
#include "services/masking/field_masker.h"
#include "services/masking/placeholders.h"

namespace countersign::masking {
namespace {

constexpr std::size_t kInlineBytes = 64 * 1024;

using Releases = std::vector<domain::FieldRelease>;

// Shared by a stream and its work elsewhere; the stream may be destroyed first.
struct StreamState {
  StreamState(FieldMasker fields, std::optional<PlaceholderMaker> placeholders,
              domain::Direction direction, domain::UnknownEvents unknown_events,
              MaskingMetrics& metrics)
      : fields(std::move(fields)),
        placeholders(std::move(placeholders)),
        direction(direction),
        unknown_events(unknown_events),
        metrics(metrics) {}

  // What is released for `pieces`, completed and counted.
  absl::StatusOr<Releases> Complete(const std::vector<domain::FieldPiece>& pieces,
                                    absl::StatusOr<Releases> releases) {
    if (!releases.ok()) {
      const std::string reason = GetReason(releases.status());
      metrics.failures.With({reason.empty() ? "internal" : reason}).Increment();
      return releases;
    }
    for (std::size_t i = 0; i < releases->size(); ++i) {
      domain::FieldRelease& release = (*releases)[i];
      if (placeholders) placeholders->FillIn(release);
      if (analysis && analysis->masks_less()) release.unanalyzed.push_back(analysis->name());
      if (absl::StartsWith(pieces[i].field, domain::kProbePrefix)) continue;
      for (const domain::MaskedSpan& span : release.masked) {
        if (span.begin == span.end) continue;  // continues a span that was counted before
        metrics.masked_entities.With({span.entity, domain::ToString(direction)}).Increment();
      }
    }
    return releases;
  }

  FieldMasker fields;
  std::optional<analysis::SentenceAnalysis> analysis;  // if the profile has an analyzer
  const std::optional<PlaceholderMaker> placeholders;  // of a prompt
  const domain::Direction direction;
  const domain::UnknownEvents unknown_events;
  MaskingMetrics& metrics;
  std::atomic<bool> abandoned = false;
};

// One Feed: its pieces are read, their sentences analyzed, if the profile has an analyzer, and then
// released.
class FeedWork : public std::enable_shared_from_this<FeedWork> {
 public:
  // With a `pool` the pieces are read and released there.
  FeedWork(std::shared_ptr<StreamState> state, std::vector<domain::FieldPiece> pieces,
           ThreadPool* pool)
      : state_(std::move(state)), pieces_(std::move(pieces)), pool_(pool) {}

  void Start(absl::Time deadline, domain::Done<Releases> done) {
    done_ = std::move(done);
    Run([this, deadline] {
      if (!state_->analysis) return Answer(state_->fields.Feed(pieces_));
      auto sentences = state_->fields.Read(pieces_);
      if (!sentences.ok()) return Answer(sentences.status());
      state_->analysis->Find(
          *std::move(sentences), deadline,
          [self = shared_from_this()](auto found) { self->Release(std::move(found)); });
    });
  }

 private:
  using Found = absl::StatusOr<std::vector<SentenceMatches>>;

  void Release(Found found) {
    // The analyzer may be the last that is left of the process.
    if (state_->abandoned) return;
    if (!found.ok()) return Answer(found.status());
    Run([this, found = std::make_shared<std::vector<SentenceMatches>>(*std::move(found))] {
      Answer(state_->fields.Release(std::move(*found)));
    });
  }

  void Run(std::function<void()> work) {
    if (pool_ == nullptr) return work();
    const bool accepted = pool_->TrySubmit([self = shared_from_this(), work = std::move(work)] {
      if (!self->state_->abandoned) work();
    });
    if (accepted) return;
    done_(WithReason(absl::ResourceExhaustedError("masking is overloaded"), "overloaded"));
  }

  void Answer(absl::StatusOr<Releases> releases) {
    if (!state_->abandoned) done_(state_->Complete(pieces_, std::move(releases)));
  }

  const std::shared_ptr<StreamState> state_;
  const std::vector<domain::FieldPiece> pieces_;
  ThreadPool* const pool_;
  domain::Done<Releases> done_;
};

class LocalMaskStream final : public domain::MaskStream {
 public:
  LocalMaskStream(std::shared_ptr<StreamState> state, ThreadPool& pool)
      : state_(std::move(state)), pool_(pool) {
    state_->metrics.streams_open.Add(1);
  }
  ~LocalMaskStream() override {
    state_->abandoned = true;
    state_->metrics.streams_open.Add(-1);
  }

  void Feed(std::vector<domain::FieldPiece> pieces, absl::Time deadline,
            domain::Done<Releases> done) override {
    std::size_t bytes = 0;
    for (const domain::FieldPiece& piece : pieces) bytes += piece.text.size();
    const bool large = bytes > kInlineBytes;
    if (!large && !state_->analysis) {
      return done(state_->Complete(pieces, state_->fields.Feed(pieces)));
    }
    std::make_shared<FeedWork>(state_, std::move(pieces), large ? &pool_ : nullptr)
        ->Start(deadline, std::move(done));
  }

  domain::UnknownEvents unknown_events() const override { return state_->unknown_events; }

 private:
  std::shared_ptr<StreamState> state_;
  ThreadPool& pool_;
};

}  // namespace

LocalMasker::LocalMasker(const ProfileStore& profiles, ThreadPool& pool, MaskingMetrics& metrics)
    : profiles_(profiles), pool_(pool), metrics_(metrics) {}

void LocalMasker::Open(const domain::Call& call, domain::MaskStreamOptions options,
                       absl::Time /*deadline*/,
                       domain::Done<std::unique_ptr<domain::MaskStream>> done) {
  absl::StatusOr<CompiledProfile> found = profiles_.Find(options.profile);
  if (!found.ok()) return done(found.status());
  const bool prompt = options.direction == domain::Direction::kPrompt;
  std::optional<PlaceholderMaker> placeholders;
  std::shared_ptr<const text::redaction::RuleSet> restoring;
  if (prompt && found->placeholders != nullptr) {
    static const domain::Principal kNobody;
    placeholders.emplace(found->placeholders, call.principal ? *call.principal : kNobody,
                         options.connection);
  }
  if (!prompt && !options.known.empty()) {
    auto rules = RestoringRules(options.known);
    if (!rules.ok()) return done(rules.status());
    restoring = *std::move(rules);
  }
  FieldMasker fields(prompt ? found->prompt : found->response, std::move(restoring));
  auto state = std::make_shared<StreamState>(std::move(fields), std::move(placeholders),
                                             options.direction, found->unknown_events, metrics_);
  const auto& wanted = prompt ? found->prompt_analysis : found->response_analysis;
  if (wanted != nullptr) state->analysis.emplace(wanted);
  done(std::make_unique<LocalMaskStream>(std::move(state), pool_));
}

}  // namespace countersign::masking
