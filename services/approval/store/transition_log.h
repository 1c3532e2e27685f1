#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/domain/review_history.h"
#include "libs/domain/review_log.h"

// What happened to reviews, as one hash-chained list. Each line is written in the transaction of
// the change itself, with a MAC under a key that only this service has: write access to the
// database is not enough to add or change a line. The list's head is in every checkpoint of the
// recorder (libs/domain/review_log.h), so it cannot be truncated either.
namespace countersign::approval::store {

using LogHead = domain::ReviewLogHead;
inline LogHead EmptyLogHead() { return LogHead(); }

// One line; sequence numbers are 1, 2, 3 … without gaps.
struct Transition : domain::ReviewStep {
  std::string hash;
  std::string mac;  // MacTransition; empty: written by an earlier version without MACs
};

// Every field of `line` but its hash and MAC, as the hash covers them.
std::string EncodeTransition(const Transition& line);

// HMAC-SHA-256 of the line and its hash.
std::string MacTransition(const SecretString& key, const Transition& line);

// The key of the MACs, derived from the service's content key.
SecretString LogMacKey(const SecretString& content_key);

// SHA-256 over a length-prefixed encoding of `previous` and every field of `line` but `hash`.
std::string HashTransition(const std::string& previous, const Transition& line);

// Sets sequence, hash and MAC of `line` as the successor of `head`, and advances `head`.
Transition Chain(Transition line, LogHead& head, const SecretString& mac_key);

// OK when `lines` continue `start` without a gap, every hash matches and every transition is legal;
// `start` then becomes the head after the last line. DATA_LOSS names the first line that is wrong.
absl::Status VerifyLog(const std::vector<Transition>& lines, LogHead& start);

}  // namespace countersign::approval::store
