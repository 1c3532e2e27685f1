#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

struct PartLine {
  std::string name;
  std::string state;
  std::int64_t version = -1;  // version of the served resources; -1: none
  std::int64_t lag = -1;      // in versions
};

// The recorder serves no resources, so a list of sessions is requested, for which one must be an
// auditor.
std::string RecorderState(GatewayClient& gateway) {
  const absl::Status asked =
      gateway.Call("recorder.v1.SessionService/ListSessions", R"({"pageSize":1})").status();
  if (asked.ok()) return "SERVING";
  // The edge refused the call, so the recorder's state is unknown.
  return absl::IsPermissionDenied(asked) ? "UNKNOWN" : "AWAY";
}

absl::StatusOr<std::vector<PartLine>> AllParts(GatewayClient& gateway) {
  std::vector<PartLine> lines;
  const absl::StatusOr<json::Document> answer =
      gateway.Call("policy.v1.ResourceService/ListParts", "{}");
  if (answer.ok()) {
    const std::int64_t current = answer->root()["version"].integer().value_or(0);
    const json::Value items = answer->root()["items"];
    for (std::size_t i = 0; i < items.size(); ++i) {
      PartLine line{std::string(items.at(i)["name"].text()),
                    std::string(items.at(i)["state"].text()), -1, -1};
      if (line.state != "AWAY") {
        line.version = items.at(i)["version"].integer().value_or(0);
        line.lag = std::max<std::int64_t>(0, current - line.version);
      }
      lines.push_back(std::move(line));
    }
  } else if (absl::IsUnavailable(answer.status()) && gateway.answered()) {
    lines.push_back({"edge", "UNKNOWN", -1, -1});
    lines.push_back({"policy", "AWAY", -1, -1});
  } else {
    return answer.status();
  }
  lines.push_back({"session-recorder", RecorderState(gateway), -1, -1});
  return lines;
}

std::string StatusJson(const std::vector<PartLine>& lines) {
  json::Writer writer;
  writer.BeginObject().Key("items").BeginArray();
  for (const PartLine& line : lines) {
    writer.BeginObject().Key("name").String(line.name).Key("state").String(line.state);
    for (const auto& [name, number] : {std::pair("version", line.version), {"lag", line.lag}}) {
      number < 0 ? writer.Key(name).Null() : writer.Key(name).Int(number);
    }
    writer.EndObject();
  }
  writer.EndArray().Key("nextPageToken").String("").EndObject();
  return writer.str();
}

absl::Status Status(const Invocation& invocation) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const std::vector<PartLine> lines, AllParts(*gateway));
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(StatusJson(lines)));
  CS_RETURN_IF_ERROR(PrintListing(invocation, document,
                                  {{.heading = "PART", .member = "name"},
                                   {.heading = "STATE", .member = "state", .state = true},
                                   {.heading = "VERSION", .member = "version"},
                                   {.heading = "LAG", .member = "lag"}},
                                  {.member = "name"}));
  std::vector<std::string> unwell;
  for (const PartLine& line : lines) {
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
  services
      ->add_subcommand("status",
                       "Show whether every part is there, and which version of the resources it "
                       "serves; exit status 1 if one is away or behind")
      ->callback(
          [&invocation] { invocation.action = [&invocation] { return Status(invocation); }; });
}

}  // namespace countersign::cli::verbs
