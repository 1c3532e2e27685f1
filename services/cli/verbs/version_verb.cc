#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/build_version.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "services/cli/gateway_parts.h"
#include "services/cli/invocation.h"
#include "services/cli/output/table.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

// "0.1.0" as {0, 1}; other input as {-1, -1}.
std::pair<int, int> MajorAndMinor(absl::string_view release) {
  const std::vector<absl::string_view> numbers = absl::StrSplit(release, '.');
  int major = -1, minor = -1;
  const bool read = numbers.size() >= 2 && absl::SimpleAtoi(numbers[0], &major) &&
                    absl::SimpleAtoi(numbers[1], &minor);
  return read ? std::pair(major, minor) : std::pair(-1, -1);
}

// Releases that are one minor version apart work together: that is how a gateway is upgraded.
bool WorkTogether(absl::string_view one, absl::string_view other) {
  const auto [major, minor] = MajorAndMinor(one);
  const auto [other_major, other_minor] = MajorAndMinor(other);
  if (major < 0 || other_major < 0) return true;  // nobody knows
  return major == other_major && std::abs(minor - other_minor) <= 1;
}

std::string VersionJson(const std::vector<PartState>& parts,
                        const std::vector<std::string>& warnings) {
  json::Writer writer;
  writer.BeginObject().Key("client").String(BuildVersion()).Key("parts").BeginArray();
  for (const PartState& part : parts) {
    writer.BeginObject().Key("name").String(part.name).Key("release").String(part.release);
    writer.Key("state").String(part.state).EndObject();
  }
  writer.EndArray().Key("warnings").BeginArray();
  for (const std::string& warning : warnings) writer.String(warning);
  return writer.EndArray().EndObject().str();
}

absl::Status Print(const Invocation& invocation, const std::vector<PartState>& parts) {
  std::vector<std::string> warnings;
  for (const PartState& part : parts) {
    if (WorkTogether(part.release, BuildVersion())) continue;
    warnings.push_back(absl::StrCat(part.name, " is of release ", part.release,
                                    " and this command line of ", BuildVersion(),
                                    ": more than one minor version apart, so some verbs may fail"));
  }
  CS_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(VersionJson(parts, warnings)));
  PrintObject(invocation, document.root(), [&] {
    output::Table table{"PART", "RELEASE"};
    table.Add({"client", std::string(BuildVersion())});
    for (const PartState& part : parts) {
      table.Add({part.name, part.release.empty() ? "-" : part.release});
    }
    table.Print(invocation.out);
  });
  for (const std::string& warning : warnings) {
    invocation.err << "countersign: warning: " << output::Printable(warning) << "\n";
  }
  return absl::OkStatus();
}

// The client's version is printed even if nobody tells the server's.
absl::Status Version(const Invocation& invocation, bool client_only) {
  if (client_only) return Print(invocation, {});
  absl::StatusOr<std::vector<PartState>> parts = std::vector<PartState>();
  const auto gateway = invocation.Connect();
  parts = gateway.ok() ? GetParts(**gateway) : gateway.status();
  CS_RETURN_IF_ERROR(Print(invocation, parts.ok() ? *parts : std::vector<PartState>()));
  return Annotate(parts.status(), "the gateway's version is unknown (--client asks for none)");
}

}  // namespace

void AddVersionVerb(CLI::App& app, Invocation& invocation) {
  auto client_only = std::make_shared<bool>(false);
  CLI::App* verb =
      app.add_subcommand("version", "Show the releases of this program and of the gateway's parts");
  verb->add_flag("--client", *client_only, "This program's alone, without a gateway");
  verb->footer(
      "Examples:\n"
      "  countersign version\n"
      "  countersign version --client -o json");
  verb->callback([&invocation, client_only] {
    invocation.action = [&invocation, client_only] { return Version(invocation, *client_only); };
  });
}

}  // namespace countersign::cli::verbs
