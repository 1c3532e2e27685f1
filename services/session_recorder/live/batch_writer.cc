#include "services/session_recorder/live/batch_writer.h"

#include <map>

#include "libs/base/status.h"
#include "libs/crypto/seal.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/recorder_errors.h"
#include "services/session_recorder/summary.h"

namespace countersign::session_recorder::live {

// The effect of one batch on one session.
struct BatchWriter::Draft {
  WriterState* state;
  SessionRow row;                                              // with the batch
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

absl::Status BatchWriter::Admit(WriterState& state, const PendingWrite& pending) {
  if (state.closed) return EndedError();
  if (!state.broken.ok() && !pending.ends()) return state.broken;
  if (!state.known) CS_RETURN_IF_ERROR(Reread(state));
  if (!state.data_key.empty()) return absl::OkStatus();
  if (pending.request) {
    state.data_key = SecretString(random_.Bytes(crypto::kSealKeyBytes));
    state.row.data_key = keys_.Wrap(state.row.id, state.data_key);
    state.row.head = {0, chain::GenesisHash(state.row.id, chain::KeyCommitment(state.data_key))};
    return absl::OkStatus();
  }
  if (!state.opened) {
    state.closed = true;
    return SessionUnknownError(state.row.id);
  }
  // The session was left by another process.
  CS_ASSIGN_OR_RETURN(state.data_key, keys_.Unwrap(state.row.id, state.row.data_key));
  return absl::OkStatus();
}

void BatchWriter::Add(const WriterState& state, const domain::SessionEvent& event, absl::Time at,
                      store::SessionWrite& write) {
  SessionRow& row = write.row;
  SealedEvent sealed;
  sealed.index = row.head.index + 1;
  sealed.type = std::string(event.type);
  sealed.at = at;
  sealed.sealed =
      chain::SealPayload(state.data_key, row.id, sealed.index, event.type, event.payload, random_);
  sealed.hash = chain::LinkHash(row.id, sealed.index, event.type, at, sealed.sealed, row.head.hash);
  row.head = {sealed.index, sealed.hash};
  write.events.push_back(std::move(sealed));
}

absl::Status BatchWriter::Extend(WriterState& state, PendingWrite& pending,
                                 store::SessionWrite& write) {
  SessionRow& row = write.row;
  if (!row.summary.running()) return EndedError();
  const bool broken = !state.broken.ok();
  const bool falls_back = broken && !pending.end_if_broken.empty();
  const domain::SessionEvent end{domain::event_type::kEnd,
                                 falls_back ? pending.end_if_broken : pending.end};
  write.describes = write.describes || pending.ends();
  // The whole write must be readable before any of it is applied.
  SessionSummary summary = row.summary;  // it came with what the request says
  for (const domain::SessionEvent& event : pending.events) {
    if (broken || !IsSummarized(event.type)) continue;
    CS_RETURN_IF_ERROR(Summarize(event.type, event.payload, summary));
    write.describes = true;
  }
  if (pending.ends()) CS_RETURN_IF_ERROR(Summarize(end.type, end.payload, summary));
  row.summary = std::move(summary);
  if (pending.request) {
    const domain::SessionEvent first{domain::event_type::kRequest, *std::move(pending.request)};
    Add(state, first, row.started_at, write);
  }
  for (domain::SessionEvent& event : pending.events) {
    if (!broken) Add(state, event, pending.at, write);
    event.payload = {};
  }
  if (!pending.ends()) return absl::OkStatus();
  Add(state, end, pending.at, write);
  row.ended_at = pending.at;
  state.lossy = broken && !pending.events.empty();
  // A writer that was considered gone and comes back is refused because of its old epoch.
  if (pending.kind == PendingWrite::Kind::kClose) row.epoch = write.previous_epoch + 1;
  return absl::OkStatus();
}

std::vector<absl::StatusOr<std::uint32_t>> BatchWriter::Write(const std::vector<Item>& items) {
  std::vector<absl::StatusOr<std::uint32_t>> answers(items.size(), EndedError());
  std::vector<store::SessionWrite> writes;
  std::vector<Draft> drafts;  // beside `writes`
  std::map<WriterState*, std::size_t> places;
  for (std::size_t i = 0; i < items.size(); ++i) {
    WriterState& state = *items[i].first;
    PendingWrite& pending = *items[i].second;
    absl::Status status = Admit(state, pending);
    if (status.ok()) {
      const auto [place, added] = places.emplace(&state, writes.size());
      if (added) {
        const SessionRow& row = state.row;
        const bool opens = !state.opened;
        writes.push_back({opens, row, row.head.index, row.epoch, /*describes=*/opens, {}});
        drafts.push_back({&state, {}, {}});
      }
      store::SessionWrite& write = writes[place->second];
      status = Extend(state, pending, write);
      if (status.ok()) {
        drafts[place->second].answers.emplace_back(i, write.row.head.index);
      } else if (added) {
        // Nothing was written, not even the session.
        if (write.opens) state.data_key = SecretString();
        writes.pop_back();
        drafts.pop_back();
        places.erase(place);
      }
    }
    if (!status.ok()) {
      if (state.broken.ok()) state.broken = status;
      answers[i] = status;
    }
  }
  Commit(std::move(writes), drafts, answers);
  return answers;
}

void BatchWriter::Commit(std::vector<store::SessionWrite> writes, std::vector<Draft>& drafts,
                         std::vector<absl::StatusOr<std::uint32_t>>& answers) {
  if (writes.empty()) return;
  for (std::size_t i = 0; i < writes.size(); ++i) drafts[i].row = writes[i].row;
  const auto refused = store_.Commit(std::move(writes));
  for (Draft& draft : drafts) {
    WriterState& state = *draft.state;
    absl::Status status = refused.status();
    if (!status.ok()) {
      state.known = false;
      state.broken = status;
    } else if (refused->count(draft.row.id) != 0) {
      status = state.opened ? LeaseLostError() : SessionExistsError(draft.row.id);
      state.closed = true;
    } else {
      state.row = std::move(draft.row);
      state.opened = true;
      state.closed = !state.row.summary.running();
    }
    for (const auto& [item, index] : draft.answers) {
      if (status.ok()) {
        answers[item] = index;
      } else {
        answers[item] = status;
      }
    }
  }
}

}  // namespace countersign::session_recorder::live
