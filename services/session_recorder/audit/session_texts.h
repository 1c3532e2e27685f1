#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/session_recorder/audit/answer_text.h"
#include "services/session_recorder/chain/key_ring.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::audit {

// The texts of sessions, of prompts and answers, that a search looks through. Reads the events of
// many sessions at once. Blocking; used by one caller at a time.
class SessionTexts {
 public:
  SessionTexts(store::RecordStore& store, const std::vector<SessionRow>& rows)
      : store_(store), rows_(rows) {}

  // Gives every text of `rows[place]` to `use` until that returns false. A text may come in more
  // than one form; each is whole. Not OK when the events cannot be read or opened.
  // REQUIRES: places are asked for in order.
  absl::Status ForEach(std::size_t place, const SecretString& data_key,
                       const std::function<bool(absl::string_view)>& use);

  std::size_t bytes() const { return bytes_; }  // that were opened so far

 private:
  using Use = std::function<bool(absl::string_view)>;
  absl::Status LoadBatch(std::size_t place);
  absl::StatusOr<bool> Add(const SessionRow& row, const SecretString& key,
                           const std::vector<SealedEvent>& events, AnswerText& answer,
                           const Use& use);

  store::RecordStore& store_;
  const std::vector<SessionRow>& rows_;
  std::vector<std::vector<SealedEvent>> batch_;  // of rows_ from batch_begin_ on
  std::size_t batch_begin_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace countersign::session_recorder::audit
