#include "services/session_recorder/batch_writer.h"

#include <map>

#include "libs/base/status.h"
#include "libs/crypto/seal.h"
#include "services/session_recorder/chain.h"
#include "services/session_recorder/recorder_errors.h"
#include "services/session_recorder/summary.h"

namespace countersign::session_recorder {

// What one batch does to one session.
struct BatchWriter::Draft {
  Ledger* ledger;
  std::vector<std::pair<std::size_t, std::uint32_t>> answers;  // item, its last index
};

absl::Status BatchWriter::Reread(Ledger& ledger) {
  CS_ASSIGN_OR_RETURN(const auto row, store_.Find(ledger.row.id));
  if (!row.has_value()) {
    ledger.closed = true;
    return SessionUnknownError(ledger.row.id);
  }
  if (row->epoch != ledger.row.epoch || !row->summary.running()) {
    ledger.closed = true;
    return LeaseLostError();
  }
  ledger.row = *row;
  ledger.opened = true;
  ledger.known = true;
  return absl::OkStatus();
}

absl::Status BatchWriter::Admit(Ledger& ledger, const Entry& entry) {
  if (ledger.closed) return EndedError();
  const bool ends = entry.kind == Entry::Kind::kEnd || entry.kind == Entry::Kind::kClose;
  if (!ledger.broken.ok() && !ends) return ledger.broken;
  if (!ledger.known) CS_RETURN_IF_ERROR(Reread(ledger));
  if (!ledger.data_key.empty()) return absl::OkStatus();
  if (entry.kind == Entry::Kind::kOpen) {
    ledger.data_key = SecretString(random_.Bytes(crypto::kSealKeyBytes));
    ledger.row.data_key = keys_.Wrap(ledger.row.id, ledger.data_key);
    ledger.row.head = {0, GenesisHash(ledger.row.id, KeyCommitment(ledger.data_key))};
    return absl::OkStatus();
  }
  if (!ledger.opened) {
    ledger.closed = true;
    return SessionUnknownError(ledger.row.id);
  }
  // A session that another process left behind.
  CS_ASSIGN_OR_RETURN(ledger.data_key, keys_.Unwrap(ledger.row.id, ledger.row.data_key));
  return absl::OkStatus();
}

absl::Status BatchWriter::Extend(const Ledger& ledger, const Entry& entry, SessionWrite& write) {
  SessionRow& row = write.row;
  if (!row.summary.running()) return EndedError();
  if (entry.kind == Entry::Kind::kOpen) row.started_at = entry.at;
  const bool fall_back = !ledger.broken.ok() && !entry.if_broken.empty();
  SessionSummary summary = row.summary;
  for (const auto& [type, payload] : entry.events) {
    if (entry.kind == Entry::Kind::kOpen) break;  // the row came with what the request says
    CS_RETURN_IF_ERROR(Summarize(type, fall_back ? entry.if_broken : payload, summary));
  }
  row.summary = std::move(summary);
  for (const auto& [type, given] : entry.events) {
    const std::string& payload = fall_back ? entry.if_broken : given;
    SealedEvent event;
    event.index = row.head.index + 1;
    event.type = type;
    event.at = entry.at;
    event.sealed = SealPayload(ledger.data_key, row.id, event.index, type, payload, random_);
    event.hash = LinkHash(row.id, event.index, type, event.at, event.sealed, row.head.hash);
    row.head = {event.index, event.hash};
    write.events.push_back(std::move(event));
  }
  if (!row.summary.running()) row.ended_at = entry.at;
  // A writer that was thought gone and comes back finds its epoch refused.
  if (entry.kind == Entry::Kind::kClose) row.epoch = write.previous_epoch + 1;
  return absl::OkStatus();
}

std::vector<absl::StatusOr<std::uint32_t>> BatchWriter::Write(const std::vector<Item>& items) {
  std::vector<absl::StatusOr<std::uint32_t>> answers(items.size(), EndedError());
  std::vector<SessionWrite> writes;
  std::vector<Draft> drafts;  // beside `writes`
  std::map<Ledger*, std::size_t> places;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Ledger& ledger = *items[i].first;
    const Entry& entry = *items[i].second;
    absl::Status status = Admit(ledger, entry);
    if (status.ok()) {
      const auto [place, added] = places.emplace(&ledger, writes.size());
      if (added) {
        writes.push_back({!ledger.opened, ledger.row, ledger.row.head.index, ledger.row.epoch, {}});
        drafts.push_back({&ledger, {}});
      }
      SessionWrite& write = writes[place->second];
      status = Extend(ledger, entry, write);
      if (status.ok()) drafts[place->second].answers.emplace_back(i, write.row.head.index);
    }
    if (!status.ok()) {
      if (ledger.broken.ok()) ledger.broken = status;
      answers[i] = status;
    }
  }
  Commit(writes, drafts, answers);
  return answers;
}

void BatchWriter::Commit(std::vector<SessionWrite>& writes, const std::vector<Draft>& drafts,
                         std::vector<absl::StatusOr<std::uint32_t>>& answers) {
  if (writes.empty()) return;
  const auto refused = store_.Commit(writes);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    SessionWrite& write = writes[i];
    Ledger& ledger = *drafts[i].ledger;
    absl::Status status = refused.status();
    if (!status.ok()) {
      ledger.known = false;
      ledger.broken = status;
    } else if (refused->count(write.row.id) != 0) {
      status = write.opens ? SessionExistsError(write.row.id) : LeaseLostError();
      ledger.closed = true;
    } else {
      ledger.row = std::move(write.row);
      ledger.opened = true;
      ledger.closed = !ledger.row.summary.running();
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

}  // namespace countersign::session_recorder
