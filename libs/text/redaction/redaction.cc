#include "libs/text/redaction/redaction.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/text/redaction/bulk_redaction.h"
#include "libs/text/redaction/match_finder.h"
#include "libs/text/redaction/redaction_output.h"
#include "libs/text/redaction/redaction_program.h"

namespace countersign::text::redaction {
namespace {

// The limit on held text is checked at these offsets of the input only, so that whether a stream
// fails does not depend on its pieces.
constexpr std::uint64_t kCheckInterval = 256;
static_assert((kCheckInterval & (kCheckInterval - 1)) == 0);

// Threads store 32-bit offsets. Older text has been released, except in matches being dropped,
// whose start does not matter.
constexpr std::uint64_t kOldest = std::uint64_t{1} << 30;

}  // namespace

// The state of one call of Feed.
class RedactionStream::Run {
 public:
  Run(RedactionStream& stream, std::string* released, std::vector<RedactedSpan>* spans)
      : stream_(stream),
        program_(stream.rules_->program()),
        output_(program_, stream.output_, released, spans) {}

  void Scan();
  void AddGiven();
  void Finish() { MatchFinder(program_, Window(), stream_.matches_).Finish(); }
  void Release();

 private:
  TextWindow Window() const { return {stream_.buffer_, stream_.base_, stream_.before_base_}; }
  void MoveOrigin();
  bool Decided(const MatchCluster& cluster) const;
  std::uint64_t Locate(std::uint64_t input, bool up) const {
    const OutputState& output = stream_.output_;
    return output.patches.Locate(output.emitted, output.input_emitted, input, up);
  }

  RedactionStream& stream_;
  const RedactionProgram& program_;
  RedactionOutput output_;
};

// Scans the text that was folded since the last call.
void RedactionStream::Run::Scan() {
  if (stream_.position_ - stream_.matches_.origin > 2 * kOldest) MoveOrigin();
  const TextWindow window = Window();
  MatchFinder(program_, window, stream_.matches_).Scan(stream_.position_, window.end());
  stream_.position_ = window.end();
  if (!stream_.given_.empty()) AddGiven();
}

// Adds the given matches whose text has been scanned.
void RedactionStream::Run::AddGiven() {
  const std::uint64_t scanned = stream_.taken_ - stream_.unfinished_.size();
  MatchFinder finder(program_, Window(), stream_.matches_);
  std::erase_if(stream_.given_, [&](const GivenMatch& match) {
    if (match.end > scanned) return false;
    finder.Give(match.rule, Locate(match.begin, false), Locate(match.end, true));
    return true;
  });
}

void RedactionStream::Run::MoveOrigin() {
  const auto moved =
      static_cast<std::uint32_t>(stream_.position_ - kOldest - stream_.matches_.origin);
  for (RedactionThread& thread : stream_.matches_.threads) {
    thread.start = std::max(thread.start, moved) - moved;
  }
  stream_.matches_.prefix2_start = std::max(stream_.matches_.prefix2_start, moved) - moved;
  stream_.matches_.origin += moved;
}

// Whether no continuation of the text can change the replacement of `cluster`.
bool RedactionStream::Run::Decided(const MatchCluster& cluster) const {
  if (program_.rules[cluster.rule].rewrite || output_.LetsThrough(cluster)) return false;
  const std::uint64_t begin = cluster.begin;
  const MatchState& state = stream_.matches_;
  for (const GivenMatch& match : stream_.given_) {
    if (Locate(match.begin, false) <= begin) return false;
  }
  if (state.prefix2 != 0 && state.origin + state.prefix2_start <= begin) return false;
  return std::all_of(state.threads.begin(), state.threads.end(), [&](const auto& thread) {
    const std::uint64_t start = state.origin + thread.start;
    return start > begin || (start == begin && program_.states[thread.state].rule == cluster.rule);
  });
}

// Releases everything that no continuation can change.
void RedactionStream::Run::Release() {
  const TextWindow window = Window();
  std::uint64_t hold = std::min(stream_.position_, stream_.matches_.EarliestStart());
  const std::uint64_t scanned = stream_.taken_ - stream_.unfinished_.size();
  for (const GivenMatch& match : stream_.given_) {
    if (match.begin < scanned) hold = std::min(hold, Locate(match.begin, false));
  }
  std::vector<MatchCluster>& clusters = stream_.matches_.clusters;
  std::size_t done = 0;
  for (; done < clusters.size() && clusters[done].end <= hold; ++done) {
    const MatchCluster& cluster = clusters[done];
    if (cluster.committed) {
      output_.Swallow(window, cluster);
    } else {
      output_.Clear(window, cluster.begin);
      output_.Replace(window, cluster);
    }
  }
  clusters.erase(clusters.begin(), clusters.begin() + static_cast<std::ptrdiff_t>(done));
  if (clusters.empty()) return output_.Clear(window, hold);

  MatchCluster& open = clusters.front();
  if (open.committed) return output_.Swallow(window, open);
  output_.Clear(window, std::min(hold, open.begin));
  const bool long_enough = open.end - open.begin > program_.limits.early_commit_bytes;
  if (long_enough && stream_.output_.emitted == open.begin && Decided(open)) {
    output_.Replace(window, open);
    open.committed = true;
  }
}

RedactionStream::RedactionStream(std::shared_ptr<const RuleSet> rules) : rules_(std::move(rules)) {}

absl::Status RedactionStream::Feed(absl::string_view text, bool end, std::string* released,
                                   std::vector<RedactedSpan>* spans) {
  CS_RETURN_IF_ERROR(failed_);
  if (ended_) {
    failed_ = absl::FailedPreconditionError("the redaction stream was fed after its end");
    return failed_;
  }
  if (end && taken_ == 0 && given_.empty() && rules_->bulk().Redact(text, released, spans)) {
    ended_ = true;
    return absl::OkStatus();
  }
  const std::size_t released_before = released->size();
  const std::size_t spans_before = spans->size();
  Run run(*this, released, spans);
  failed_ = Take(text, end, run);
  if (!failed_.ok()) {
    released->resize(released_before);
    spans->resize(spans_before);
    *this = RedactionStream(std::move(rules_), std::move(failed_));
    return failed_;
  }
  if (end) run.Finish();
  run.Release();
  ended_ = end;
  DropReleased(end);
  return absl::OkStatus();
}

RedactionStream::RedactionStream(std::shared_ptr<const RuleSet> rules, absl::Status failed)
    : rules_(std::move(rules)), failed_(std::move(failed)) {}

absl::Status RedactionStream::Take(absl::string_view text, bool end, Run& run) {
  const std::size_t limit = rules_->program().limits.max_held_bytes;
  FitBuffer(buffer_.size() + unfinished_.size() + text.size());
  do {
    absl::string_view block = text.substr(0, kCheckInterval - (taken_ & (kCheckInterval - 1)));
    text.remove_prefix(block.size());
    taken_ += block.size();
    std::string joined;
    if (!unfinished_.empty()) {
      joined = std::exchange(unfinished_, {}).append(block.data(), block.size());
      block = joined;
    }
    const std::size_t used =
        unicode::FoldInto(block, end && text.empty(), base_, buffer_, output_.patches);
    unfinished_ = std::string(block.substr(used));
    run.Scan();
    if ((taken_ & (kCheckInterval - 1)) == 0 && held() > limit) {
      run.Release();
      if (held() > limit) {
        return WithReason(
            absl::ResourceExhaustedError(absl::StrCat(
                "more than ", limit, " bytes would have to be held back by a masking rule")),
            "masking_limit");
      }
    }
  } while (!text.empty());
  return absl::OkStatus();
}

// Keeps held text, the text that a validator may need, and the text that may be context.
void RedactionStream::DropReleased(bool end) {
  constexpr std::uint64_t kWorthMoving = 64;
  std::uint64_t keep = output_.emitted;
  const RedactionProgram& program = rules_->program();
  if (matches_.EarliestStart() < keep) {
    for (const RedactionThread& thread : matches_.threads) {
      if (program.traits[program.states[thread.state].rule].validated) {
        keep = std::min(keep, matches_.origin + thread.start);
      }
    }
    if (matches_.prefix2 != RedactionProgram::kNoPrefix2) {
      keep = std::min(keep, matches_.origin + matches_.prefix2_start);
    }
  }
  if (!program.context.empty() || program.has_word_edges) {
    constexpr std::uint64_t kContext = kContextReach + 1;
    keep = std::max(base_, keep - std::min(keep, kContext));
  }
  output_.patches.Compact();
  if (keep == base_ || (keep - base_ < kWorthMoving && !end)) return;
  before_base_ = static_cast<unsigned char>(buffer_[keep - 1 - base_]);
  buffer_.erase(0, keep - base_);
  base_ = keep;
  FitBuffer(buffer_.size());
}

// Allocates exactly: a string's growth would double the memory beside held text.
void RedactionStream::FitBuffer(std::size_t bytes) {
  const std::size_t spare = std::clamp<std::size_t>(bytes / 2, 64, 512);
  if (bytes <= buffer_.capacity() && buffer_.capacity() <= bytes + 3 * spare) return;
  std::string fitted;
  fitted.reserve(bytes + spare);
  fitted.append(buffer_);
  buffer_.swap(fitted);
}

std::size_t RedactionStream::memory_bytes() const {
  return sizeof(*this) + buffer_.capacity() + unfinished_.capacity() +
         matches_.threads.capacity() * sizeof(RedactionThread) +
         matches_.words.capacity() * sizeof(ContextHit) +
         matches_.lists.capacity() * sizeof(ListEnd) + matches_.table.memory_bytes() +
         matches_.clusters.capacity() * sizeof(MatchCluster) + output_.patches.memory_bytes() +
         output_.counts.capacity() * sizeof(std::uint32_t) + given_.capacity() * sizeof(GivenMatch);
}

void JoinContinued(std::vector<RedactedSpan>& spans) {
  std::vector<RedactedSpan> joined;
  for (RedactedSpan& span : spans) {
    if (span.continued && !joined.empty()) {
      joined.back().original += span.original;
      joined.back().input_end = span.input_end;
    } else {
      joined.push_back(std::move(span));
    }
  }
  spans = std::move(joined);
}

absl::StatusOr<Redacted> RedactWhole(std::shared_ptr<const RuleSet> rules, absl::string_view text) {
  Redacted redacted;
  RedactionStream stream(std::move(rules));
  CS_RETURN_IF_ERROR(stream.Feed(text, true, &redacted.text, &redacted.spans));
  JoinContinued(redacted.spans);
  return redacted;
}

}  // namespace countersign::text::redaction
