#include "services/session_recorder/live/batch_writer.h"

#include <map>

#include "libs/base/status.h"
#include "libs/crypto/seal.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/recorder_errors.h"
#include "services/session_recorder/summary.h"

namespace countersign::session_recorder::live {

// What one batch does to one session.
struct BatchWriter::Draft {
  WriterState* state;
  std::vector<std::pair<std::size_t, std::uint32_t>> answers;  // item, its last index
};

absl::Status BatchWriter::Reread(WriterState& state) {
  CS_ASSIGN_OR_RETURN(const auto row, store_.Find(state.row.id));
  if (!row.has_value()) {
    state.closed = true;
    return SessionUnknownError(state.row.id);
  }
  if (row->epoch != state.row.epoch || !row->summary.running()) {
    state.closed = true;
    return LeaseLostError();
  }
  state.row = *row;
  state.opened = true;
  state.known = true;
  return absl::OkStatus();
}

absl::Status BatchWriter::Admit(WriterState& state, const PendingWrite& entry) {
  if (state.closed) return EndedError();
  const bool ends =
      entry.kind == PendingWrite::Kind::kEnd || entry.kind == PendingWrite::Kind::kClose;
  if (!state.broken.ok() && !ends) return state.broken;
  if (!state.known) CS_RETURN_IF_ERROR(Reread(state));
  if (!state.data_key.empty()) return absl::OkStatus();
  if (entry.kind == PendingWrite::Kind::kOpen) {
    state.data_key = SecretString(random_.Bytes(crypto::kSealKeyBytes));
    state.row.data_key = keys_.Wrap(state.row.id, state.data_key);
    state.row.head = {0, chain::GenesisHash(state.row.id, chain::KeyCommitment(state.data_key))};
    return absl::OkStatus();
  }
  if (!state.opened) {
    state.closed = true;
    return SessionUnknownError(state.row.id);
  }
  // A session that another process left behind.
  CS_ASSIGN_OR_RETURN(state.data_key, keys_.Unwrap(state.row.id, state.row.data_key));
  return absl::OkStatus();
}

absl::Status BatchWriter::Extend(const WriterState& state, const PendingWrite& entry,
                                 store::SessionWrite& write) {
  SessionRow& row = write.row;
  if (!row.summary.running()) return EndedError();
  if (entry.kind == PendingWrite::Kind::kOpen) row.started_at = entry.at;
  const bool fall_back = !state.broken.ok() && !entry.if_broken.empty();
  SessionSummary summary = row.summary;
  for (const auto& [type, payload] : entry.events) {
    if (entry.kind == PendingWrite::Kind::kOpen) break;  // the row came with what the request says
    CS_RETURN_IF_ERROR(Summarize(type, fall_back ? entry.if_broken : payload, summary));
  }
  row.summary = std::move(summary);
  for (const auto& [type, given] : entry.events) {
    const std::string& payload = fall_back ? entry.if_broken : given;
    SealedEvent event;
    event.index = row.head.index + 1;
    event.type = type;
    event.at = entry.at;
    event.sealed = chain::SealPayload(state.data_key, row.id, event.index, type, payload, random_);
    event.hash = chain::LinkHash(row.id, event.index, type, event.at, event.sealed, row.head.hash);
    row.head = {event.index, event.hash};
    write.events.push_back(std::move(event));
  }
  if (!row.summary.running()) row.ended_at = entry.at;
  // A writer that was thought gone and comes back finds its epoch refused.
  if (entry.kind == PendingWrite::Kind::kClose) row.epoch = write.previous_epoch + 1;
  return absl::OkStatus();
}

std::vector<absl::StatusOr<std::uint32_t>> BatchWriter::Write(const std::vector<Item>& items) {
  std::vector<absl::StatusOr<std::uint32_t>> answers(items.size(), EndedError());
  std::vector<store::SessionWrite> writes;
  std::vector<Draft> drafts;  // beside `writes`
  std::map<WriterState*, std::size_t> places;
  for (std::size_t i = 0; i < items.size(); ++i) {
    WriterState& state = *items[i].first;
    const PendingWrite& entry = *items[i].second;
    absl::Status status = Admit(state, entry);
    if (status.ok()) {
      const auto [place, added] = places.emplace(&state, writes.size());
      if (added) {
        writes.push_back({!state.opened, state.row, state.row.head.index, state.row.epoch, {}});
        drafts.push_back({&state, {}});
      }
      store::SessionWrite& write = writes[place->second];
      status = Extend(state, entry, write);
      if (status.ok()) drafts[place->second].answers.emplace_back(i, write.row.head.index);
    }
    if (!status.ok()) {
      if (state.broken.ok()) state.broken = status;
      answers[i] = status;
    }
  }
  Commit(writes, drafts, answers);
  return answers;
}

void BatchWriter::Commit(std::vector<store::SessionWrite>& writes, const std::vector<Draft>& drafts,
                         std::vector<absl::StatusOr<std::uint32_t>>& answers) {
  if (writes.empty()) return;
  const auto refused = store_.Commit(writes);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    store::SessionWrite& write = writes[i];
    WriterState& state = *drafts[i].state;
    absl::Status status = refused.status();
    if (!status.ok()) {
      state.known = false;
      state.broken = status;
    } else if (refused->count(write.row.id) != 0) {
      status = write.opens ? SessionExistsError(write.row.id) : LeaseLostError();
      state.closed = true;
    } else {
      state.row = std::move(write.row);
      state.opened = true;
      state.closed = !state.row.summary.running();
    }
    for (const auto& [item, index] : drafts[i].answers) {
      if (status.ok()) {
        answers[item] = index;
      } else {
        answers[item] = status;
      }
    }
  }
}

}  // namespace countersign::session_recorder::live
