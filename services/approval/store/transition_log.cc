#include "services/approval/store/transition_log.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "services/approval/reviews/review_rules.h"

namespace countersign::approval::store {

std::string EncodeTransition(const Transition& line) { return domain::EncodeReviewStep(line); }

std::string HashTransition(const std::string& previous, const Transition& line) {
  return domain::HashReviewLogLine(previous, EncodeTransition(line));
}

std::string MacTransition(const SecretString& key, const Transition& line) {
  return crypto::HmacSha256(key.Reveal(),
                            LengthPrefixed().Add(EncodeTransition(line)).Add(line.hash).bytes());
}

SecretString LogMacKey(const SecretString& content_key) {
  return SecretString(crypto::HmacSha256(content_key.Reveal(), "countersign approval log mac v1"));
}

Transition Chain(Transition line, LogHead& head, const SecretString& mac_key) {
  line.sequence = head.sequence + 1;
  line.hash = HashTransition(head.hash, line);
  line.mac = MacTransition(mac_key, line);
  head.sequence = line.sequence;
  head.hash = line.hash;
  return line;
}

absl::Status VerifyLog(const std::vector<Transition>& lines, LogHead& start) {
  std::map<std::string, domain::ReviewState> states;
  for (const Transition& line : lines) {
    const auto wrong = [&](absl::string_view what) {
      return absl::DataLossError(
          absl::StrCat("line ", start.sequence + 1, " of the approval log: ", what));
    };
    if (line.sequence != start.sequence + 1) return wrong("missing");
    if (line.hash != HashTransition(start.hash, line)) return wrong("changed");
    if (!reviews::IsLegal(line.from, line.to)) return wrong("not a legal transition");
    const auto [state, first] = states.emplace(line.review_id, line.to);
    if (!first && state->second != line.from) return wrong("does not follow the review's state");
    state->second = line.to;
    start = LogHead{line.sequence, line.hash};
  }
  return absl::OkStatus();
}

}  // namespace countersign::approval::store
