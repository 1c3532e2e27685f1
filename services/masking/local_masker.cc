#include "services/masking/local_masker.h"

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "libs/domain/answer_on.h"
#include "services/masking/field_masker.h"
#include "services/masking/placeholders.h"

namespace countersign::masking {
namespace {

constexpr std::size_t kInlineBytes = 64 * 1024;

using Releases = std::vector<domain::FieldRelease>;

// Shared by a stream and its work on the pool; the stream may be destroyed first.
struct StreamState {
  StreamState(FieldMasker fields, std::optional<PlaceholderMaker> placeholders,
              domain::Direction direction, domain::UnknownEvents unknown_events,
              MaskingMetrics& metrics)
      : fields(std::move(fields)),
        placeholders(std::move(placeholders)),
        direction(direction),
        unknown_events(unknown_events),
        metrics(metrics) {}

  absl::StatusOr<Releases> Feed(const std::vector<domain::FieldPiece>& pieces) {
    auto releases = fields.Feed(pieces);
    if (!releases.ok()) {
      const std::string reason = GetReason(releases.status());
      metrics.failures.With({reason.empty() ? "internal" : reason}).Increment();
      return releases;
    }
    for (std::size_t i = 0; i < releases->size(); ++i) {
      domain::FieldRelease& release = (*releases)[i];
      if (placeholders) placeholders->FillIn(release);
      if (absl::StartsWith(pieces[i].field, domain::kProbePrefix)) continue;
      for (const domain::MaskedSpan& span : release.masked) {
        if (span.begin == span.end) continue;  // continues a span that was counted before
        metrics.masked_entities.With({span.entity, domain::ToString(direction)}).Increment();
      }
    }
    return releases;
  }

  FieldMasker fields;
  const std::optional<PlaceholderMaker> placeholders;  // of a prompt
  const domain::Direction direction;
  const domain::UnknownEvents unknown_events;
  MaskingMetrics& metrics;
  std::atomic<bool> abandoned = false;
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

  void Feed(std::vector<domain::FieldPiece> pieces, absl::Time /*deadline*/,
            domain::Done<Releases> done) override {
    std::size_t bytes = 0;
    for (const domain::FieldPiece& piece : pieces) bytes += piece.text.size();
    if (bytes <= kInlineBytes) return done(state_->Feed(pieces));

    domain::ContinueOn<Releases>(
        pool_, std::move(done),
        [state = state_, pieces = std::move(pieces)](domain::Done<Releases> answer) {
          auto releases = state->Feed(pieces);
          if (!state->abandoned) answer(std::move(releases));
        },
        WithReason(absl::ResourceExhaustedError("masking is overloaded"), "overloaded"));
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
  done(std::make_unique<LocalMaskStream>(
      std::make_shared<StreamState>(std::move(fields), std::move(placeholders), options.direction,
                                    found->unknown_events, metrics_),
      pool_));
}

}  // namespace countersign::masking
