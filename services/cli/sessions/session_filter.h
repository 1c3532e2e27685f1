#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/output/listing.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace countersign::cli::sessions {

inline constexpr absl::string_view kListSessions = "recorder.v1.SessionService/ListSessions";
inline constexpr char kSessionIdHelp[] = "The session's id, or how it begins";

// Which sessions are meant.
struct FilterOptions {
  std::string identity, connection, outcome, policy, approver, model, review, operation, entity,
      duration, since, until, text;
  std::uint32_t tokens = 0;
  bool every_operation = false;
  bool operator==(const FilterOptions&) const = default;
};

// Adds an option for each.
void AddFilters(CLI::App& verb, FilterOptions& filter);

// Adds --since, which is returned, and --until: times, or how long ago.
CLI::Option* AddWindow(CLI::App& verb, std::string& since, std::string& until);

// A request for the sessions that are meant, without page fields.
absl::StatusOr<std::string> FilterRequest(const FilterOptions& options);

const std::vector<output::Column>& SessionColumns();

// "1.2s", from a session's start to its end; "-" while it runs.
std::string SessionDuration(json::Value session);

}  // namespace countersign::cli::sessions
