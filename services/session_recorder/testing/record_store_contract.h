#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/session_recorder/store/record_store.h"

// What every RecordStore must do. A test calls CheckRecordStore inside a TEST_CASE with a factory
// of empty stores.
namespace countersign::session_recorder {

inline absl::Time ContractTime(int seconds) {
  return absl::FromUnixSeconds(1'790'000'000 + seconds) + absl::Nanoseconds(123'456'789);
}

inline std::string ContractId(int number) {
  return absl::StrCat("01900000-0000-7000-8000-", absl::Dec(number, absl::kZeroPad12));
}

inline SealedEvent ContractEvent(std::uint32_t index, std::size_t bytes = 20) {
  SealedEvent event;
  event.index = index;
  event.type = index == 1 ? "request" : "response.data";
  event.at = ContractTime(static_cast<int>(index));
  event.sealed = std::string(bytes, '\0') + "'\\x\xff";
  event.hash = std::string(32, static_cast<char>(index));
  return event;
}

inline store::SessionWrite OpenWrite(int number, int started = 0) {
  store::SessionWrite write;
  write.opens = true;
  write.row.id = ContractId(number);
  write.row.summary.request_id = "r'1";
  write.row.summary.identity = "ann \xc3\xa9\\";
  write.row.summary.issuer = "https://idp";
  write.row.summary.subject = "u-1";
  write.row.summary.connection = "openai";
  write.row.summary.model = "gpt-4o";
  write.row.summary.operation = "chat.completions";
  write.row.summary.stream = true;
  write.row.started_at = ContractTime(started);
  write.row.node = "node-1";
  write.row.data_key = {"kek-1", std::string("\0\x01key", 5)};
  write.events = {ContractEvent(1)};
  write.row.head = {1, write.events[0].hash};
  return write;
}

// The next write to the same session after `before`.
inline store::SessionWrite NextWrite(const store::SessionWrite& before, bool ends = false) {
  store::SessionWrite write;
  write.row = before.row;
  write.previous_index = before.row.head.index;
  write.previous_epoch = before.row.epoch;
  write.events = {ContractEvent(write.previous_index + 1)};
  write.row.head = {write.previous_index + 1, write.events[0].hash};
  if (ends) {
    write.row.summary.end = {domain::Outcome::kCompleted, "code", 7, 8, {{"us_ssn", 2}}};
    write.row.ended_at = ContractTime(60);
  }
  return write;
}

inline chain::Checkpoint ContractCheckpoint(std::uint64_t number,
                                            std::vector<chain::SessionHead> heads) {
  chain::Checkpoint checkpoint;
  checkpoint.number = number;
  checkpoint.at = ContractTime(static_cast<int>(number));
  checkpoint.size = 10 + number;
  checkpoint.root = std::string(32, 'r');
  checkpoint.previous = std::string(32, 'p');
  checkpoint.public_key = std::string(32, 'k');
  checkpoint.signature = std::string(64, 's');
  checkpoint.heads = std::move(heads);
  return checkpoint;
}

inline void MustCommit(store::RecordStore& store, const std::vector<store::SessionWrite>& writes) {
  const auto refused = store.Commit(writes);
  INFO(refused.status().ToString());
  REQUIRE(refused.ok());
  REQUIRE(refused->empty());
}

inline std::vector<std::string> Ids(const absl::StatusOr<std::vector<SessionRow>>& rows) {
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  std::vector<std::string> ids;
  for (const SessionRow& row : *rows) ids.push_back(row.id);
  return ids;
}

inline SessionRow MustFind(store::RecordStore& store, int number) {
  const auto row = store.Find(ContractId(number));
  INFO(row.status().ToString());
  REQUIRE(row.ok());
  REQUIRE(row->has_value());
  return **row;
}

inline void CheckWriting(store::RecordStore& store) {
  SECTION("returns every column and byte that was written") {
    const store::SessionWrite open = OpenWrite(1);
    store::SessionWrite end = NextWrite(open, true);
    end.row.summary.policy = "p";
    end.row.summary.review_id = "rv";
    end.row.summary.approvers = {"bob", "c\"d"};
    MustCommit(store, {open});
    MustCommit(store, {end});
    const SessionRow row = MustFind(store, 1);
    CHECK(row.summary.identity == open.row.summary.identity);
    CHECK(row.summary.request_id == "r'1");
    CHECK(row.summary.stream);
    CHECK(row.summary.policy == "p");
    CHECK(row.summary.approvers == end.row.summary.approvers);
    CHECK(row.summary.end.outcome == domain::Outcome::kCompleted);
    CHECK(row.summary.end.code == "code");
    CHECK(row.summary.end.masked == end.row.summary.end.masked);
    CHECK(row.started_at == open.row.started_at);
    CHECK(row.ended_at == end.row.ended_at);
    CHECK(row.head.index == 2);
    CHECK(row.head.hash == end.row.head.hash);
    CHECK(row.node == "node-1");
    CHECK(row.data_key.bytes == open.row.data_key.bytes);
    CHECK(row.position == kNoPosition);
    const auto events = store.Events(row, 0, 10, 1000);
    REQUIRE(events.ok());
    REQUIRE(events->size() == 2);
    CHECK((*events)[0].sealed == open.events[0].sealed);
    CHECK((*events)[0].at == open.events[0].at);
    CHECK((*events)[1].type == "response.data");
    CHECK((*events)[1].hash == end.events[0].hash);
  }
  SECTION("refuses unexpected writes and writes the rest of the batch") {
    const store::SessionWrite one = OpenWrite(1), two = OpenWrite(2), three = OpenWrite(3);
    MustCommit(store, {one, two, three});
    store::SessionWrite wrong_epoch = NextWrite(one);
    wrong_epoch.previous_epoch = 9;
    store::SessionWrite wrong_head = NextWrite(two);
    wrong_head.previous_index = 5;
    const auto refused =
        store.Commit({wrong_epoch, wrong_head, NextWrite(three), OpenWrite(4), OpenWrite(1)});
    REQUIRE(refused.ok());
    CHECK(*refused == std::set<std::string>{ContractId(1), ContractId(2)});
    CHECK(MustFind(store, 1).head.index == 1);
    CHECK(MustFind(store, 2).head.index == 1);
    CHECK(MustFind(store, 3).head.index == 2);
    CHECK(MustFind(store, 4).head.index == 1);
    CHECK(store.Events(MustFind(store, 1), 0, 10, 1000)->size() == 1);
  }
  SECTION("keeps large payloads, and nothing of a refused write") {
    store::SessionWrite open = OpenWrite(1);
    open.events[0] = ContractEvent(1, 3u << 20);
    MustCommit(store, {open});
    CHECK(store.Events(MustFind(store, 1), 0, 10, 1u << 30)->front().sealed ==
          open.events[0].sealed);
    store::SessionWrite wrong = NextWrite(open);
    wrong.events[0] = ContractEvent(2, 1u << 20);
    wrong.previous_epoch = 9;
    CHECK(store.Commit({wrong})->size() == 1);
    CHECK(store.Events(MustFind(store, 1), 0, 10, 1u << 30)->size() == 1);
  }
  SECTION("refuses writes after the end") {
    const store::SessionWrite open = OpenWrite(1);
    const store::SessionWrite end = NextWrite(open, true);
    MustCommit(store, {open});
    MustCommit(store, {end});
    CHECK(store.Commit({NextWrite(end)})->size() == 1);
  }
  SECTION("fences a writer by its epoch") {
    const store::SessionWrite open = OpenWrite(1);
    MustCommit(store, {open});
    store::SessionWrite taken = NextWrite(open);
    taken.row.epoch = 2;
    MustCommit(store, {taken});
    store::SessionWrite stale = NextWrite(taken);
    stale.previous_epoch = 1;
    CHECK(store.Commit({stale})->size() == 1);
    CHECK(MustFind(store, 1).epoch == 2);
  }
}

inline void CheckReading(store::RecordStore& store) {
  SECTION("unknown ids are NOT_FOUND") { CHECK_FALSE(store.Find(ContractId(1))->has_value()); }
  SECTION("limits events by index, number and bytes") {
    store::SessionWrite write = OpenWrite(1);
    for (std::uint32_t i = 2; i <= 5; ++i) write.events.push_back(ContractEvent(i, 100));
    write.row.head.index = 5;
    MustCommit(store, {write});
    const SessionRow row = MustFind(store, 1);
    CHECK(store.Events(row, 3, 10, 10'000)->front().index == 4);
    CHECK(store.Events(row, 0, 2, 10'000)->size() == 2);
    CHECK(store.Events(row, 0, 10, 150)->size() == 3);  // 24 + 104 < 150: one more
    CHECK(store.Events(row, 1, 10, 1)->size() == 1);
    CHECK(store.Events(row, 5, 10, 10'000)->empty());
  }
  SECTION("lists newest first, by every filter, from a given position") {
    store::SessionWrite other = OpenWrite(2, 10);
    other.row.summary.identity = "bob";
    other.row.summary.connection = "anthropic";
    other.row.summary.model = other.row.summary.policy = other.row.summary.review_id = "other's";
    other.row.summary.approvers = {"rosa", "other's"};
    other.row.summary.operation = "other's";
    other.row.summary.end.masked = {{"other's", 1}};
    other.row.summary.end.input_tokens = 1'000'000;
    other.row.summary.end.output_tokens = 1;
    MustCommit(store, {OpenWrite(1, 0), other, OpenWrite(3, 20), OpenWrite(4, 20)});
    MustCommit(store, {NextWrite(OpenWrite(1, 0), true)});
    const auto ids = [](std::initializer_list<int> numbers) {
      std::vector<std::string> out;
      for (const int number : numbers) out.push_back(ContractId(number));
      return out;
    };
    store::SessionFilter filter;
    CHECK(Ids(store.List(filter, 10)) == ids({4, 3, 2, 1}));
    CHECK(Ids(store.List(filter, 2)) == ids({4, 3}));
    filter.before_time = ContractTime(20);
    filter.before_id = ContractId(4);
    CHECK(Ids(store.List(filter, 10)) == ids({3, 2, 1}));
    filter = {};
    filter.identity = "bob";
    CHECK(Ids(store.List(filter, 10)) == ids({2}));
    filter = {};
    filter.connection = "anthropic";
    CHECK(Ids(store.List(filter, 10)) == ids({2}));
    for (std::string store::SessionFilter::*field :
         {&store::SessionFilter::model, &store::SessionFilter::policy,
          &store::SessionFilter::review_id, &store::SessionFilter::approver}) {
      filter = {};
      filter.*field = "other's";
      CHECK(Ids(store.List(filter, 10)) == ids({2}));
      filter.*field = "nobody's";
      CHECK(Ids(store.List(filter, 10)).empty());
    }
    filter = {};
    filter.operation = "other's";
    CHECK(Ids(store.List(filter, 10)) == ids({2}));
    filter = {};
    filter.except_operations = {"other's", "nobody's"};
    CHECK(Ids(store.List(filter, 10)) == ids({4, 3, 1}));
    filter = {};
    filter.entity = "other's";
    CHECK(Ids(store.List(filter, 10)) == ids({2}));
    filter = {};
    filter.min_tokens = 1'000'001;
    CHECK(Ids(store.List(filter, 10)) == ids({2}));
    filter = {};
    filter.min_duration = absl::Nanoseconds(1);
    CHECK(Ids(store.List(filter, 10)) == ids({1}));
    filter.min_duration = absl::Hours(24 * 365);
    CHECK(Ids(store.List(filter, 10)).empty());
    filter = {};
    filter.outcome = domain::Outcome::kCompleted;
    CHECK(Ids(store.List(filter, 10)) == ids({1}));
    filter.outcome = domain::Outcome::kRunning;
    CHECK(Ids(store.List(filter, 10)) == ids({4, 3, 2}));
    filter = {};
    filter.since = ContractTime(10);
    filter.until = ContractTime(20);
    CHECK(Ids(store.List(filter, 10)) == ids({2}));
    filter = {};
    filter.connections = std::set<std::string>{"openai", "x'y"};
    CHECK(Ids(store.List(filter, 10)) == ids({4, 3, 1}));
    filter.connections = std::set<std::string>{};
    CHECK(Ids(store.List(filter, 10)).empty());
    filter = {};
    filter.identity = "' OR true --";
    CHECK(Ids(store.List(filter, 10)).empty());
  }
}

inline void CheckOwnership(store::RecordStore& store) {
  const store::SessionWrite one = OpenWrite(1), two = OpenWrite(2);
  MustCommit(store, {one, two});
  SECTION("marks a running session to be killed and keeps the mark") {
    CHECK(*store.OrderKill(ContractId(1)));
    CHECK(*store.KillOrders("node-1") == std::vector<std::string>{ContractId(1)});
    CHECK(store.KillOrders("node-2")->empty());
    MustCommit(store, {NextWrite(one)});
    CHECK(MustFind(store, 1).kill_ordered);
    CHECK_FALSE(*store.OrderKill(ContractId(9)));
    MustCommit(store, {NextWrite(two, true)});
    CHECK_FALSE(*store.OrderKill(ContractId(2)));
  }
  SECTION("finds the sessions of recorders that are no longer alive") {
    CHECK(Ids(store.Orphans("node-1", ContractTime(0))).empty());
    CHECK(Ids(store.Orphans("node-2", ContractTime(0))).size() == 2);
    REQUIRE(store.KeepAlive("node-1", ContractTime(15)).ok());
    CHECK(Ids(store.Orphans("node-2", ContractTime(15))).empty());
    CHECK(Ids(store.Orphans("node-2", ContractTime(16))).size() == 2);
    REQUIRE(store.KeepAlive("node-1", ContractTime(30)).ok());
    CHECK(Ids(store.Orphans("node-2", ContractTime(16))).empty());
    CHECK(Ids(store.Orphans("node-2", absl::InfiniteFuture())).size() == 2);
    MustCommit(store, {NextWrite(one, true)});
    CHECK(Ids(store.Orphans("node-2", ContractTime(40))) ==
          std::vector<std::string>{ContractId(2)});
  }
}

inline void CheckWholeSessions(store::RecordStore& store) {
  std::vector<SessionRow> rows;
  for (int number = 1; number <= 3; ++number) {
    const store::SessionWrite open = OpenWrite(number);
    MustCommit(store, {open});
    MustCommit(store, {NextWrite(open, true)});
    rows.push_back(MustFind(store, number));
  }
  const auto sizes = [&](const std::vector<SessionRow>& sessions, std::size_t max_bytes) {
    std::vector<std::size_t> out;
    const auto found = store.WholeSessions(sessions, max_bytes);
    REQUIRE(found.ok());
    for (std::size_t i = 0; i < found->size(); ++i) {
      const auto alone = store.Events(sessions[i], 0, 100, 1u << 20);
      REQUIRE(alone.ok());
      REQUIRE((*found)[i].size() == alone->size());
      for (std::size_t e = 0; e < alone->size(); ++e) {
        CHECK((*found)[i][e].index == (*alone)[e].index);
        CHECK((*found)[i][e].hash == (*alone)[e].hash);
        CHECK((*found)[i][e].sealed == (*alone)[e].sealed);
      }
      out.push_back((*found)[i].size());
    }
    return out;
  };
  using Sizes = std::vector<std::size_t>;
  CHECK(sizes(rows, 1u << 20) == Sizes{2, 2, 2});
  CHECK(sizes({rows[2], rows[0]}, 1u << 20) == Sizes{2, 2});
  CHECK(sizes({}, 1u << 20).empty());
  CHECK(sizes(rows, 1).empty());
  CHECK(sizes(rows, 120).size() < 3);
  // A session of which something is missing is not whole.
  rows[1].head.index = 3;
  CHECK(sizes(rows, 1u << 20) == Sizes{2});
}

inline void CheckCheckpoints(store::RecordStore& store) {
  const store::SessionWrite one = OpenWrite(1), two = OpenWrite(2);
  MustCommit(store, {one, two});
  MustCommit(store, {NextWrite(two, true)});
  CHECK_FALSE(store.LastCheckpoint()->has_value());
  const auto open = store.OpenHeads();
  REQUIRE(open.ok());
  REQUIRE(open->size() == 2);
  std::vector<chain::SessionHead> heads = *open;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    CHECK(heads[i].position == kNoPosition);
    CHECK(heads[i].ended == (heads[i].session_id == ContractId(2)));
    heads[i].position = i;
  }
  REQUIRE(store.AppendCheckpoint(ContractCheckpoint(1, heads)).ok());
  SECTION("open heads include running and uncovered sessions only") {
    const auto left = store.OpenHeads();
    REQUIRE(left->size() == 1);
    CHECK(left->front().session_id == ContractId(1));
    CHECK(left->front().position != kNoPosition);
    CHECK(MustFind(store, 1).position == left->front().position);
    CHECK(Ids(store.ByPosition(0, 10)).size() == 2);
    CHECK(Ids(store.ByPosition(1, 10)).size() == 1);
    CHECK(Ids(store.ByPosition(0, 1)).size() == 1);
    CHECK(store.ProbeWrite().ok());
  }
  SECTION("tells what the checkpoints up to one of them cover") {
    MustCommit(store, {NextWrite(one, true)});
    REQUIRE(store.AppendCheckpoint(ContractCheckpoint(2, *store.OpenHeads())).ok());
    using Covered = std::vector<std::tuple<std::string, std::uint32_t, bool>>;
    const auto covered = [&](std::uint64_t from, std::uint64_t checkpoint, std::size_t limit) {
      Covered out;
      const auto found = store.CoveredSessions(from, checkpoint, limit);
      REQUIRE(found.ok());
      for (const store::CoveredSession& session : *found) {
        CHECK(session.row.position != kNoPosition);
        out.emplace_back(session.row.id, session.index, session.ended);
      }
      return out;
    };
    const std::uint64_t first = MustFind(store, 1).position, second = MustFind(store, 2).position;
    Covered early = {{ContractId(1), 1, false}, {ContractId(2), 2, true}};
    Covered late = {{ContractId(1), 2, true}, {ContractId(2), 2, true}};
    if (second < first) {
      std::swap(early[0], early[1]);
      std::swap(late[0], late[1]);
    }
    CHECK(covered(0, 1, 10) == early);
    CHECK(covered(0, 2, 10) == late);
    CHECK(covered(0, 2, 1) == Covered{late[0]});
    CHECK(covered(1, 2, 10) == Covered{late[1]});
    CHECK(covered(2, 2, 10).empty());
    CHECK(covered(0, 0, 10).empty());
  }
  SECTION("keeps every head of every checkpoint, and returns the latest") {
    MustCommit(store, {NextWrite(one)});
    chain::SessionHead moved = store.OpenHeads()->front();
    CHECK(moved.head.index == 2);
    REQUIRE(store.AppendCheckpoint(ContractCheckpoint(2, {moved})).ok());
    REQUIRE(store.AppendCheckpoint(ContractCheckpoint(3, {})).ok());
    const auto covered = store.CoveredHeads(0, 10, 9);
    REQUIRE(covered->size() == 2);
    CHECK(store.CoveredHeads(0, 1, 9)->size() == 1);
    CHECK(store.CoveredHeads(1, 1, 9)->front().position == 1);
    CHECK(store.CoveredHeads(2, 10, 9)->empty());
    CHECK(store.CoveredHeads(moved.position, 1, 1)->front().head.index == 1);
    CHECK(store.CoveredHeads(0, 10, 0)->empty());
    CHECK((*covered)[0].position == 0);
    CHECK((*covered)[moved.position].head.index == 2);
    CHECK((*covered)[moved.position].head.hash == moved.head.hash);
    const auto all = store.CheckpointsAfter(0, 10);
    REQUIRE(all->size() == 3);
    CHECK((*all)[0].heads.size() == 2);
    CHECK((*all)[1].heads.size() == 1);
    CHECK((*all)[1].heads[0].session_id == ContractId(1));
    CHECK((*all)[2].heads.empty());
    CHECK(store.CheckpointsAfter(1, 1)->front().number == 2);
    CHECK((*store.LastCheckpoint())->number == 3);
    CHECK((*store.LastCheckpoint())->at == ContractTime(3));
    CHECK((*store.LastCheckpoint())->root == std::string(32, 'r'));
  }
  SECTION("text filters are added in the order of the ends") {
    const auto next = store.WithoutTextFilter(10);
    REQUIRE(next.ok());
    REQUIRE(next->rows.size() == 1);  // the other one runs
    CHECK(next->rows[0].id == ContractId(2));
    CHECK(next->checkpoint == 1);
    CHECK(store.WithoutTextFilter(0)->rows.empty());
    const std::string filter("f\0\xff\"\\", 5);
    REQUIRE(store.AddTextFilters(*next, {filter}).ok());
    CHECK(store.WithoutTextFilter(10)->rows.empty());
    const std::vector<SessionRow> asked = {MustFind(store, 1), MustFind(store, 2)};
    CHECK(store.TextFilters(asked).value() == std::vector<std::string>{"", filter});
    CHECK(store.TextFilters({})->empty());
    // Another recorder was slower: what is there stays.
    REQUIRE(store.AddTextFilters(*next, {filter}).ok());
    CHECK(store.WithoutTextFilter(10)->rows.empty());
    MustCommit(store, {NextWrite(one, true)});
    REQUIRE(store.AppendCheckpoint(ContractCheckpoint(2, *store.OpenHeads())).ok());
    const auto later = store.WithoutTextFilter(10);
    REQUIRE(later->rows.size() == 1);
    CHECK(later->rows[0].id == ContractId(1));
    REQUIRE(store.AddTextFilters(*later, {""}).ok());  // it cannot be opened
    CHECK(store.WithoutTextFilter(10)->rows.empty());
    CHECK(store.TextFilters(asked).value()[0].empty());
  }
  SECTION("finds the checkpoint that covers a line of approval's log") {
    chain::Checkpoint second = ContractCheckpoint(2, {}), third = ContractCheckpoint(3, {});
    second.reviews = {4, std::string(32, 's')};
    third.reviews = {9, std::string(32, 't')};
    REQUIRE(store.AppendCheckpoint(second).ok());
    REQUIRE(store.AppendCheckpoint(third).ok());
    CHECK((*store.CheckpointOfReview(1))->number == 2);
    CHECK((*store.CheckpointOfReview(4))->number == 2);
    CHECK((*store.CheckpointOfReview(5))->reviews == third.reviews);
    CHECK_FALSE(store.CheckpointOfReview(10)->has_value());
  }
  SECTION("accepts each checkpoint number once") {
    CHECK(store.AppendCheckpoint(ContractCheckpoint(1, {})).code() == absl::StatusCode::kAborted);
  }
}

template <typename Factory>
void CheckRecordStore(Factory make) {
  const auto store = make();
  SECTION("writing") { CheckWriting(*store); }
  SECTION("reading") { CheckReading(*store); }
  SECTION("ownership") { CheckOwnership(*store); }
  SECTION("whole sessions") { CheckWholeSessions(*store); }
  SECTION("checkpoints") { CheckCheckpoints(*store); }
}

}  // namespace countersign::session_recorder
