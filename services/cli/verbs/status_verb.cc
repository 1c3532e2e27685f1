#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "services/cli/gateway_parts.h"
#include "services/cli/invocation.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

std::string RecorderState(const absl::Status& asked) {
  if (asked.ok()) return "SERVING";
  return absl::IsPermissionDenied(asked) ? "UNKNOWN" : "AWAY";
}

std::string StatusJson(const std::vector<PartState>& lines) {
  json::Writer writer;
  writer.BeginObject().Key("items").BeginArray();
  for (const PartState& line : lines) {
    writer.BeginObject().Key("name").String(line.name).Key("state").String(line.state);
    for (const auto& [name, number] : {std::pair("version", line.version), {"lag", line.lag}}) {
      number < 0 ? writer.Key(name).Null() : writer.Key(name).Int(number);
    }
    writer.Key("release").String(line.release).EndObject();
  }
  writer.EndArray().Key("nextPageToken").String("").EndObject();
  return writer.str();
}

absl::Status Status(const Invocation& invocation) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(std::vector<PartState> lines, GetParts(*gateway));
  lines.push_back({"session-recorder", RecorderState(AskRecorder(*gateway))});
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(StatusJson(lines)));
  CS_RETURN_IF_ERROR(PrintListing(invocation, document,
                                  {{.heading = "PART", .member = "name"},
                                   {.heading = "STATE", .member = "state", .state = true},
                                   {.heading = "VERSION", .member = "version"},
                                   {.heading = "LAG", .member = "lag"},
                                   {.heading = "RELEASE", .member = "release", .wide = true}},
                                  {.member = "name"}));
  std::vector<std::string> unwell;
  for (const PartState& line : lines) {
    if (line.state == "AWAY" || line.state == "LAGGING") {
      unwell.push_back(absl::StrCat(line.name, " (", line.state, ")"));
    }
  }
  if (unwell.empty()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("not in order: ", absl::StrJoin(unwell, ", "),
                                             "; look at the logs of these parts"));
}

}  // namespace

void AddStatusVerb(CLI::App& app, Invocation& invocation) {
  CLI::App* services = app.add_subcommand("services", "The parts of the gateway");
  services->require_subcommand(1);
  CLI::App* verb = services->add_subcommand(
      "status",
      "Show whether every part is there, and which version of the resources it serves; exit status "
      "1 if one is away or behind");
  AddListingOptions(*verb, invocation);
  verb->callback(
      [&invocation] { invocation.action = [&invocation] { return Status(invocation); }; });
}

}  // namespace countersign::cli::verbs
