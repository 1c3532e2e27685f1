#pragma once

#include <future>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/crypto/seal.h"
#include "libs/domain/event_payload.h"
#include "libs/testing/fake_clock.h"
#include "services/session_recorder/chain/key_ring.h"
#include "services/session_recorder/live/live_sessions.h"

// Fixtures of the recorder's tests: a recorder over any store, driven step by step.
namespace countersign::session_recorder {

// One in-memory KEK, separate from the store, so that keys can be unwrapped after a "restart".
class TestKeyRing final : public chain::KeyRing {
 public:
  WrappedKey Wrap(absl::string_view session_id, const SecretString& data_key) override {
    return {"test", crypto::Seal(kek_, session_id, data_key.Reveal(), random_)};
  }
  absl::StatusOr<SecretString> Unwrap(absl::string_view session_id,
                                      const WrappedKey& wrapped) override {
    auto key = crypto::Open(kek_, session_id, wrapped.bytes);
    if (!key.ok()) return key.status();
    return SecretString(*std::move(key));
  }

 private:
  SystemRandom random_;
  const SecretString kek_{std::string(crypto::kSealKeyBytes, 'k')};
};

// Forwards to another store; tests override single methods.
class ForwardingStore : public store::RecordStore {
 public:
  explicit ForwardingStore(store::RecordStore& store) : store_(store) {}

  absl::StatusOr<std::set<std::string>> Commit(std::vector<store::SessionWrite> writes) override {
    return store_.Commit(std::move(writes));
  }
  absl::StatusOr<std::optional<SessionRow>> Find(const std::string& id) override {
    return store_.Find(id);
  }
  absl::StatusOr<std::vector<SessionRow>> List(const store::SessionFilter& filter,
                                               std::size_t limit) override {
    return store_.List(filter, limit);
  }
  absl::StatusOr<std::vector<SessionRow>> ByPosition(std::uint64_t from,
                                                     std::size_t limit) override {
    return store_.ByPosition(from, limit);
  }
  absl::StatusOr<std::vector<store::CoveredSession>> CoveredSessions(std::uint64_t from,
                                                                     std::uint64_t checkpoint,
                                                                     std::size_t limit) override {
    return store_.CoveredSessions(from, checkpoint, limit);
  }
  absl::StatusOr<std::vector<std::vector<SealedEvent>>> WholeSessions(
      const std::vector<SessionRow>& sessions, std::size_t max_bytes) override {
    return store_.WholeSessions(sessions, max_bytes);
  }
  absl::StatusOr<std::vector<SealedEvent>> Events(const SessionRow& session, std::uint32_t after,
                                                  std::size_t max_events,
                                                  std::size_t max_bytes) override {
    return store_.Events(session, after, max_events, max_bytes);
  }
  absl::StatusOr<bool> OrderKill(const std::string& id) override { return store_.OrderKill(id); }
  absl::StatusOr<std::vector<std::string>> KillOrders(const std::string& node) override {
    return store_.KillOrders(node);
  }
  absl::Status KeepAlive(const std::string& node, absl::Time until) override {
    return store_.KeepAlive(node, until);
  }
  absl::StatusOr<std::vector<SessionRow>> Orphans(const std::string& self,
                                                  absl::Time now) override {
    return store_.Orphans(self, now);
  }
  absl::StatusOr<std::vector<chain::SessionHead>> OpenHeads() override {
    return store_.OpenHeads();
  }
  absl::StatusOr<std::vector<chain::SessionHead>> CoveredHeads(std::uint64_t from,
                                                               std::uint64_t count,
                                                               std::uint64_t checkpoint) override {
    return store_.CoveredHeads(from, count, checkpoint);
  }
  absl::StatusOr<std::optional<chain::Checkpoint>> LastCheckpoint() override {
    return store_.LastCheckpoint();
  }
  absl::StatusOr<std::vector<chain::Checkpoint>> CheckpointsAfter(std::uint64_t after,
                                                                  std::size_t limit) override {
    return store_.CheckpointsAfter(after, limit);
  }
  absl::StatusOr<std::optional<chain::Checkpoint>> CheckpointOfReview(
      std::uint64_t sequence) override {
    return store_.CheckpointOfReview(sequence);
  }
  absl::Status AppendCheckpoint(const chain::Checkpoint& checkpoint) override {
    return store_.AppendCheckpoint(checkpoint);
  }
  absl::StatusOr<store::UnfilteredSessions> WithoutTextFilter(std::size_t limit) override {
    return store_.WithoutTextFilter(limit);
  }
  absl::Status AddTextFilters(const store::UnfilteredSessions& sessions,
                              const std::vector<std::string>& filters) override {
    return store_.AddTextFilters(sessions, filters);
  }
  absl::StatusOr<std::vector<std::string>> TextFilters(
      const std::vector<SessionRow>& sessions) override {
    return store_.TextFilters(sessions);
  }
  absl::Status ProbeWrite() override { return store_.ProbeWrite(); }
  absl::Status CreatePartitions(absl::Time now) override { return store_.CreatePartitions(now); }

 private:
  store::RecordStore& store_;
};

inline domain::Principal TestPrincipal() {
  domain::Principal principal;
  principal.issuer = "https://idp.test";
  principal.subject = "u-1";
  principal.identity = "ann";
  return principal;
}

inline domain::SessionStart TestStart(const std::string& id, const std::string& prompt = "hello") {
  auto parsed = std::make_shared<domain::Prompt>();
  parsed->operation = "chat.completions";
  parsed->model = "gpt-4o";
  parsed->stream = true;
  parsed->parts = {{"user", "/messages/0/content", prompt}};
  domain::SessionStart start;
  start.session_id = id;
  start.request_id = "req-" + id.substr(0, 8);
  start.connection = "openai";
  start.prompt = parsed;
  start.method = "POST";
  start.path = "/v1/chat/completions";
  start.body = absl::StrCat("{\"prompt\":\"", prompt, "\"}");
  return start;
}

inline std::string TestId(int number) {
  return absl::StrCat("01900000-0000-7000-8000-", absl::Dec(number, absl::kZeroPad12));
}

inline domain::SessionEvent DataEvent(const std::string& text) {
  return {domain::event_type::kResponseData, domain::ResponseDataPayload(text, {})};
}

inline domain::SessionEvent DecisionEvent(
    domain::Recording recording = domain::Recording::kStrict) {
  domain::Decision decision;
  decision.verdict = domain::Verdict::kAllow;
  decision.policy = "default-allow";
  decision.recording = recording;
  return {domain::event_type::kDecision, domain::DecisionPayload(decision)};
}

inline domain::SessionEnd Completed() {
  domain::SessionEnd end;
  end.outcome = domain::Outcome::kCompleted;
  end.input_tokens = 3;
  end.output_tokens = 5;
  end.masked = {{"credit_card", 1}};
  return end;
}

// Every call waits for its answer.
class TestRecorder {
 public:
  using Handle = live::LiveSessions::Handle;

  TestRecorder(store::RecordStore& store, std::string node = "node-1", bool sole = true)
      : sessions(store, keys, clock, random, {}, Options(std::move(node), sole)) {}

  static live::LiveSessionsOptions Options(std::string node, bool sole) {
    live::LiveSessionsOptions options;
    options.node = std::move(node);
    options.sole_recorder = sole;
    return options;
  }

  // Opens a session with its request only; abandons it when that fails.
  absl::StatusOr<Handle> Open(const domain::SessionStart& start,
                              live::LiveSessions::Lease lease = live::LiveSessions::Lease::kHeld) {
    Handle session = sessions.NewSession(start, TestPrincipal(), lease);
    const absl::Status opened = Append(session, {}).status();
    if (opened.ok()) return session;
    sessions.Abandon(session);
    return opened;
  }
  absl::StatusOr<std::uint32_t> Append(const Handle& session,
                                       std::vector<domain::SessionEvent> events) {
    std::promise<absl::StatusOr<std::uint32_t>> promise;
    sessions.Append(session, std::move(events), absl::InfiniteFuture(),
                    [&](absl::StatusOr<std::uint32_t> result) { promise.set_value(result); });
    return promise.get_future().get();
  }
  absl::StatusOr<std::uint32_t> End(const Handle& session,
                                    const domain::SessionEnd& end = Completed(),
                                    std::vector<domain::SessionEvent> events = {}) {
    std::promise<absl::StatusOr<std::uint32_t>> promise;
    sessions.End(session, std::move(events), end, absl::InfiniteFuture(),
                 [&](absl::StatusOr<std::uint32_t> result) { promise.set_value(result); });
    return promise.get_future().get();
  }
  // Waits until everything submitted so far is committed; the committer keeps the order.
  void Drain() {
    const auto other = Open(TestStart(TestId(900'000 + ++drained_)));
    if (other.ok()) (void)End(*other);
  }

  testing::FakeClock clock;
  SystemRandom random;
  TestKeyRing keys;
  live::LiveSessions sessions;

 private:
  int drained_ = 0;
};

}  // namespace countersign::session_recorder
