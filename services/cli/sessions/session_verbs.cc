#include "services/cli/sessions/session_verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>

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
#include "services/cli/output/progress.h"
#include "services/cli/output/text_block.h"
#include "services/cli/sessions/partial_export.h"
#include "services/cli/sessions/session_filter.h"
#include "services/cli/sessions/session_pages.h"
#include "services/cli/sessions/session_replay.h"
#include "services/cli/sessions/session_transcript.h"
#include "services/cli/short_ids.h"

namespace countersign::cli::sessions {
namespace {

struct ListOptions {
  FilterOptions filter;
  std::string page_token;
  std::size_t limit = 100;
  bool all = false;
};

struct ExportOptions {
  std::vector<std::string> ids;
  FilterOptions filter;
  std::string file;
  bool resume = false;
};

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

absl::Status ListSorted(const Invocation& invocation, GatewayClient& gateway,
                        const std::string& request, std::size_t limit) {
  CS_ASSIGN_OR_RETURN(const json::Document answer, ListAll(gateway, kListSessions, request, limit));
  return PrintListing(invocation, answer, SessionColumns());
}

absl::Status List(const Invocation& invocation, const ListOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::string request, FilterRequest(options.filter));
  const std::size_t limit = options.all ? 0 : options.limit;
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  if (!invocation.sort_by.empty()) return ListSorted(invocation, *gateway, request, limit);
  output::Listing listing(invocation.out, MakeListingStyle(invocation), SessionColumns());
  SearchProgress progress(invocation.err);
  std::size_t found = 0;
  const auto print = [&](json::Value page, std::size_t items) -> absl::Status {
    for (std::size_t i = 0; i < items; ++i) listing.Add(page["items"].at(i));
    found += items;
    listing.EndPage();
    if (!options.filter.text.empty()) progress.Add(page, items);
    return output::Flush(invocation.out);
  };
  CS_ASSIGN_OR_RETURN(const std::string token, ForEachPage(*gateway, kListSessions, request, limit,
                                                           print, options.page_token));
  listing.End(token);
  const bool table = invocation.output() == output::Format::kTable;
  if (table && found == 0) invocation.err << "countersign: no sessions found\n";
  if (table && !token.empty()) {
    invocation.err << "countersign: there are more: --all, or a --limit above " << found << "\n";
  }
  return absl::OkStatus();
}

absl::Status Show(const Invocation& invocation, const std::string& word, bool with_events) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::string id, FindSession(*gateway, word));
  CS_ASSIGN_OR_RETURN(const json::Document whole, GetWhole(*gateway, id));
  const json::Value head = whole.root()["session"];
  const std::string flat = output::ToJson(head);
  CS_ASSIGN_OR_RETURN(const json::Document joined,
                      json::Document::Parse(
                          absl::StrCat(flat.substr(0, flat.size() - 1),
                                       ",\"events\":", output::ToJson(whole.root()["events"]), "}"),
                          {256u << 20, 64}));
  PrintObject(invocation, joined.root(), [&] {
    if (!with_events) {
      return PrintTranscript(invocation.out, head, whole.root()["events"]);
    }
    for (std::size_t i = 0; i < head.size(); ++i) {
      output::PrintField(invocation.out, absl::StrCat(head.key(i), ":"), output::Cell(head.at(i)));
    }
    invocation.out << "\n";
    PrintEvents(invocation.out, whole.root()["events"]);
  });
  return absl::OkStatus();
}

// Passes the export to `write` page by page, as the gateway sends it, from the page of `token` on.
using WritePiece = std::function<absl::Status(absl::string_view piece, absl::string_view next)>;
absl::Status ForEachPieceOfExport(GatewayClient& gateway, const std::vector<std::string>& ids,
                                  const WritePiece& write, std::string token = "") {
  do {
    json::Writer request;
    request.BeginObject().Key("ids").BeginArray();
    for (const std::string& id : ids) request.String(id);
    request.EndArray().Key("pageToken").String(token).EndObject();
    CS_ASSIGN_OR_RETURN(const json::Document page,
                        gateway.Call("recorder.v1.SessionService/ExportSessions", request.str()));
    const absl::string_view next = page.root()["nextPageToken"].text();
    CS_RETURN_IF_ERROR(write(page.root()["lines"].text(), next));
    if (!next.empty() && next == token) {
      return absl::InternalError(
          "the gateway gives the same page again; the export is not complete");
    }
    token = std::string(next);
  } while (!token.empty());
  return absl::OkStatus();
}

// The sessions to export: the named ones, or those that the filter means; none: all that have
// ended.
absl::StatusOr<std::vector<std::string>> SessionsToExport(GatewayClient& gateway,
                                                          const ExportOptions& options) {
  std::vector<std::string> ids;
  for (const std::string& word : options.ids) {
    CS_ASSIGN_OR_RETURN(std::string id, FindSession(gateway, word));
    ids.push_back(std::move(id));
  }
  FilterOptions filter = options.filter;
  filter.every_operation = true;
  if (filter == FilterOptions{.every_operation = true}) return ids;
  if (!ids.empty()) return command_line::Misuse("name sessions, or describe them with filters");
  CS_ASSIGN_OR_RETURN(const std::string request, FilterRequest(filter));
  CS_ASSIGN_OR_RETURN(const json::Document listing, ListAll(gateway, kListSessions, request, 0));
  const json::Value items = listing.root()["items"];
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items.at(i)["outcome"].exists()) ids.emplace_back(items.at(i)["id"].text());
  }
  if (ids.empty()) return absl::NotFoundError("no session that has ended fits the filters");
  return ids;
}

// What is exported, to compare it with what an earlier run began.
std::string DescribeRequest(const ExportOptions& options) {
  const FilterOptions& filter = options.filter;
  json::Writer out;
  out.BeginArray();
  for (const std::string& id : options.ids) out.String(id);
  for (const std::string* const value :
       {&filter.identity, &filter.connection, &filter.outcome, &filter.policy, &filter.approver,
        &filter.model, &filter.review, &filter.operation, &filter.entity, &filter.duration,
        &filter.since, &filter.until, &filter.text}) {
    out.String(*value);
  }
  return out.Int(filter.tokens).EndArray().TakeString();
}

// Writes the pages after those that `partial` has.
absl::Status GoOn(GatewayClient& gateway, const ExportOptions& options, PartialExport& partial) {
  std::vector<std::string> ids;
  if (partial.token().empty()) {
    CS_ASSIGN_OR_RETURN(ids, SessionsToExport(gateway, options));
  }
  return ForEachPieceOfExport(
      gateway, ids,
      [&](absl::string_view piece, absl::string_view next) { return partial.Append(piece, next); },
      partial.token());
}

absl::Status ExportResumably(const Invocation& invocation, GatewayClient& gateway,
                             const ExportOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<PartialExport> partial,
                      PartialExport::Open(options.file, DescribeRequest(options)));
  const bool resumed = !partial->token().empty();
  if (resumed) invocation.err << "going on after " << partial->bytes() << " bytes\n";
  absl::Status written = GoOn(gateway, options, *partial);
  if (resumed && absl::IsNotFound(written)) {
    invocation.err << "the gateway no longer has the export that was begun; beginning anew\n";
    CS_RETURN_IF_ERROR(partial->Restart());
    written = GoOn(gateway, options, *partial);
  }
  if (!written.ok()) {
    return Annotate(written, absl::StrCat(partial->bytes(), " bytes are in ", options.file,
                                          ".partial; run the command again to go on"));
  }
  CS_RETURN_IF_ERROR(partial->Finish());
  invocation.err << "wrote " << partial->bytes() << " bytes to " << options.file << "\n";
  return absl::OkStatus();
}

absl::Status Export(const Invocation& invocation, const ExportOptions& options) {
  if (options.resume && options.file == "-") {
    return command_line::Misuse("--resume needs a file");
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  if (options.resume) return ExportResumably(invocation, *gateway, options);
  CS_ASSIGN_OR_RETURN(const std::vector<std::string> ids, SessionsToExport(*gateway, options));
  if (options.file == "-") {
    return ForEachPieceOfExport(*gateway, ids,
                                [&](absl::string_view piece, absl::string_view /*next*/) {
                                  invocation.out << piece;
                                  return output::Flush(invocation.out);
                                });
  }
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<output::OutputFile> file,
                      output::OutputFile::Open(options.file));
  std::ptrdiff_t lines = 0;
  std::uint64_t bytes = 0;
  output::Progress progress(invocation.err);
  progress.Show("exporting");
  const auto write = [&](absl::string_view piece, absl::string_view /*next*/) {
    lines += std::count(piece.begin(), piece.end(), '\n');
    bytes += piece.size();
    progress.Show(absl::StrCat("exporting: ", lines, " lines, ", output::FormatSize(bytes)));
    return file->Write(piece);
  };
  CS_RETURN_IF_ERROR(ForEachPieceOfExport(*gateway, ids, write));
  CS_RETURN_IF_ERROR(file->Finish());
  progress.Show("");
  invocation.err << "wrote " << lines << " lines to " << options.file << "\n";
  return absl::OkStatus();
}

absl::Status Kill(const Invocation& invocation, const std::string& word) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::string id, FindSession(*gateway, word));
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

void AddListVerb(CLI::App& sessions, Invocation& invocation) {
  auto list = std::make_shared<ListOptions>();
  CLI::App* verb = sessions.add_subcommand("list", "List sessions, newest first");
  AddFilters(*verb, list->filter);
  verb->add_flag("--every-operation", list->filter.every_operation,
                 "Also calls without a prompt, such as models.list");
  verb->add_option("--limit", list->limit, "At most so many (100; 0: all)")
      ->check(command_line::WholeNumber(0));
  verb->add_flag("--all", list->all, "All of them");
  verb->add_option("--page-token", list->page_token,
                   "Go on after an earlier list's nextPageToken (-o json)");
  AddListingOptions(*verb, invocation);
  verb->footer(
      "Examples:\n"
      "  countersign sessions list --since 2h --outcome blocked\n"
      "  countersign sessions list --entity credit_card -o wide");
  verb->callback([&invocation, list] {
    invocation.action = [&invocation, list] { return List(invocation, *list); };
  });
}

}  // namespace

void AddSessionVerbs(CLI::App& app, Invocation& invocation) {
  CLI::App* sessions = app.add_subcommand("sessions", "What was asked and returned");
  sessions->require_subcommand(1);
  AddListVerb(*sessions, invocation);

  auto id = std::make_shared<std::string>();
  auto with_events = std::make_shared<bool>(false);
  CLI::App* verb = sessions->add_subcommand("show", "Show what happened in one session");
  verb->add_option("id", *id, kSessionIdHelp)->required();
  verb->add_flag("--events", *with_events, "Every member and event, as they were recorded");
  verb->callback([&invocation, id, with_events] {
    invocation.action = [&invocation, id, with_events] {
      return Show(invocation, *id, *with_events);
    };
  });
  AddReplayVerbs(*sessions, invocation);

  auto exported = std::make_shared<ExportOptions>();
  verb = sessions->add_subcommand("export", "Write sessions to a file that `verify` can prove");
  verb->add_option("id", exported->ids, "Sessions; none: all that have ended and fit the filters");
  verb->add_option("-o,--output-file", exported->file, "The file; - is standard output")
      ->required();
  verb->add_flag(
      "--resume", exported->resume,
      "Keep what was written when the export breaks off, in FILE.partial, and go on from "
      "there when the command is run again");
  AddFilters(*verb, exported->filter);
  verb->footer(
      "Examples:\n"
      "  countersign sessions export --since 24h -o today.jsonl\n"
      "  countersign sessions export -o all.jsonl --resume");
  verb->callback([&invocation, exported] {
    invocation.action = [&invocation, exported] { return Export(invocation, *exported); };
  });

  verb = sessions->add_subcommand("kill", "Stop a running session");
  verb->add_option("id", *id, kSessionIdHelp)->required();
  verb->callback([&invocation, id] {
    invocation.action = [&invocation, id] { return Kill(invocation, *id); };
  });
}

}  // namespace countersign::cli::sessions
