#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/domain/event_payload.h"
#include "libs/domain/session.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

constexpr absl::string_view kGet = "recorder.v1.SessionService/GetSession";

struct ListOptions {
  std::string identity, connection, outcome, since, until, text;
  std::size_t limit = 100;
};

struct ReplayOptions {
  std::string id;
  double speed = 1;
  bool no_wait = false;
};

struct ExportOptions {
  std::vector<std::string> ids;
  std::string file;
};

// Converts "2h" (ago) or an RFC 3339 time to RFC 3339.
absl::StatusOr<std::string> TimeArgument(const std::string& text) {
  absl::Duration ago;
  if (absl::ParseDuration(text, &ago)) return FormatRfc3339(absl::Now() - ago);
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return FormatRfc3339(time);
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

absl::Status List(const Invocation& invocation, const ListOptions& options) {
  json::Writer request;
  request.BeginObject().Key("identity").String(options.identity);
  request.Key("connection").String(options.connection).Key("outcome").String(options.outcome);
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
  CS_ASSIGN_OR_RETURN(
      const json::Document answer,
      ListAll(*gateway, "recorder.v1.SessionService/ListSessions", request.str(), options.limit));
  PrintListing(invocation, answer,
               {{"ID", "id"},
                {"STARTED", "startedAt"},
                {"IDENTITY", "identity"},
                {"CONNECTION", "connection"},
                {"MODEL", "model"},
                {"OUTCOME", "outcome"},
                {"POLICY", "policy"},
                {"APPROVERS", "approvers"},
                {"MASKED", "masked"}});
  return absl::OkStatus();
}

// A whole session, as {"session": {…}, "events": […]}.
absl::StatusOr<json::Document> GetWhole(GatewayClient& gateway, const std::string& id) {
  std::string events;
  std::string head;
  std::int64_t after = 0;
  for (bool more = true; more;) {
    json::Writer request;
    request.BeginObject().Key("id").String(id).Key("afterIndex").Int(after).EndObject();
    CS_ASSIGN_OR_RETURN(const json::Document page, gateway.Call(kGet, request.str()));
    head = output::ToJson(page.root()["session"]);
    const json::Value list = page.root()["events"];
    for (std::size_t i = 0; i < list.size(); ++i) {
      absl::StrAppend(&events, events.empty() ? "" : ",", output::ToJson(list.at(i)));
      after = list.at(i)["index"].integer().value_or(after);
    }
    more = page.root()["more"].boolean().value_or(false) && list.size() > 0;
  }
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

// Writes the answer as the caller received it: the same bytes with the same timing.
absl::Status Replay(const Invocation& invocation, const ReplayOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const json::Document whole, GetWhole(*gateway, options.id));
  const json::Value events = whole.root()["events"];
  const absl::Time start = absl::Now();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const json::Value event = events.at(i);
    if (event["type"].text() != domain::event_type::kResponseData) continue;
    if (!options.no_wait) {
      const double offset = event["offsetMs"].number().value_or(0) / options.speed;
      absl::SleepFor(start + absl::Milliseconds(offset) - absl::Now());
    }
    CS_ASSIGN_OR_RETURN(const std::string delivered,
                        domain::ReadResponseDataPayload(event["payload"].text()));
    invocation.out << delivered << std::flush;
  }
  return absl::OkStatus();
}

absl::Status Export(const Invocation& invocation, const ExportOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  std::string lines;
  std::string token;
  do {
    json::Writer request;
    request.BeginObject().Key("ids").BeginArray();
    for (const std::string& id : options.ids) request.String(id);
    request.EndArray().Key("pageToken").String(token).EndObject();
    CS_ASSIGN_OR_RETURN(const json::Document page,
                        gateway->Call("recorder.v1.SessionService/ExportSessions", request.str()));
    absl::StrAppend(&lines, page.root()["lines"].text());
    token = std::string(page.root()["nextPageToken"].text());
  } while (!token.empty());
  if (options.file == "-") {
    invocation.out << lines;
    return absl::OkStatus();
  }
  CS_RETURN_IF_ERROR(WriteFile(options.file, lines));
  invocation.err << "wrote " << std::count(lines.begin(), lines.end(), '\n') << " lines to "
                 << options.file << "\n";
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
  verb->add_option("--since", list->since, "A time, or how long ago (2h)")
      ->check(command_line::Checked(CheckTime));
  verb->add_option("--until", list->until, "A time, or how long ago (2h)")
      ->check(command_line::Checked(CheckTime));
  verb->add_option("--text", list->text, "Part of the prompt or the answer");
  verb->add_option("--limit", list->limit, "At most so many (100; 0: all)")
      ->check(command_line::WholeNumber(0));
  verb->callback([&invocation, list] {
    invocation.action = [&invocation, list] { return List(invocation, *list); };
  });

  auto id = std::make_shared<std::string>();
  verb = sessions->add_subcommand("show", "Show one session with its events");
  verb->add_option("id", *id, "The session's id")->required();
  verb->callback([&invocation, id] {
    invocation.action = [&invocation, id] { return Show(invocation, *id); };
  });

  auto replay = std::make_shared<ReplayOptions>();
  verb = sessions->add_subcommand("replay", "Write the answer as it was delivered, at its pace");
  verb->add_option("id", replay->id, "The session's id")->required();
  verb->add_option("--speed", replay->speed, "Times as fast (1)")
      ->check(command_line::PositiveNumber());
  verb->add_flag("--no-wait", replay->no_wait, "Write it all at once");
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
