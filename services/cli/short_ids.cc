#include "services/cli/short_ids.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/hex_digits.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"

namespace countersign::cli {
namespace {

constexpr std::size_t kUuidSize = 36;
constexpr std::size_t kLeast = 8;        // of a session's id: 65 s of them
constexpr std::size_t kTimeDigits = 12;  // of a UUIDv7: milliseconds since 1970 (RFC 9562, 5.7)
constexpr std::size_t kMostCandidates = 5;

// What could be the beginning of a UUID. Other words are no ids of ours, and passed on as they are.
bool IsBeginning(absl::string_view word) {
  const std::string digits = absl::StrReplaceAll(word, {{"-", ""}});
  return word.size() < kUuidSize && !digits.empty() && IsHex(digits) && word[0] != '-';
}

absl::StatusOr<std::string> TheOne(absl::string_view what, const std::string& word,
                                   std::vector<std::string> found) {
  if (found.size() == 1) return std::move(found[0]);
  if (found.empty()) return absl::NotFoundError(absl::StrCat("there is no ", what, " ", word));
  const bool more = found.size() > kMostCandidates;
  if (more) found.resize(kMostCandidates);
  return command_line::Misuse(absl::StrCat("several ", what, "s begin with ", word, ": ",
                                           absl::StrJoin(found, ", "), more ? ", …" : ""));
}

std::vector<std::string> Beginning(json::Value items, const std::string& word) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const absl::string_view id = items.at(i)["id"].text();
    if (absl::StartsWith(id, absl::AsciiStrToLower(word))) found.emplace_back(id);
  }
  return found;
}

// The time that the digits, filled up with `fill`, are.
absl::Time ReadTime(std::string digits, char fill) {
  digits.resize(kTimeDigits, fill);
  std::uint64_t milliseconds = 0;
  (void)absl::SimpleHexAtoi(digits, &milliseconds);
  return absl::FromUnixMillis(static_cast<std::int64_t>(milliseconds));
}

}  // namespace

absl::StatusOr<std::string> FindReview(GatewayClient& gateway, const std::string& word) {
  if (!IsBeginning(word)) return word;
  CS_ASSIGN_OR_RETURN(
      const json::Document listing,
      ListAll(gateway, "approval.v1.ReviewService/ListReviews", R"({"all":true})", 0));
  return TheOne("review", word, Beginning(listing.root()["items"], word));
}

absl::StatusOr<std::string> FindSession(GatewayClient& gateway, const std::string& word) {
  if (!IsBeginning(word)) return word;
  if (word.size() < kLeast) {
    return command_line::Misuse(
        absl::StrCat("\"", word, "\" is too short for a session: write 8 characters or more"));
  }
  const std::string digits = absl::StrReplaceAll(word, {{"-", ""}});
  // A session starts at the time of its id, within what clocks and rounding make of it.
  json::Writer request;
  request.BeginObject();
  request.Key("since").String(FormatRfc3339(ReadTime(digits, '0') - absl::Seconds(2)));
  request.Key("until").String(FormatRfc3339(ReadTime(digits, 'f') + absl::Seconds(2))).EndObject();
  CS_ASSIGN_OR_RETURN(
      const json::Document listing,
      ListAll(gateway, "recorder.v1.SessionService/ListSessions", request.str(), 0));
  return TheOne("session", word, Beginning(listing.root()["items"], word));
}

}  // namespace countersign::cli
