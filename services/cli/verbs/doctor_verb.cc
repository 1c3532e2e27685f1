#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "services/cli/gateway_parts.h"
#include "services/cli/invocation.h"
#include "services/cli/resources/resource_names.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

constexpr std::uintmax_t kLowDisk = 2ull << 30;  // PostgreSQL keeps its log before it is shortened
constexpr absl::Duration kSoon = absl::Minutes(10);

struct Check {
  std::string name;
  std::string result;  // ok | warning | failed | skipped
  std::string detail;
  std::string advice;  // what to do; empty: nothing
};

// Resources of the kinds that the checks read: name and spec.
using Resources = std::map<std::string, std::vector<std::pair<std::string, json::Document>>>;

class Doctor {
 public:
  explicit Doctor(GatewayClient& gateway) : gateway_(gateway) {}

  std::vector<Check> Run() {
    if (!CheckCredential()) return std::move(checks_);
    CheckParts();
    ExamineParts();
    CheckRecord();
    CheckResources();
    return std::move(checks_);
  }

 private:
  void Add(std::string name, std::string result, std::string detail, std::string advice = "") {
    checks_.push_back({std::move(name), std::move(result), std::move(detail), std::move(advice)});
  }

  // A question that this caller may not ask is no fault of the gateway.
  bool Skips(const std::string& name, const absl::Status& status, absl::string_view role) {
    if (!absl::IsPermissionDenied(status)) return false;
    Add(name, "skipped", absl::StrCat("needs the role ", role));
    return true;
  }

  bool CheckCredential() {
    const auto me = gateway_.Call("authn.v1.IdentityService/WhoAmI", "{}");
    if (!gateway_.answered()) {
      Add("gateway", "failed", std::string(me.status().message()),
          "start it (countersign up --data DIR), or name its address: --addr HOST:PORT");
      return false;
    }
    Add("gateway", "ok", absl::StrCat(gateway_.url(), " answers"));
    if (!me.ok()) {
      Add("credential", "failed", std::string(me.status().message()),
          "pass --token-file FILE; countersign up writes DIR/admin.key");
      return false;
    }
    std::set<std::string> roles;
    for (std::size_t i = 0; i < me->root()["roles"].size(); ++i) {
      roles.emplace(me->root()["roles"].at(i)["role"].text());
    }
    const std::string who = output::Cell(me->root()["identity"]);
    if (roles.empty()) {
      Add("credential", "warning", absl::StrCat(who, " has no role"),
          "an administrator gives one with a RoleBinding (countersign explain rolebinding)");
      return true;
    }
    absl::Time expires;
    std::string error;
    const bool ends =
        absl::ParseTime(absl::RFC3339_full, me->root()["expiresAt"].text(), &expires, &error);
    if (ends && expires - absl::Now() < kSoon) {
      Add("credential", "warning",
          absl::StrCat(who, "'s expires at ", output::Cell(me->root()["expiresAt"])),
          "get a new one");
      return true;
    }
    Add("credential", "ok", absl::StrCat(who, ": ", absl::StrJoin(roles, ", ")));
    return true;
  }

  void CheckParts() {
    const auto parts = GetParts(gateway_);
    if (Skips("parts", parts.status(), "admin")) return;
    if (!parts.ok()) return Add("parts", "failed", std::string(parts.status().message()));
    std::vector<std::string> unwell;
    std::int64_t version = 0;
    for (const PartState& part : *parts) {
      version = std::max(version, part.version);
      if (part.state != "SERVING") unwell.push_back(absl::StrCat(part.name, " ", part.state));
    }
    if (!unwell.empty()) {
      return Add("parts", "failed", absl::StrJoin(unwell, ", "), "look at the logs of these parts");
    }
    Add("parts", "ok", absl::StrCat(parts->size(), " serve version ", version));
  }

  // What the parts themselves see: clocks, certificates, databases, upstreams, identity providers.
  void ExamineParts() {
    const auto seen = gateway_.Call("policy.v1.ResourceService/ExamineParts", "{}");
    if (Skips("examination", seen.status(), "admin")) return;
    if (absl::IsUnimplemented(seen.status()) || absl::IsNotFound(seen.status())) {
      return Add("examination", "skipped", "the gateway is of a version without it");
    }
    if (!seen.ok()) return Add("examination", "failed", std::string(seen.status().message()));
    const json::Value items = seen->root()["items"];
    for (std::size_t i = 0; i < items.size(); ++i) {
      const json::Value item = items.at(i);
      Add(absl::StrCat(item["part"].text(), ": ", item["check"].text()),
          std::string(item["result"].text()), std::string(item["detail"].text()),
          std::string(item["advice"].text()));
    }
  }

  void CheckRecord() {
    const absl::Status asked = AskRecorder(gateway_);
    if (Skips("record", asked, "auditor")) return;
    if (!asked.ok()) {
      return Add("record", "failed", std::string(asked.message()),
                 "look at the log of the session recorder, its database and the disk");
    }
    Add("record", "ok", "the recorder and its database answer");
  }

  void CheckResources() {
    Resources resources;
    for (const char* const kind : {"Connection", "RoleBinding", "Policy"}) {
      const auto listing = resources::GetResources(gateway_, {kind, ""});
      if (Skips("resources", listing.status(), "admin")) return;
      if (!listing.ok()) {
        return Add("resources", "failed", std::string(listing.status().message()));
      }
      const json::Value items = listing->root()["items"];
      for (std::size_t i = 0; i < items.size(); ++i) {
        auto spec = json::Document::Parse(items.at(i)["spec"].text(), {64u << 20, 64});
        if (!spec.ok()) continue;
        resources[kind].emplace_back(std::string(items.at(i)["name"].text()), *std::move(spec));
      }
    }
    CheckConnections(resources["Connection"]);
    CheckCallers(resources["RoleBinding"]);
    CheckPolicies(resources["Policy"], resources["RoleBinding"]);
  }

  using Specs = std::vector<std::pair<std::string, json::Document>>;

  void CheckConnections(const Specs& connections) {
    if (connections.empty()) {
      return Add("connections", "failed", "there is none: callers reach no model",
                 "apply one: countersign explain connection --example");
    }
    std::vector<std::string> open;
    for (const auto& [name, spec] : connections) {
      if (!spec.root()["credential"].exists()) open.push_back(name);
    }
    if (!open.empty()) {
      return Add("connections", "warning",
                 absl::StrCat("without a credential: ", absl::StrJoin(open, ", ")),
                 "right for a model server that asks for none; else name a Credential");
    }
    Add("connections", "ok", absl::StrCat(connections.size(), " with a credential"));
  }

  void CheckCallers(const Specs& bindings) {
    const bool any = std::any_of(bindings.begin(), bindings.end(), [](const auto& one) {
      return one.second.root()["role"].text() == "caller";
    });
    if (any) return Add("callers", "ok", "there are bindings of the role caller");
    Add("callers", "failed", "nobody has the role caller: every call is refused",
        "apply a RoleBinding: countersign explain rolebinding --example");
  }

  void CheckPolicies(const Specs& policies, const Specs& bindings) {
    std::size_t opens = 0;
    std::vector<std::string> nobody;
    for (const auto& [name, spec] : policies) {
      const json::Value then = spec.root()["then"];
      opens += then["allow"].exists() || then["review"].exists() ? 1 : 0;
      if (then["review"].exists() && !HasReviewer(then["review"]["reviewers"], bindings)) {
        nobody.push_back(name);
      }
    }
    if (opens == 0) {
      return Add("policies", "failed",
                 "none allows a call or asks for a review: every call is refused",
                 "apply one: countersign explain policy --example");
    }
    Add("policies", "ok", absl::StrCat(policies.size(), ", of which ", opens, " let calls pass"));
    if (nobody.empty()) return;
    Add("reviewers", "warning",
        absl::StrCat("nobody with the role reviewer may decide for ", absl::StrJoin(nobody, ", ")),
        "bind the role reviewer to these policies' reviewers, or their reviews expire");
  }

  static bool HasReviewer(json::Value reviewers, const Specs& bindings) {
    for (const auto& [name, spec] : bindings) {
      if (spec.root()["role"].text() != "reviewer") continue;
      for (const char* const list : {"groups", "identities"}) {
        for (std::size_t i = 0; i < spec.root()[list].size(); ++i) {
          for (std::size_t j = 0; j < reviewers.size(); ++j) {
            if (spec.root()[list].at(i).text() == reviewers.at(j).text()) return true;
          }
        }
      }
    }
    return false;
  }

  GatewayClient& gateway_;
  std::vector<Check> checks_;
};

// The folder of a gateway on this machine.
void CheckFolder(const std::string& folder, std::vector<Check>& checks) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) {
    checks.push_back({"folder", "failed", absl::StrCat(folder, ": ", error.message()),
                      "name the folder that countersign up --data has"});
    return;
  }
  const std::string free = absl::StrCat(space.available >> 20, " MiB are free");
  if (space.available < kLowDisk) {
    checks.push_back({"disk", "warning", free,
                      "make room: without it nothing can be recorded, and "
                      "every call is refused"});
  } else {
    checks.push_back({"disk", "ok", free, ""});
  }
  const fs::perms mode = fs::status(folder + "/admin.key", error).permissions();
  const bool open = (mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none;
  if (!error && open) {
    checks.push_back({"admin key", "warning",
                      absl::StrCat(folder, "/admin.key can be read by others"),
                      absl::StrCat("chmod 600 ", folder, "/admin.key")});
  }
}

absl::Status Examine(const Invocation& invocation, const std::string& folder) {
  std::vector<Check> checks;
  if (!folder.empty()) CheckFolder(folder, checks);
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  for (Check& check : Doctor(*gateway).Run()) checks.push_back(std::move(check));
  json::Writer listing;
  listing.BeginObject().Key("items").BeginArray();
  std::size_t failed = 0;
  for (const Check& check : checks) {
    failed += check.result == "failed" ? 1 : 0;
    listing.BeginObject().Key("check").String(check.name).Key("result").String(check.result);
    listing.Key("detail").String(check.detail).Key("advice").String(check.advice).EndObject();
  }
  listing.EndArray().Key("nextPageToken").String("").EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(listing.str()));
  CS_RETURN_IF_ERROR(PrintListing(invocation, document,
                                  {{.heading = "CHECK", .member = "check"},
                                   {.heading = "RESULT", .member = "result", .state = true},
                                   {.heading = "DETAIL", .member = "detail"}},
                                  {.member = "check"}));
  for (const Check& check : checks) {
    if (check.advice.empty()) continue;
    invocation.err << output::Printable(absl::StrCat(check.name, ": ", check.advice)) << "\n";
  }
  if (failed == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(failed, failed == 1 ? " check" : " checks", " failed"));
}

}  // namespace

void AddDoctorVerb(CLI::App& app, Invocation& invocation) {
  auto folder = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("doctor",
                                      "Look for what keeps calls from passing, and say what to do; "
                                      "exit status 1 if a check failed");
  verb->add_option("--data", *folder, "Also the folder of a gateway on this machine");
  verb->footer("Examples:\n  countersign doctor --data ~/countersign");
  verb->callback([&invocation, folder] {
    invocation.action = [&invocation, folder] { return Examine(invocation, *folder); };
  });
}

}  // namespace countersign::cli::verbs
