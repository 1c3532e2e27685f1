#include "services/cli/simulation/simulate_verb.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/config/external_values.h"
#include "libs/config/resource_files.h"
#include "libs/domain/session.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/output/output_file.h"
#include "services/cli/output/progress.h"
#include "services/cli/sessions/session_filter.h"
#include "services/cli/sessions/session_pages.h"
#include "services/cli/simulation/live_resources.h"
#include "services/cli/simulation/recorded_call.h"
#include "services/cli/simulation/report.h"
#include "services/cli/simulation/simulation.h"

namespace countersign::cli::simulation {
namespace {

struct SimulateOptions {
  std::vector<std::string> files;
  std::vector<std::string> connections;
  std::string since;
  std::string until;
  bool fail_on_change = false;
};

// The request of a session, which is its first event.
absl::StatusOr<RecordedCall> GetRecordedCall(GatewayClient& gateway, absl::string_view id) {
  json::Writer request;
  request.BeginObject().Key("id").String(id).Key("maxEvents").Int(1).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document page,
                      gateway.Call(sessions::kGetSession, request.str()));
  const json::Value first = page.root()["events"].at(0);
  if (first["type"].text() != domain::event_type::kRequest) {
    return absl::InvalidArgumentError("its prompt is not recorded");
  }
  return ReadRecordedCall(first["payload"].text());
}

// Whether a failure is about one call, and not about the gateway or the caller's rights.
bool IsOfOneCall(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
         absl::IsNotFound(status);
}

absl::Status SimulatePage(GatewayClient& gateway, const Simulation& simulation, json::Value page,
                          Report& report) {
  const json::Value items = page["items"];
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto compare = [&]() -> absl::StatusOr<Comparison> {
      CS_ASSIGN_OR_RETURN(const RecordedCall call,
                          GetRecordedCall(gateway, items.at(i)["id"].text()));
      return simulation.Compare(call);
    };
    const absl::StatusOr<Comparison> compared = compare();
    if (compared.ok()) {
      report.Add(items.at(i), *compared);
    } else if (IsOfOneCall(compared.status())) {
      report.AddFailure(items.at(i), compared.status().message());
    } else {
      return compared.status();
    }
  }
  return absl::OkStatus();
}

absl::Status SimulateConnection(const Invocation& invocation, GatewayClient& gateway,
                                const Simulation& simulation, const sessions::FilterOptions& filter,
                                Report& report) {
  output::Progress progress(invocation.err);
  CS_ASSIGN_OR_RETURN(const std::string request, sessions::FilterRequest(filter));
  const auto use = [&](json::Value page, std::size_t count) -> absl::Status {
    CS_RETURN_IF_ERROR(SimulatePage(gateway, simulation, page, report));
    progress.Show("");
    report.EndPage();
    CS_RETURN_IF_ERROR(output::Flush(invocation.out));
    if (count > 0) {
      progress.Show(absl::StrCat("simulated ", report.calls(), " calls, back to ",
                                 output::Cell(page["items"].at(count - 1)["startedAt"]), ": ",
                                 report.changed(), " changed"));
    }
    return absl::OkStatus();
  };
  return ForEachPage(gateway, sessions::kListSessions, request, 0, use).status();
}

absl::Status Simulate(const Invocation& invocation, const SimulateOptions& options) {
  const output::Format format = invocation.output();
  if (!output::IsTable(format) && format != output::Format::kJson) {
    return command_line::Misuse("policy simulate prints a table or JSON: -o table|wide|json");
  }
  const auto draft = config::ReadResourceFiles(options.files);
  if (!draft.ok()) return command_line::Misuse(draft.status().message());
  const auto values = config::ReadExternalValues(*draft);
  if (!values.ok()) return command_line::Misuse(values.status().message());
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::vector<config::SourceFile> live,
                      GetLiveResources(*gateway, config::Kinds()));
  const auto simulation = Simulation::Load(live, *draft, *values);
  if (!simulation.ok()) return command_line::Misuse(simulation.status().message());

  Report report(invocation.out, MakeListingStyle(invocation));
  sessions::FilterOptions filter;
  filter.since = options.since;
  filter.until = options.until;
  filter.every_operation = true;
  std::vector<std::string> connections = options.connections;
  if (connections.empty()) connections.emplace_back();
  for (std::string& connection : connections) {
    filter.connection = std::move(connection);
    CS_RETURN_IF_ERROR(SimulateConnection(invocation, *gateway, **simulation, filter, report));
  }
  report.End();
  CS_RETURN_IF_ERROR(output::Flush(invocation.out));
  if (!options.fail_on_change || report.changed() == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the draft changes ", report.changed(), " of ",
                                                    report.calls(),
                                                    report.calls() == 1 ? " call" : " calls"));
}

}  // namespace

void AddSimulateVerb(CLI::App& policy, Invocation& invocation) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* const verb = policy.add_subcommand(
      "simulate", "Tell what a draft of resources would have changed in recorded calls");
  verb->add_option("-f,--filename", options->files,
                   "The draft: resource files or directories; the rest is as it is in the gateway")
      ->required();
  sessions::AddWindow(*verb, options->since, options->until)->required();
  verb->add_option("--connection", options->connections,
                   "Only calls through this connection; may be repeated");
  verb->add_flag("--fail-on-change", options->fail_on_change,
                 "Exit with 1 when the draft changes anything");
  verb->footer(
      "Needs the role auditor on all connections.\n"
      "Examples:\n"
      "  countersign policy simulate -f draft.yaml --since 24h\n"
      "  countersign policy simulate -f policies/ --since 168h --connection openai "
      "--fail-on-change");
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Simulate(invocation, *options); };
  });
}

}  // namespace countersign::cli::simulation
