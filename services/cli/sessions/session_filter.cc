#include "services/cli/sessions/session_filter.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/domain/session.h"
#include "libs/json/writer.h"

namespace countersign::cli::sessions {
namespace {

// Calls that carry no prompt; listed only when asked for.
constexpr absl::string_view kWithoutPrompt[] = {"models.list", "models.get"};

// Whether RFC 3339 and protobuf's Timestamp can express `time`.
bool HasCommonYear(absl::Time time) {
  const absl::civil_year_t year = absl::ToCivilYear(time, absl::UTCTimeZone()).year();
  return year >= 1 && year <= 9999;
}

// Converts "2h" (ago) or an RFC 3339 time to RFC 3339.
absl::StatusOr<std::string> TimeArgument(const std::string& text) {
  absl::Duration ago;
  absl::Time time;
  std::string error;
  const bool is_duration = absl::ParseDuration(text, &ago);
  if (is_duration) time = absl::Now() - ago;
  if ((is_duration || absl::ParseTime(absl::RFC3339_full, text, &time, &error)) &&
      HasCommonYear(time)) {
    return FormatRfc3339(time);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "must be a time such as 2026-01-31T12:00:00Z or a duration such as 2h, not \"", text, "\""));
}

absl::Status CheckDuration(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration > absl::ZeroDuration() &&
      duration < absl::Hours(24 * 49)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("must be a duration such as 20s or 1h30m, not \"", text, "\""));
}

absl::Status CheckTime(const std::string& text) { return TimeArgument(text).status(); }

std::vector<std::string> Outcomes() {
  std::vector<std::string> names;
  for (int i = 1; i <= static_cast<int>(domain::Outcome::kTruncated); ++i) {
    names.emplace_back(domain::ToString(static_cast<domain::Outcome>(i)));
  }
  return names;
}

std::string Tokens(json::Value session) {
  return absl::StrCat(output::Cell(session["inputTokens"]), "/",
                      output::Cell(session["outputTokens"]));
}

}  // namespace

void AddFilters(CLI::App& verb, FilterOptions& filter) {
  verb.add_option("--identity", filter.identity, "Of this identity");
  verb.add_option("--connection", filter.connection, "Through this connection");
  verb.add_option("--outcome", filter.outcome,
                  absl::StrCat("One of ", absl::StrJoin(Outcomes(), ", ")))
      ->transform(command_line::Choice(Outcomes()));
  verb.add_option("--policy", filter.policy, "Decided by this policy");
  verb.add_option("--approver", filter.approver, "Approved by this person");
  verb.add_option("--model", filter.model, "For this model");
  verb.add_option("--review", filter.review, "With this review");
  verb.add_option("--operation", filter.operation, "Of this operation, such as chat.completions");
  verb.add_option("--entity", filter.entity, "In which this was masked, such as email");
  verb.add_option("--min-duration", filter.duration, "That took at least so long (1m30s)")
      ->check(command_line::Checked(CheckDuration));
  verb.add_option("--min-tokens", filter.tokens, "With so many tokens of prompt and answer")
      ->check(command_line::WholeNumber(0));
  AddWindow(verb, filter.since, filter.until);
  verb.add_option("--text", filter.text, "Part of the prompt or the answer");
}

CLI::Option* AddWindow(CLI::App& verb, std::string& since, std::string& until) {
  CLI::Option* const option = verb.add_option("--since", since, "A time, or how long ago (2h)")
                                  ->check(command_line::Checked(CheckTime));
  verb.add_option("--until", until, "A time, or how long ago (2h)")
      ->check(command_line::Checked(CheckTime));
  return option;
}

absl::StatusOr<std::string> FilterRequest(const FilterOptions& options) {
  json::Writer request;
  request.BeginObject().Key("identity").String(options.identity);
  request.Key("connection").String(options.connection).Key("outcome").String(options.outcome);
  request.Key("policy").String(options.policy).Key("approver").String(options.approver);
  request.Key("model").String(options.model).Key("reviewId").String(options.review);
  request.Key("text").String(options.text);
  if (!options.operation.empty()) {
    request.Key("operation").String(options.operation);
  } else if (!options.every_operation) {
    request.Key("exceptOperations").BeginArray();
    for (const absl::string_view operation : kWithoutPrompt) request.String(operation);
    request.EndArray();
  }
  if (!options.entity.empty()) request.Key("entity").String(options.entity);
  if (options.tokens > 0) request.Key("minTokens").Int(options.tokens);
  if (!options.duration.empty()) {
    absl::Duration duration;
    (void)absl::ParseDuration(options.duration, &duration);
    request.Key("minDurationMs").Int(absl::ToInt64Milliseconds(duration));
  }
  if (!options.since.empty()) {
    CS_ASSIGN_OR_RETURN(const std::string since, TimeArgument(options.since));
    request.Key("since").String(since);
  }
  if (!options.until.empty()) {
    CS_ASSIGN_OR_RETURN(const std::string until, TimeArgument(options.until));
    request.Key("until").String(until);
  }
  return request.EndObject().str();
}

std::string SessionDuration(json::Value session) {
  absl::Time start;
  absl::Time end;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, session["startedAt"].text(), &start, &error) ||
      !absl::ParseTime(absl::RFC3339_full, session["endedAt"].text(), &end, &error)) {
    return "-";
  }
  return absl::FormatDuration(absl::Trunc(end - start, absl::Milliseconds(1)));
}

const std::vector<output::Column>& SessionColumns() {
  static const auto& columns = *new std::vector<output::Column>{
      {.heading = "ID", .member = "id", .least = output::kShortId, .is_id = true},
      {.heading = "STARTED", .member = "startedAt"},
      {.heading = "IDENTITY", .member = "identity", .least = output::kShortName},
      {.heading = "CONNECTION", .member = "connection", .least = output::kShortName},
      {.heading = "MODEL", .member = "model", .least = output::kShortName, .optional = true},
      {.heading = "OUTCOME", .member = "outcome", .state = true},
      {.heading = "POLICY", .member = "policy", .least = output::kShortName, .optional = true},
      {.heading = "APPROVERS",
       .member = "approvers",
       .least = output::kShortName,
       .optional = true},
      {.heading = "MASKED", .member = "masked", .least = output::kShortName, .optional = true},
      {.heading = "OPERATION", .member = "operation", .wide = true},
      {.heading = "TOKENS", .cell = Tokens, .wide = true},
      {.heading = "DURATION", .cell = SessionDuration, .wide = true},
      {.heading = "REVIEW", .member = "reviewId", .wide = true},
  };
  return columns;
}

}  // namespace countersign::cli::sessions
