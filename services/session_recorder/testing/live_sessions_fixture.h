#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libs/base/status.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/testing/test_recorder.h"

// Accessors for tests of LiveSessions, and a store that fails on demand.
namespace countersign::session_recorder {

inline SessionRow ReadRow(store::RecordStore& store, const std::string& id) {
  const auto row = store.Find(id);
  REQUIRE(row.ok());
  REQUIRE(row->has_value());
  return **row;
}

inline std::vector<SealedEvent> ReadEvents(store::RecordStore& store, const std::string& id) {
  auto events = store.Events(ReadRow(store, id), 0, 100'000, 1u << 30);
  REQUIRE(events.ok());
  return *std::move(events);
}

inline std::vector<std::string> Types(store::RecordStore& store, const std::string& id) {
  std::vector<std::string> types;
  for (const SealedEvent& event : ReadEvents(store, id)) {
    types.push_back(event.type);
  }
  return types;
}

// Fails the test unless the stored events are one chain up to the row's head.
inline void CheckChain(store::MemoryRecordStore& store, TestKeyRing& keys, const std::string& id) {
  const SessionRow row = ReadRow(store, id);
  const auto key = keys.Unwrap(id, row.data_key);
  REQUIRE(key.ok());
  std::string hash = chain::GenesisHash(id, chain::KeyCommitment(*key));
  std::uint32_t index = 0;
  for (const SealedEvent& event : ReadEvents(store, id)) {
    CHECK(event.index == ++index);
    hash = chain::LinkHash(id, event.index, event.type, event.at, event.sealed, hash);
    CHECK(event.hash == hash);
    CHECK(chain::OpenPayload(*key, id, event).ok());
  }
  CHECK(row.head.index == index);
  CHECK(row.head.hash == hash);
}

// A store whose test decides the outcome of each commit.
class FaultyStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  enum class Fault { kNone, kBefore, kUnknownCommitted, kUnknownLost };
  std::function<Fault()> fault = [] { return Fault::kNone; };

  absl::StatusOr<std::set<std::string>> Commit(std::vector<store::SessionWrite> writes) override {
    switch (fault()) {
      case Fault::kNone: return ForwardingStore::Commit(std::move(writes));
      case Fault::kBefore: return absl::UnavailableError("database unavailable");
      case Fault::kUnknownCommitted: (void)ForwardingStore::Commit(std::move(writes)); break;
      case Fault::kUnknownLost: break;
    }
    return WithReason(absl::UnknownError("commit of unknown outcome"), "commit_unknown");
  }
  absl::Status ProbeWrite() override {
    return fault() == Fault::kNone ? absl::OkStatus() : absl::UnavailableError("disk full");
  }
  absl::StatusOr<std::optional<SessionRow>> Find(const std::string& id) override {
    if (fault() == Fault::kBefore) return absl::UnavailableError("database unavailable");
    return ForwardingStore::Find(id);
  }
};

}  // namespace countersign::session_recorder
