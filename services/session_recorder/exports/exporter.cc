#include "services/session_recorder/exports/exporter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/exports/checkpoint_part.h"
#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/recorder_errors.h"
#include "services/session_recorder/summary.h"

namespace countersign::session_recorder::exports {
namespace {

constexpr std::size_t kPageBytes = 1u << 20;
constexpr std::size_t kEventsAtOnce = 512, kRowsAtOnce = 200;
constexpr std::size_t kEventBytesAtOnce = 2u << 20;  // of many sessions
constexpr std::size_t kMaxJobs = 16, kMaxNamed = 10'000;
// How long an unfinished export is kept, so that it can go on; and when others need its place.
constexpr absl::Duration kKept = absl::Hours(1), kIdle = absl::Minutes(5);

}  // namespace

// One export, generated line by line. Used by one caller at a time.
class Exporter::Job {
 public:
  struct Content {
    chain::Checkpointer::Statement statement;
    std::optional<std::vector<SessionRow>> named;  // each as far as it is covered; absent: all
    CheckpointPart checkpoints;
    bool has_log = false;
  };
  // UNAVAILABLE when approval's log is needed and cannot be read.
  static absl::StatusOr<Content> MakeContent(Exporter& exporter,
                                             chain::Checkpointer::Statement statement,
                                             std::optional<std::vector<SessionRow>> named,
                                             const ExportReader& reader) {
    const chain::Checkpoint& newest = statement.checkpoint;
    domain::ReviewLog* log = exporter.checkpointer_.review_log();
    // Lines of other connections' reviews are between those of one.
    const bool has_log = log != nullptr && newest.reviews && !reader.connections;
    if (!has_log) log = nullptr;
    if (!named) {
      CheckpointPart part(exporter.store_, log, newest);
      return Content{std::move(statement), std::nullopt, std::move(part), has_log};
    }
    std::set<std::string> reviews;
    for (const SessionRow& row : *named) {
      if (!row.summary.review_id.empty()) reviews.insert(row.summary.review_id);
    }
    CS_ASSIGN_OR_RETURN(CheckpointPart part,
                        CheckpointPart::OfReviews(exporter.store_, log, newest, reviews));
    return Content{std::move(statement), std::move(named), std::move(part), has_log};
  }
  Job(Exporter& exporter, std::string who, Content content)
      : who(std::move(who)),
        exporter_(exporter),
        statement_(std::move(content.statement)),
        complete_(!content.named.has_value()),
        checkpoints_(std::move(content.checkpoints)) {
    std::optional<std::vector<SessionRow>>& named = content.named;
    if (named) {
      for (std::size_t i = 0; i < named->size(); ++i) {
        connections_.insert((*named)[i].summary.connection);
        const chain::Checkpointer::Covered& covered = statement_.covered[i];
        rows_.push_back({std::move((*named)[i]), 0, covered.index, covered.ended});
      }
    }
    ExportHeader header;
    header.exported_at = statement_.checkpoint.at;
    header.complete = complete_;
    header.has_log = content.has_log;
    header.public_key = exporter.checkpointer_.key().public_key();
    header.trusted_keys = exporter.checkpointer_.trusted_keys();
    Emit(HeaderLine(header));
  }

  // Generates at least `bytes` more, unless the export ends.
  absl::Status Fill(std::size_t bytes) {
    while (buffer_.size() < bytes && stage_ != Stage::kDone) {
      switch (stage_) {
        case Stage::kSessions: CS_RETURN_IF_ERROR(NextSession()); break;
        case Stage::kEvents: CS_RETURN_IF_ERROR(NextEvents()); break;
        case Stage::kCheckpoints: CS_RETURN_IF_ERROR(NextCheckpoints()); break;
        case Stage::kDone: break;
      }
    }
    return absl::OkStatus();
  }

  std::string Take(std::size_t bytes) {
    std::size_t size = std::min(bytes, buffer_.size());
    while (size < buffer_.size() && size > 0 &&
           (static_cast<unsigned char>(buffer_[size]) & 0xc0) == 0x80) {
      --size;
    }
    std::string page = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return page;
  }

  bool Finished() const { return stage_ == Stage::kDone && buffer_.empty(); }

  // True if a reader of `allowed` may read all of it.
  bool IsWithin(const std::optional<std::set<std::string>>& allowed) const {
    if (!allowed) return true;
    return !complete_ && std::includes(allowed->begin(), allowed->end(), connections_.begin(),
                                       connections_.end());
  }

  const std::string who;  // the reader who began it
  Mutex turn;             // held while a page is generated
  std::uint64_t page_number = 0;
  Page last_page;
  absl::Time used_at;     // guarded by the exporter's mutex, as is
  bool finished = false;  // kept only so that the last page can be requested again

 private:
  enum class Stage { kSessions, kEvents, kCheckpoints, kDone };

  void Emit(std::string line) {
    line.push_back('\n');
    digest_.Add(line);
    ++lines_;
    buffer_ += line;
  }

  const store::CoveredSession& Current() const { return rows_[place_]; }

  // The next sessions that had ended. What ran is another export's.
  absl::Status LoadRows() {
    place_ = batch_begin_ = 0;
    batch_.clear();
    for (rows_.clear(); rows_.empty();) {
      CS_ASSIGN_OR_RETURN(rows_, exporter_.store_.CoveredSessions(
                                     next_position_, statement_.checkpoint.number, kRowsAtOnce));
      if (rows_.empty()) break;
      next_position_ = rows_.back().position + 1;
      std::erase_if(rows_, [](const store::CoveredSession& session) { return !session.ended; });
    }
    return absl::OkStatus();
  }

  absl::Status NextSession() {
    if (complete_ && place_ == rows_.size()) CS_RETURN_IF_ERROR(LoadRows());
    if (place_ == rows_.size()) {
      rows_.clear();
      place_ = 0;
      stage_ = Stage::kCheckpoints;
      return absl::OkStatus();
    }
    const SessionRow& row = Current().row;
    ExportedSession session{row, "", complete_ ? std::vector<std::string>() : Path()};
    if (auto key = exporter_.keys_.Unwrap(row.id, row.data_key); key.ok()) {
      session.data_key = key->Reveal();
    }
    if (!Current().ended) {
      CS_RETURN_IF_ERROR(CutAtCheckpoint(session.row, SecretString(session.data_key)));
    }
    Emit(SessionLine(session));
    stage_ = Stage::kEvents;
    after_ = 0;
    return absl::OkStatus();
  }

  const std::vector<std::string>& Path() const { return statement_.covered[place_].path; }

  // A session that goes on is exported as it was when the checkpoint was made: head and description
  // are those of its events up to there.
  absl::Status CutAtCheckpoint(SessionRow& row, const SecretString& data_key) {
    row.summary = SessionSummary();
    row.head = Head();
    while (row.head.index < Current().index) {
      CS_ASSIGN_OR_RETURN(const auto events,
                          exporter_.store_.Events(row, row.head.index, kEventsAtOnce, kPageBytes));
      if (events.empty()) break;
      for (const SealedEvent& event : events) {
        if (row.head.index >= Current().index) break;
        row.head = {event.index, event.hash};
        if (data_key.empty()) continue;
        const auto payload = chain::OpenPayload(data_key, row.id, event);
        if (!payload.ok()) continue;  // the verifier reports it
        (void)Summarize(event.type, *payload, row.summary);
      }
    }
    return absl::OkStatus();
  }

  // The events of the sessions from `place_` on, as many as can be had at once.
  absl::Status LoadBatch() {
    std::vector<SessionRow> sessions;
    for (std::size_t i = place_; i < rows_.size(); ++i) sessions.push_back(rows_[i].row);
    CS_ASSIGN_OR_RETURN(batch_, exporter_.store_.WholeSessions(sessions, kEventBytesAtOnce));
    batch_begin_ = place_;
    return absl::OkStatus();
  }

  absl::Status NextEvents() {
    const SessionRow& row = Current().row;
    if (complete_ && after_ == 0) {
      if (place_ >= batch_begin_ + batch_.size()) CS_RETURN_IF_ERROR(LoadBatch());
      if (!batch_.empty()) {
        for (const SealedEvent& event : batch_[place_ - batch_begin_])
          Emit(EventLine(row.id, event));
        return EndSession();
      }
    }
    // One of many events, or one that goes on.
    CS_ASSIGN_OR_RETURN(const auto events,
                        exporter_.store_.Events(row, after_, kEventsAtOnce, kPageBytes));
    bool more = !events.empty();
    for (const SealedEvent& event : events) {
      if (!Current().ended && event.index > Current().index) {
        more = false;
        break;
      }
      Emit(EventLine(row.id, event));
      after_ = event.index;
    }
    return more ? absl::OkStatus() : EndSession();
  }

  absl::Status EndSession() {
    ++place_;
    stage_ = Stage::kSessions;
    return absl::OkStatus();
  }

  absl::Status NextCheckpoints() {
    CS_ASSIGN_OR_RETURN(const std::vector<std::string> lines, checkpoints_.Next());
    for (const std::string& line : lines) Emit(line);
    return lines.empty() ? Finish() : absl::OkStatus();
  }

  absl::Status Finish() {
    ExportEnd end{lines_, digest_.Digest(), ""};
    end.signature = exporter_.checkpointer_.key().Sign(EndBytes(end));
    Emit(EndLine(end));
    stage_ = Stage::kDone;
    return absl::OkStatus();
  }

  Exporter& exporter_;
  const chain::Checkpointer::Statement statement_;
  const bool complete_;
  std::set<std::string> connections_;  // of a named export's sessions
  Stage stage_ = Stage::kSessions;
  std::vector<store::CoveredSession> rows_;
  std::size_t place_ = 0;                        // of the session at hand, in rows_
  std::vector<std::vector<SealedEvent>> batch_;  // events of rows_ from batch_begin_ on
  std::size_t batch_begin_ = 0;
  std::uint64_t next_position_ = 0;
  std::uint32_t after_ = 0;
  CheckpointPart checkpoints_;
  crypto::Sha256Stream digest_;
  std::uint64_t lines_ = 0;
  std::string buffer_;
};

Exporter::Exporter(store::RecordStore& store, chain::KeyRing& keys,
                   chain::Checkpointer& checkpointer, const Clock& clock, RandomSource& random)
    : store_(store), keys_(keys), checkpointer_(checkpointer), clock_(clock), random_(random) {}
Exporter::~Exporter() = default;

absl::StatusOr<Exporter::Page> Exporter::Begin(const std::vector<std::string>& ids,
                                               const ExportReader& reader) {
  const bool complete = ids.empty();
  const auto& connections = reader.connections;
  if (complete && connections.has_value()) return AuditorOnlyError();
  if (ids.size() > kMaxNamed) {
    return absl::InvalidArgumentError(absl::StrCat("at most ", kMaxNamed, " sessions by name"));
  }
  // The forced checkpoint assigns positions to new sessions.
  using Log = chain::Checkpointer::Log;
  const Log log = connections ? Log::kIfReachable : Log::kFollowed;
  CS_RETURN_IF_ERROR(checkpointer_.Force(log).status());
  std::vector<SessionRow> named;
  std::vector<std::uint64_t> positions;
  const std::set<std::string> distinct(ids.begin(), ids.end());
  for (const std::string& id : distinct) {
    if (!IsSessionId(id)) return SessionIdError("ids");
    CS_ASSIGN_OR_RETURN(const auto row, store_.Find(id));
    if (!row.has_value()) return SessionUnknownError(id);
    if (connections && connections->count(row->summary.connection) == 0) return AuditorOnlyError();
    named.push_back(*row);
    positions.push_back(row->position);
  }
  CS_ASSIGN_OR_RETURN(chain::Checkpointer::Statement statement, checkpointer_.State(positions));
  std::optional<std::vector<SessionRow>> only;
  if (!complete) only = std::move(named);
  CS_ASSIGN_OR_RETURN(Job::Content content,
                      Job::MakeContent(*this, std::move(statement), std::move(only), reader));
  auto job = std::make_shared<Job>(*this, reader.who, std::move(content));
  const std::string id = Base64UrlEncode(random_.Bytes(18));
  {
    const MutexLock lock(mutex_);
    const absl::Time now = clock_.Now();
    const bool full = jobs_.size() >= kMaxJobs;
    for (auto it = jobs_.begin(); it != jobs_.end();) {
      const Job& other = *it->second;
      const bool goes = other.used_at + (full ? kIdle : kKept) < now || (full && other.finished);
      it = goes ? jobs_.erase(it) : std::next(it);
    }
    if (jobs_.size() >= kMaxJobs) return TooManyExportsError();
    job->used_at = now;
    jobs_.emplace(id, job);
  }
  const MutexLock turn(job->turn);
  return Turn(id, *job);
}

absl::StatusOr<Exporter::Page> Exporter::Next(const std::string& token,
                                              const ExportReader& reader) {
  const std::vector<std::string> words = absl::StrSplit(token, '.');
  std::uint64_t number = 0;
  if (words.size() != 2 || !absl::SimpleAtoi(words[1], &number)) return ExportUnknownError();
  std::shared_ptr<Job> job;
  {
    const MutexLock lock(mutex_);
    const auto found = jobs_.find(words[0]);
    if (found == jobs_.end() || found->second->who != reader.who) return ExportUnknownError();
    if (!found->second->IsWithin(reader.connections)) return AuditorOnlyError();
    job = found->second;
    job->used_at = clock_.Now();
  }
  const MutexLock turn(job->turn);
  if (number + 1 == job->page_number) return job->last_page;  // the answer was lost
  if (number != job->page_number) return ExportUnknownError();
  return Turn(words[0], *job);
}

absl::StatusOr<Exporter::Page> Exporter::Turn(const std::string& id, Job& job) {
  // One byte more than a page tells whether there is a next one.
  if (absl::Status status = job.Fill(kPageBytes + 1); !status.ok()) {
    const MutexLock lock(mutex_);
    jobs_.erase(id);
    return status;
  }
  Page page{job.Take(kPageBytes), ""};
  ++job.page_number;
  if (!job.Finished()) page.next_page_token = absl::StrCat(id, ".", job.page_number);
  job.last_page = page;
  if (job.Finished()) {
    const MutexLock lock(mutex_);
    job.finished = true;
    if (job.page_number == 1) jobs_.erase(id);  // no token refers to it
  }
  return page;
}

}  // namespace countersign::session_recorder::exports
