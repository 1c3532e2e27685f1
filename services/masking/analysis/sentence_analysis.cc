#include "services/masking/analysis/sentence_analysis.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/text/unicode/sentences.h"

namespace countersign::masking::analysis {
namespace {

absl::string_view ToResult(const absl::Status& status) {
  if (status.ok()) return "ok";
  if (absl::IsDeadlineExceeded(status)) return "timeout";
  if (absl::IsInternal(status)) return "invalid";
  if (absl::IsResourceExhausted(status)) return "budget";
  return "unavailable";
}

}  // namespace

struct SentenceAnalysis::State {
  std::shared_ptr<const Wanted> wanted;
  std::size_t calls = 0;
  std::size_t bytes = 0;
  std::atomic<bool> masks_less = false;
  // What was found, by the hash of the sentence. A text that comes twice, as some events repeat
  // whole answers, is so masked in the same way, and asked about once.
  std::map<std::string, SentenceMatches> known;
};

// One call of Find.
struct SentenceAnalysis::Round {
  std::shared_ptr<State> state;
  std::vector<std::string> sentences;
  std::size_t next = 0;            // the first sentence that was not asked about
  std::vector<std::size_t> asked;  // the sentences of the outstanding request
  AnalyzerRequest request;         // … and the request
  absl::Time deadline;
  std::vector<SentenceMatches> found;
  domain::Done<std::vector<SentenceMatches>> done;
};

SentenceAnalysis::SentenceAnalysis(std::shared_ptr<const Wanted> wanted)
    : state_(std::make_shared<State>()) {
  state_->wanted = std::move(wanted);
}

bool SentenceAnalysis::masks_less() const { return state_->masks_less; }
const std::string& SentenceAnalysis::name() const { return state_->wanted->name; }

void SentenceAnalysis::Find(std::vector<std::string> sentences, absl::Time deadline,
                            domain::Done<std::vector<SentenceMatches>> done) {
  auto round = std::make_shared<Round>();
  round->state = state_;
  round->found.resize(sentences.size());
  round->sentences = std::move(sentences);
  round->done = std::move(done);
  if (masks_less()) return round->done(std::move(round->found));
  if (const ConfiguredAnalyzer* const analyzer = state_->wanted->analyzer) {
    round->deadline = std::min(deadline, analyzer->clock.Now() + analyzer->options.timeout);
  }
  AskNext(round);
}

// Asks about as many sentences as one request may have, then about the rest.
void SentenceAnalysis::AskNext(const std::shared_ptr<Round>& round) {
  State& state = *round->state;
  AnalyzerRequest request;
  round->asked.clear();
  std::size_t bytes = 0;
  for (; round->next < round->sentences.size(); ++round->next) {
    const std::string& sentence = round->sentences[round->next];
    if (!text::unicode::HoldsLetters(sentence)) continue;
    const auto known = state.known.find(crypto::Sha256(sentence));
    if (known != state.known.end()) {
      round->found[round->next] = known->second;
      continue;
    }
    if (request.texts.size() == kMostTexts || bytes + sentence.size() > kMostTextBytes) break;
    bytes += sentence.size();
    request.texts.push_back(sentence);
    round->asked.push_back(round->next);
  }
  if (request.texts.empty()) return round->done(std::move(round->found));
  const ConfiguredAnalyzer* const analyzer = state.wanted->analyzer;
  if (analyzer == nullptr) {
    return Fail(*round, absl::UnavailableError("masking is not configured for this analyzer"));
  }
  if (++state.calls > analyzer->options.most_calls ||
      (state.bytes += bytes) > analyzer->options.most_bytes) {
    return Fail(*round, absl::ResourceExhaustedError("the text is longer than its budget"));
  }
  request.language = analyzer->options.language;
  for (const auto& [entity, wanted] : state.wanted->entities) request.entities.push_back(entity);
  round->request = request;
  analyzer->analyzer->Analyze(std::move(request), round->deadline,
                              [round, analyzer](absl::StatusOr<std::vector<Finding>> findings) {
                                const absl::Status taken = Take(*round, std::move(findings));
                                analyzer->metrics.calls
                                    .With({analyzer->options.name, std::string(ToResult(taken))})
                                    .Increment();
                                taken.ok() ? AskNext(round) : Fail(*round, taken);
                              });
}

absl::Status SentenceAnalysis::Take(Round& round, absl::StatusOr<std::vector<Finding>> findings) {
  CS_RETURN_IF_ERROR(findings.status());
  CS_RETURN_IF_ERROR(CheckFindings(round.request, *findings));
  const auto& entities = round.state->wanted->entities;
  for (const Finding& finding : *findings) {
    const Wanted::Entity& wanted = entities.find(finding.entity)->second;
    if (finding.score < wanted.min_score) continue;
    round.found[round.asked[finding.text]].push_back({finding.begin, finding.end, wanted.rule});
  }
  for (const std::size_t asked : round.asked) {
    round.state->known.emplace(crypto::Sha256(round.sentences[asked]), round.found[asked]);
  }
  return absl::OkStatus();
}

void SentenceAnalysis::Fail(Round& round, const absl::Status& status) {
  State& state = *round.state;
  const ConfiguredAnalyzer* const analyzer = state.wanted->analyzer;
  const bool less = analyzer != nullptr && analyzer->options.on_failure == OnFailure::kMaskLess;
  if (analyzer != nullptr) {
    analyzer->metrics.failures.With({analyzer->options.name, less ? "maskLess" : "refuse"})
        .Increment();
  }
  if (less) {
    state.masks_less = true;
    return round.done(std::move(round.found));
  }
  const std::string what = absl::StrCat("analyzer ", state.wanted->name, ": ", status.message());
  round.done(WithReason(absl::UnavailableError(what), "analyzer_failed"));
}

}  // namespace countersign::masking::analysis
