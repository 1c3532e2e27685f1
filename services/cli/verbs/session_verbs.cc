#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/domain/event_payload.h"
#include "libs/domain/session.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/output/output_file.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

constexpr absl::string_view kGet = "recorder.v1.SessionService/GetSession";

struct ListOptions {
  std::string identity, connection, outcome, policy, approver, model, review, since, until, text,
      page_token;
  std::size_t limit = 100;
};

struct ReplayOptions {
  std::string id;
  double speed = 1;
  bool no_wait = false;
  bool raw = false;
};

struct ExportOptions {
  std::vector<std::string> ids;
  std::string file;
};

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

absl::Status CheckTime(const std::string& text) { return TimeArgument(text).status(); }

std::vector<std::string> Outcomes() {
  std::vector<std::string> names;
  for (int i = 1; i <= static_cast<int>(domain::Outcome::kTruncated); ++i) {
    names.emplace_back(domain::ToString(static_cast<domain::Outcome>(i)));
  }
  return names;
}

const std::vector<Column>& Columns() {
  static const auto& columns = *new std::vector<Column>{{"ID", "id"},
                                                        {"STARTED", "startedAt"},
                                                        {"IDENTITY", "identity"},
                                                        {"CONNECTION", "connection"},
                                                        {"MODEL", "model"},
                                                        {"OUTCOME", "outcome"},
                                                        {"POLICY", "policy"},
                                                        {"APPROVERS", "approvers"},
                                                        {"MASKED", "masked"}};
  return columns;
}

// Prints the progress of a search after each of several requests.
class SearchProgress {
 public:
  explicit SearchProgress(std::ostream& err) : err_(err) {}

  void Add(json::Value page, std::size_t found) {
    searched_ += page["searched"].integer().value_or(0);
    found_ += found;
    if (page["nextPageToken"].text().empty() || !page["searchedBackTo"].exists()) return;
    err_ << "searched " << searched_ << " sessions, back to "
         << output::Printable(output::Cell(page["searchedBackTo"])) << ": " << found_ << " found\n"
         << std::flush;
  }

 private:
  std::ostream& err_;
  std::int64_t searched_ = 0;
  std::size_t found_ = 0;
};

absl::Status List(const Invocation& invocation, const ListOptions& options) {
  json::Writer request;
  request.BeginObject().Key("identity").String(options.identity);
  request.Key("connection").String(options.connection).Key("outcome").String(options.outcome);
  request.Key("policy").String(options.policy).Key("approver").String(options.approver);
  request.Key("model").String(options.model).Key("reviewId").String(options.review);
  request.Key("text").String(options.text);
  if (!options.since.empty()) {
    CS_ASSIGN_OR_RETURN(const std::string since, TimeArgument(options.since));
    request.Key("since").String(since);
  }
  if (!options.until.empty()) {
    CS_ASSIGN_OR_RETURN(const std::string until, TimeArgument(options.until));
    request.Key("until").String(until);
  }
  request.EndObject();
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  output::Listing listing(invocation.out, invocation.output(), Columns());
  SearchProgress progress(invocation.err);
  const auto print = [&](json::Value page, std::size_t items) -> absl::Status {
    for (std::size_t i = 0; i < items; ++i) listing.Add(page["items"].at(i));
    listing.EndPage();
    if (!options.text.empty()) progress.Add(page, items);
    return output::Flush(invocation.out);
  };
  CS_ASSIGN_OR_RETURN(const std::string token,
                      ForEachPage(*gateway, "recorder.v1.SessionService/ListSessions",
                                  request.str(), options.limit, print, options.page_token));
  listing.End(token);
  return absl::OkStatus();
}

// Passes every page of a session ({"session", "events", "more"}) to `use`, in order.
absl::Status ForEachPageOfSession(GatewayClient& gateway, const std::string& id,
                                  const std::function<absl::Status(json::Value page)>& use) {
  std::int64_t after = 0;
  for (bool more = true; more;) {
    json::Writer request;
    request.BeginObject().Key("id").String(id).Key("afterIndex").Int(after).EndObject();
    CS_ASSIGN_OR_RETURN(const json::Document page, gateway.Call(kGet, request.str()));
    CS_RETURN_IF_ERROR(use(page.root()));
    const json::Value events = page.root()["events"];
    more = page.root()["more"].boolean().value_or(false) && events.size() > 0;
    if (!more) break;
    const std::int64_t last = events.at(events.size() - 1)["index"].integer().value_or(after);
    if (last <= after) {
      return absl::InternalError(
          "the gateway gives the same events again; the session is not complete");
    }
    after = last;
  }
  return absl::OkStatus();
}

// A whole session, as {"session": {…}, "events": […]}.
absl::StatusOr<json::Document> GetWhole(GatewayClient& gateway, const std::string& id) {
  std::string events;
  std::string head;
  CS_RETURN_IF_ERROR(ForEachPageOfSession(gateway, id, [&](json::Value page) {
    head = output::ToJson(page["session"]);
    const json::Value list = page["events"];
    for (std::size_t i = 0; i < list.size(); ++i) {
      absl::StrAppend(&events, events.empty() ? "" : ",", output::ToJson(list.at(i)));
    }
    return absl::OkStatus();
  }));
  return json::Document::Parse(absl::StrCat("{\"session\":", head, ",\"events\":[", events, "]}"),
                               {256u << 20, 64});
}

void PrintEvents(std::ostream& out, json::Value events) {
  output::Table table({"#", "AT MS", "EVENT", "WHAT"});
  for (std::size_t i = 0; i < events.size(); ++i) {
    const json::Value event = events.at(i);
    std::string what(event["payload"].text());
    if (event["type"].text() == domain::event_type::kResponseData) {
      const auto delivered = domain::ReadResponseDataPayload(what);
      if (delivered.ok()) what = *delivered;
    }
    table.Add({output::Cell(event["index"]), output::Cell(event["offsetMs"]),
               std::string(event["type"].text()), what});
  }
  table.Print(out);
}

absl::Status Show(const Invocation& invocation, const std::string& id) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const json::Document whole, GetWhole(*gateway, id));
  const json::Value head = whole.root()["session"];
  const std::string flat = output::ToJson(head);
  CS_ASSIGN_OR_RETURN(const json::Document joined,
                      json::Document::Parse(
                          absl::StrCat(flat.substr(0, flat.size() - 1),
                                       ",\"events\":", output::ToJson(whole.root()["events"]), "}"),
                          {256u << 20, 64}));
  PrintObject(invocation, joined.root(), [&] {
    for (std::size_t i = 0; i < head.size(); ++i) {
      const std::string name = absl::StrCat(head.key(i), ":");
      invocation.out << name << std::string(name.size() < 14 ? 14 - name.size() : 1, ' ')
                     << output::Printable(output::Cell(head.at(i))) << "\n";
    }
    invocation.out << "\n";
    PrintEvents(invocation.out, whole.root()["events"]);
  });
  return absl::OkStatus();
}

// `delivered` with control characters escaped, because a terminal would act on a model's.
std::string ShownOnTerminal(absl::string_view delivered) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(delivered, '\n')) {
    lines.push_back(output::Printable(line));
  }
  return absl::StrJoin(lines, "\n");
}

// Writes the answer as the caller received it: the same bytes, at the same pace.
absl::Status Replay(const Invocation& invocation, const ReplayOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  const bool as_it_is = options.raw || !invocation.out_is_terminal;
  const absl::Time start = absl::Now();
  return ForEachPageOfSession(*gateway, options.id, [&](json::Value page) -> absl::Status {
    const json::Value events = page["events"];
    for (std::size_t i = 0; i < events.size(); ++i) {
      const json::Value event = events.at(i);
      if (event["type"].text() != domain::event_type::kResponseData) continue;
      if (!options.no_wait) {
        const double offset = event["offsetMs"].number().value_or(0) / options.speed;
        absl::SleepFor(start + absl::Milliseconds(offset) - absl::Now());
      }
      CS_ASSIGN_OR_RETURN(const std::string delivered,
                          domain::ReadResponseDataPayload(event["payload"].text()));
      invocation.out << (as_it_is ? delivered : ShownOnTerminal(delivered));
      CS_RETURN_IF_ERROR(output::Flush(invocation.out));
    }
    return absl::OkStatus();
  });
}

// Passes the export to `write` page by page, as the gateway sends it.
absl::Status ForEachPieceOfExport(
    GatewayClient& gateway, const std::vector<std::string>& ids,
    const std::function<absl::Status(absl::string_view piece)>& write) {
  std::string token;
  do {
    json::Writer request;
    request.BeginObject().Key("ids").BeginArray();
    for (const std::string& id : ids) request.String(id);
    request.EndArray().Key("pageToken").String(token).EndObject();
    CS_ASSIGN_OR_RETURN(const json::Document page,
                        gateway.Call("recorder.v1.SessionService/ExportSessions", request.str()));
    CS_RETURN_IF_ERROR(write(page.root()["lines"].text()));
    const absl::string_view next = page.root()["nextPageToken"].text();
    if (!next.empty() && next == token) {
      return absl::InternalError(
          "the gateway gives the same page again; the export is not complete");
    }
    token = std::string(next);
  } while (!token.empty());
  return absl::OkStatus();
}

absl::Status Export(const Invocation& invocation, const ExportOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  if (options.file == "-") {
    return ForEachPieceOfExport(*gateway, options.ids, [&](absl::string_view piece) {
      invocation.out << piece;
      return output::Flush(invocation.out);
    });
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<output::OutputFile> file,
                      output::OutputFile::Open(options.file));
  std::ptrdiff_t lines = 0;
  CS_RETURN_IF_ERROR(ForEachPieceOfExport(*gateway, options.ids, [&](absl::string_view piece) {
    lines += std::count(piece.begin(), piece.end(), '\n');
    return file->Write(piece);
  }));
  CS_RETURN_IF_ERROR(file->Finish());
  invocation.err << "wrote " << lines << " lines to " << options.file << "\n";
  return absl::OkStatus();
}

absl::Status Kill(const Invocation& invocation, const std::string& id) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject().Key("id").String(id).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      gateway->Call("recorder.v1.SessionService/KillSession", request.str()));
  PrintObject(invocation, answer.root(), [&] {
    const bool running = answer.root()["wasRunning"].boolean().value_or(false);
    invocation.out << (running ? "killed " : "had ended already: ") << id << "\n";
  });
  return absl::OkStatus();
}

}  // namespace

void AddSessionVerbs(CLI::App& app, Invocation& invocation) {
  CLI::App* sessions = app.add_subcommand("sessions", "What was asked and returned");
  sessions->require_subcommand(1);

  auto list = std::make_shared<ListOptions>();
  CLI::App* verb = sessions->add_subcommand("list", "List sessions, newest first");
  verb->add_option("--identity", list->identity, "Of this identity");
  verb->add_option("--connection", list->connection, "Through this connection");
  verb->add_option("--outcome", list->outcome,
                   absl::StrCat("One of ", absl::StrJoin(Outcomes(), ", ")))
      ->transform(command_line::Choice(Outcomes()));
  verb->add_option("--policy", list->policy, "Decided by this policy");
  verb->add_option("--approver", list->approver, "Approved by this person");
  verb->add_option("--model", list->model, "For this model");
  verb->add_option("--review", list->review, "With this review");
  verb->add_option("--since", list->since, "A time, or how long ago (2h)")
      ->check(command_line::Checked(CheckTime));
  verb->add_option("--until", list->until, "A time, or how long ago (2h)")
      ->check(command_line::Checked(CheckTime));
  verb->add_option("--text", list->text, "Part of the prompt or the answer");
  verb->add_option("--limit", list->limit, "At most so many (100; 0: all)")
      ->check(command_line::WholeNumber(0));
  verb->add_option("--page-token", list->page_token,
                   "Go on after an earlier list's nextPageToken (-o json)");
  verb->callback([&invocation, list] {
    invocation.action = [&invocation, list] { return List(invocation, *list); };
  });

  auto id = std::make_shared<std::string>();
  verb = sessions->add_subcommand("show", "Show one session with its events");
  verb->add_option("id", *id, "The session's id")->required();
  verb->add_flag("--events")->description("With its events, as without this flag");
  verb->callback([&invocation, id] {
    invocation.action = [&invocation, id] { return Show(invocation, *id); };
  });

  auto replay = std::make_shared<ReplayOptions>();
  verb = sessions->add_subcommand("replay", "Write the answer as it was delivered, at its pace");
  verb->add_option("id", replay->id, "The session's id")->required();
  verb->add_option("--speed", replay->speed, "Times as fast (1)")
      ->check(command_line::PositiveNumber());
  verb->add_flag("--no-wait", replay->no_wait, "Write it all at once");
  verb->add_flag("--raw", replay->raw,
                 "On a terminal, too, write control characters as they are (elsewhere always)");
  verb->callback([&invocation, replay] {
    invocation.action = [&invocation, replay] { return Replay(invocation, *replay); };
  });

  auto exported = std::make_shared<ExportOptions>();
  verb = sessions->add_subcommand("export", "Write sessions to a file that `verify` can prove");
  verb->add_option("id", exported->ids, "Sessions; none: all that have ended");
  verb->add_option("-o,--output-file", exported->file, "The file; - is standard output")
      ->required();
  verb->callback([&invocation, exported] {
    invocation.action = [&invocation, exported] { return Export(invocation, *exported); };
  });

  verb = sessions->add_subcommand("kill", "Stop a running session");
  verb->add_option("id", *id, "The session's id")->required();
  verb->callback([&invocation, id] {
    invocation.action = [&invocation, id] { return Kill(invocation, *id); };
  });
}

}  // namespace countersign::cli::verbs
