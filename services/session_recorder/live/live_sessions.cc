#include "services/session_recorder/live/live_sessions.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/domain/event_payload.h"
#include "services/session_recorder/recorder_errors.h"
#include "services/session_recorder/summary.h"

namespace countersign::session_recorder::live {
namespace {

namespace event_type = domain::event_type;
using Kind = PendingWrite::Kind;

// The memory that a queued event costs beside its payload.
constexpr std::size_t kEventOverhead = 256;
constexpr std::size_t kLastEventBytes = 1;  // one event is read, however large

// From this size on a write is a large one. PostgreSQL stores about 100 MB/s of them, so a small
// write waits at most a few milliseconds for others in its lane.
constexpr std::size_t kLargeWriteBytes = 256u << 10;

// Whether a writer may send this type: the first and last event are written by the recorder.
bool IsWritersType(absl::string_view type) {
  const auto& types = event_type::kWriters;
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

bool IsResponse(const domain::SessionEvent& event) {
  return event.type == event_type::kResponseHead || event.type == event_type::kResponseData;
}

bool AsksForOrdered(const domain::SessionEvent& event) {
  if (event.type != event_type::kDecision) return false;
  const auto decision = domain::ReadDecisionPayload(event.payload);
  return decision.ok() && decision->recording == domain::Recording::kOrdered;
}

bool IsLeaseLost(const absl::Status& status) { return GetReason(status) == "lease_lost"; }

// Whether the error means that this writer can write nothing more to the session.
bool IsGone(const absl::Status& status) {
  const std::string reason = GetReason(status);
  return reason == "lease_lost" || reason == "session_ended" || reason == "session_unknown" ||
         reason == "session_exists";
}

}  // namespace

class LiveSessions::Session {
 public:
  std::string id;
  WriterState state;  // used by the committing thread of `lane` only

  // The following are guarded by the mutex of LiveSessions.
  Lane* lane = nullptr;     // that commits its pending writes, so that they stay in order
  std::size_t pending = 0;  // writes that were submitted and are not settled
  std::optional<std::string> request;  // payload of the first event, until a write takes it
  Lease lease = Lease::kHeld;
  absl::Time expires_at = absl::InfiniteFuture();
  absl::Status stopped;  // why only the end is still accepted
  domain::DoneStatus on_stop;
  bool ending = false;  // its end was submitted
  bool ordered = false;
  bool lost = false;  // some events could not be recorded
  absl::Time last_at = absl::InfinitePast();
};

struct LiveSessions::Waiting {
  domain::Done<std::uint32_t> done;
  std::multimap<absl::Time, Answer>::iterator place;
  bool open = true;
};

struct LiveSessions::Operation {
  Handle session;
  PendingWrite write;
  Answer answer;           // null when the caller was already answered
  bool completes = false;  // the writer ends the session as completed
  bool lossy = false;      // events submitted with an end were dropped
};

// Commits writes in the order of submission, on a thread of its own.
struct LiveSessions::Lane {
  Lane(LiveSessions& sessions, BatchWriter batch_writer, ThreadPriority priority)
      : writer(std::move(batch_writer)),
        committer([this, &sessions](
                      std::vector<Operation> batch) { sessions.Commit(*this, std::move(batch)); },
                  sessions.options_.limits, priority) {}

  BatchWriter writer;
  absl::Time committing_since = absl::InfiniteFuture();  // guarded by the mutex of LiveSessions
  GroupCommitter<Operation> committer;                   // last: its thread uses the others
};

LiveSessions::LiveSessions(store::RecordStore& store, chain::KeyRing& keys, const Clock& clock,
                           RandomSource& random, RecorderMetrics metrics,
                           LiveSessionsOptions options)
    : store_(store),
      clock_(clock),
      metrics_(metrics),
      options_(std::move(options)),
      small_writes_(
          std::make_unique<Lane>(*this, BatchWriter(store, keys, random), ThreadPriority::kNormal)),
      large_writes_(
          std::make_unique<Lane>(*this, BatchWriter(store, keys, random), ThreadPriority::kLow)) {}

LiveSessions::~LiveSessions() {
  // Callbacks of one lane may still submit to the other.
  small_writes_->committer.Stop();
  large_writes_->committer.Stop();
}

absl::Time LiveSessions::Now() const {
  return absl::FromUnixNanos(absl::ToUnixNanos(clock_.Now()));  // the precision of the chain
}

LiveSessions::Answer LiveSessions::Expect(absl::Time deadline, domain::Done<std::uint32_t> done) {
  auto answer = std::make_shared<Waiting>();
  answer->done = std::move(done);
  const MutexLock lock(mutex_);
  answer->place = waiting_.emplace(deadline, answer);
  return answer;
}

bool LiveSessions::Finish(const Answer& answer, absl::StatusOr<std::uint32_t> result) {
  if (answer == nullptr) return false;
  {
    const MutexLock lock(mutex_);
    if (!answer->open) return false;
    answer->open = false;
    waiting_.erase(answer->place);
  }
  answer->done(std::move(result));
  return true;
}

void LiveSessions::Submit(Operation operation) {
  const PendingWrite& write = operation.write;
  std::size_t events = write.events.size() + (write.request ? 1 : 0) + (write.ends() ? 1 : 0);
  std::size_t bytes = kEventOverhead + events * kEventOverhead + write.end.size();
  if (write.request) bytes += write.request->size();
  for (const domain::SessionEvent& event : write.events) bytes += event.payload.size();
  {
    const MutexLock lock(mutex_);
    // Times within a session never decrease, even if the machine's clock does.
    Session& session = *operation.session;
    session.last_at = std::max(session.last_at, Now());
    operation.write.at = session.last_at;
    if (session.pending == 0) {
      session.lane = bytes < kLargeWriteBytes ? small_writes_.get() : large_writes_.get();
    }
    ++session.pending;
    if (session.lane->committer.Submit(operation, events, bytes)) return;
  }
  Settle(operation, BusyError());
}

void LiveSessions::Refuse(absl::Status status) {
  const MutexLock lock(mutex_);
  refusal_ = std::move(status);
}

LiveSessions::Handle LiveSessions::NewSession(const domain::SessionStart& start,
                                              const domain::Principal& principal, Lease lease) {
  auto session = std::make_shared<Session>();
  session->id = start.session_id;
  session->lease = lease;
  session->request = domain::RequestPayload(start, principal);
  SessionRow& row = session->state.row;
  row.id = start.session_id;
  row.node = options_.node;
  Summarize(domain::MakeRequestRecord(start, principal), row.summary);
  row.started_at = Now();
  session->last_at = row.started_at;
  return session;
}

// Adds `operation` to `session`; the first one opens it.
absl::Status LiveSessions::Prepare(const Handle& session, Operation& operation) {
  for (const domain::SessionEvent& event : operation.write.events) {
    if (IsWritersType(event.type)) continue;
    return absl::InvalidArgumentError("writers may not send events of this type");
  }
  operation.session = session;
  const MutexLock lock(mutex_);
  CS_RETURN_IF_ERROR(refusal_);
  if (session->ending) return EndedError();
  if (session->request) {
    if (!IsSessionId(session->id)) return SessionIdError();
    if (!live_.emplace(session->id, session).second) return SessionExistsError(session->id);
    session->expires_at = clock_.Now() + options_.lease;
    operation.write.request = std::exchange(session->request, std::nullopt);
  }
  session->ending = operation.write.ends();
  return absl::OkStatus();
}

void LiveSessions::Append(const Handle& session, std::vector<domain::SessionEvent> events,
                          absl::Time deadline, domain::Done<std::uint32_t> done) {
  const bool only_response =
      !events.empty() && std::all_of(events.begin(), events.end(), IsResponse);
  const bool asks_for_ordered = std::any_of(events.begin(), events.end(), AsksForOrdered);
  Operation operation;
  operation.write.events = std::move(events);
  if (absl::Status renewed = Renew(session); !renewed.ok()) return done(std::move(renewed));
  if (absl::Status refused = Prepare(session, operation); !refused.ok()) {
    return done(std::move(refused));
  }
  if (operation.write.events.empty() && !operation.write.request) return done(std::uint32_t{0});
  bool answer_now = false;
  {
    const MutexLock lock(mutex_);
    answer_now = session->ordered && only_response;
    session->ordered = session->ordered || asks_for_ordered;
  }
  if (answer_now) {
    Submit(std::move(operation));
    absl::Status stopped = StopReason(session);
    return stopped.ok() ? done(std::uint32_t{0}) : done(std::move(stopped));
  }
  operation.answer = Expect(deadline, std::move(done));
  Submit(std::move(operation));
}

void LiveSessions::End(const Handle& session, std::vector<domain::SessionEvent> events,
                       const domain::SessionEnd& end, absl::Time deadline,
                       domain::Done<std::uint32_t> done) {
  Operation operation;
  operation.write.kind = Kind::kEnd;
  operation.write.events = std::move(events);
  absl::Status refused = StopReason(session);
  if (!IsLeaseLost(refused)) refused = Prepare(session, operation);
  if (!refused.ok()) return done(std::move(refused));
  domain::SessionEnd broken = end;
  broken.outcome = domain::Outcome::kAborted;
  broken.code = "recording_lost";
  operation.completes = end.outcome == domain::Outcome::kCompleted;
  bool lost = false;
  {
    const MutexLock lock(mutex_);
    lost = session->lost;
  }
  if (lost) {  // after a loss only the end may follow, so that the record has no gap
    operation.lossy = !operation.write.events.empty();
    operation.write.events.clear();
  }
  operation.write.end = domain::EndPayload(lost && operation.completes ? broken : end);
  if (operation.completes) operation.write.end_if_broken = domain::EndPayload(broken);
  operation.answer = Expect(deadline, std::move(done));
  Submit(std::move(operation));
}

absl::Status LiveSessions::StopReason(const Handle& session) const {
  const MutexLock lock(mutex_);
  return session->stopped;
}

absl::Status LiveSessions::Renew(const Handle& session) {
  const MutexLock lock(mutex_);
  if (!session->stopped.ok()) return session->stopped;
  if (session->ending) return EndedError();
  session->expires_at = clock_.Now() + options_.lease;
  return absl::OkStatus();
}

void LiveSessions::OnStop(const Handle& session, domain::DoneStatus on_stop) {
  absl::Status stopped;
  {
    const MutexLock lock(mutex_);
    stopped = session->stopped;
    if (stopped.ok()) session->on_stop = std::move(on_stop);
  }
  if (!stopped.ok()) on_stop(std::move(stopped));
}

void LiveSessions::Stop(const Handle& session, const absl::Status& why) {
  domain::DoneStatus on_stop;
  {
    const MutexLock lock(mutex_);
    if (!session->stopped.ok()) return;
    session->stopped = why;
    on_stop = std::move(session->on_stop);
    session->on_stop = nullptr;
  }
  if (on_stop) on_stop(why);
}

void LiveSessions::Abandon(const Handle& session) {
  {
    const MutexLock lock(mutex_);
    if (session->ending || session->request) return;
    session->ending = true;
  }
  Close(session);
}

void LiveSessions::Close(const Handle& session) {
  const bool killed = GetReason(StopReason(session)) == "killed";
  domain::SessionEnd end;
  end.outcome = killed ? domain::Outcome::kKilled : domain::Outcome::kTruncated;
  end.code = killed ? "killed" : "writer_lost";
  Operation operation;
  operation.session = session;
  operation.write.kind = Kind::kClose;
  operation.write.end = domain::EndPayload(end);
  Submit(std::move(operation));
}

absl::StatusOr<bool> LiveSessions::Kill(const std::string& id) {
  if (!IsSessionId(id)) return SessionIdError();
  CS_ASSIGN_OR_RETURN(const bool running, store_.OrderKill(id));
  if (!running) {
    CS_ASSIGN_OR_RETURN(const auto row, store_.Find(id));
    if (!row.has_value()) return SessionUnknownError(id);
    return false;
  }
  Handle session;
  {
    const MutexLock lock(mutex_);
    const auto found = live_.find(id);
    if (found != live_.end()) session = found->second;
  }
  if (session != nullptr) Stop(session, KilledError());
  return true;
}

void LiveSessions::Commit(Lane& lane, std::vector<Operation> batch) {
  const absl::Time begin = clock_.Now();
  {
    const MutexLock lock(mutex_);
    lane.committing_since = batch.front().write.at;
  }
  std::vector<BatchWriter::Item> items;
  for (Operation& operation : batch) {
    items.emplace_back(&operation.session->state, &operation.write);
  }
  const auto answers = lane.writer.Write(items);
  metrics_.commit_seconds.Observe(absl::ToDoubleSeconds(clock_.Now() - begin));
  {
    const MutexLock lock(mutex_);
    lane.committing_since = absl::InfiniteFuture();
  }
  NoteOutcome(answers);
  for (std::size_t i = 0; i < batch.size(); ++i) Settle(batch[i], answers[i]);
}

void LiveSessions::NoteOutcome(const std::vector<absl::StatusOr<std::uint32_t>>& answers) {
  absl::Status failure;
  bool wrote = answers.empty();
  for (const absl::StatusOr<std::uint32_t>& answer : answers) {
    wrote = wrote || answer.ok();
    if (!answer.ok() && !IsGone(answer.status())) failure.Update(answer.status());
  }
  const MutexLock lock(mutex_);
  if (wrote || !failure.ok()) write_failure_ = failure;  // else nothing was tried
}

absl::Status LiveSessions::WriteFailure() const {
  const MutexLock lock(mutex_);
  return write_failure_;
}

// What the outcome of `operation` means for its session; then its caller is told.
void LiveSessions::Settle(const Operation& operation, const absl::StatusOr<std::uint32_t>& result) {
  const Handle& session = operation.session;
  const absl::Status& status = result.status();
  const Kind kind = operation.write.kind;
  const bool ends = operation.write.ends();
  const bool over = IsGone(status) || (ends && status.ok());
  if (!status.ok() && !IsGone(status)) metrics_.commit_failures.Increment();
  if (kind == Kind::kClose && status.ok()) metrics_.sessions_truncated.Increment();
  // The writer must not report a session as completed that is recorded as aborted.
  bool lost = false;
  if (status.ok() && ends) {
    const WriterState& state = session->state;
    const bool aborted =
        operation.completes && state.row.summary.end.outcome != domain::Outcome::kCompleted;
    lost = aborted || operation.lossy || state.lossy;
  }
  {
    const MutexLock lock(mutex_);
    --session->pending;  // from here on another thread may use session->state
    const auto found = live_.find(session->id);
    if (over && found != live_.end() && found->second == session) live_.erase(found);
    if (ends && !over) unclosed_.insert(session);
    if (kind == Kind::kAppend && !status.ok()) session->lost = true;
    metrics_.sessions_open.Set(static_cast<double>(live_.size()));
  }
  const bool lost_after_answer =
      !status.ok() && operation.answer == nullptr && kind == Kind::kAppend;
  if (IsLeaseLost(status) || lost_after_answer) Stop(session, status);
  Finish(operation.answer, lost ? absl::StatusOr<std::uint32_t>(RecordingLostError()) : result);
}

void LiveSessions::Tick() {
  const absl::Time now = clock_.Now();
  std::vector<Answer> late;
  std::vector<Handle> lost;
  {
    const MutexLock lock(mutex_);
    for (auto it = waiting_.begin(); it != waiting_.end() && it->first <= now; ++it) {
      late.push_back(it->second);
    }
    for (const auto& [id, session] : live_) {
      if (session->lease == Lease::kRenewed && !session->ending && session->expires_at <= now) {
        lost.push_back(session);
      }
    }
    const absl::Time since =
        std::min(small_writes_->committing_since, large_writes_->committing_since);
    const absl::Duration lag = std::max(now - since, absl::ZeroDuration());
    metrics_.lag_seconds.Set(absl::ToDoubleSeconds(lag));
  }
  for (const Answer& answer : late) Finish(answer, SlowError());
  for (const Handle& session : lost) {
    Stop(session, LeaseLostError());
    Abandon(session);
  }
}

absl::Status LiveSessions::Adopt(const SessionRow& row) {
  CS_ASSIGN_OR_RETURN(const auto last, store_.Events(row, row.head.index - 1, 1, kLastEventBytes));
  auto session = std::make_shared<Session>();
  session->id = row.id;
  session->state.row = row;
  session->state.opened = true;
  session->ending = true;
  session->last_at = last.empty() ? row.started_at : last.back().at;
  if (row.kill_ordered) session->stopped = KilledError();
  {
    const MutexLock lock(mutex_);
    // Otherwise it is being closed already.
    if (!live_.emplace(row.id, session).second) return absl::OkStatus();
  }
  Close(session);
  return absl::OkStatus();
}

absl::Status LiveSessions::Maintain() {
  const absl::Time now = clock_.Now();
  CS_RETURN_IF_ERROR(store_.CreatePartitions(now));
  CS_RETURN_IF_ERROR(store_.KeepAlive(options_.node, now + options_.lease));
  if (!WriteFailure().ok() && store_.ProbeWrite().ok()) NoteOutcome({});
  const absl::Time dead_before = options_.sole_recorder ? absl::InfiniteFuture() : now;
  CS_ASSIGN_OR_RETURN(const auto orphans, store_.Orphans(options_.node, dead_before));
  for (const SessionRow& row : orphans) CS_RETURN_IF_ERROR(Adopt(row));
  CS_ASSIGN_OR_RETURN(const auto kill_orders, store_.KillOrders(options_.node));
  std::vector<Handle> killed, unclosed;
  {
    const MutexLock lock(mutex_);
    for (const std::string& id : kill_orders) {
      const auto found = live_.find(id);
      if (found != live_.end()) killed.push_back(found->second);
    }
    unclosed.assign(unclosed_.begin(), unclosed_.end());
    unclosed_.clear();
  }
  for (const Handle& session : killed) Stop(session, KilledError());
  for (const Handle& session : unclosed) Close(session);
  return absl::OkStatus();
}

std::size_t LiveSessions::open_sessions() const {
  const MutexLock lock(mutex_);
  return live_.size();
}

}  // namespace countersign::session_recorder::live
