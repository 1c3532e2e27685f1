#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/command_line/usage.h"
#include "libs/config/resource_files.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/offline/offline_policy.h"
#include "services/cli/simulation/live_resources.h"
#include "services/cli/simulation/simulate_verb.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<std::unique_ptr<offline::OfflinePolicy>> ReadTests(
    const std::string& name, std::vector<config::PolicyCase>& cases) {
  CS_ASSIGN_OR_RETURN(std::string content, ReadFile(name));
  CS_ASSIGN_OR_RETURN(config::PolicyTestFile file,
                      config::ReadPolicyTestFile({name, std::move(content)}));
  cases = std::move(file.cases);
  for (std::string& path : file.paths) path = (fs::path(name).parent_path() / path).string();
  std::vector<config::SourceFile> files;
  if (!file.paths.empty()) {
    CS_ASSIGN_OR_RETURN(files, config::ReadResourceFiles(file.paths));
  }
  CS_ASSIGN_OR_RETURN(const config::ExternalValues values, config::ReadExternalValues(files));
  files.insert(files.end(), file.resources.begin(), file.resources.end());
  return offline::OfflinePolicy::Load(files, values, {});
}

void PrintResults(const Invocation& invocation, const std::vector<offline::CaseResult>& results,
                  std::size_t failed) {
  json::Writer writer;
  writer.BeginObject().Key("items").BeginArray();
  for (const offline::CaseResult& result : results) {
    writer.BeginObject().Key("name").String(result.name);
    writer.Key("result").String(result.passed ? "PASS" : "FAIL").Key("got").String(result.got);
    writer.Key("failure").String(result.failure).EndObject();
  }
  writer.EndArray().Key("passed").Int(static_cast<std::int64_t>(results.size() - failed));
  writer.Key("failed").Int(static_cast<std::int64_t>(failed)).EndObject();
  const auto document = json::Document::Parse(writer.str());
  PrintObject(invocation, document->root(), [&] {
    output::Table table{"result", "case", "got", "failure"};
    for (const offline::CaseResult& result : results) {
      table.Add({result.passed ? "PASS" : "FAIL", result.name, result.got,
                 result.passed ? "-" : result.failure});
    }
    table.Print(invocation.out);
  });
}

absl::Status RunTests(const Invocation& invocation, const std::string& name) {
  std::vector<config::PolicyCase> cases;
  // An unusable file is misuse (2), a failed case is a failure (1).
  const auto policies = ReadTests(name, cases);
  if (!policies.ok()) return command_line::Misuse(policies.status().message());
  std::vector<offline::CaseResult> results;
  std::size_t failed = 0;
  for (const config::PolicyCase& one : cases) {
    results.push_back(offline::RunCase(**policies, one));
    failed += results.back().passed ? 0 : 1;
  }
  PrintResults(invocation, results, failed);
  if (failed == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      failed, " of ", results.size(), results.size() == 1 ? " case" : " cases", " failed"));
}

struct ExplainOptions {
  std::vector<std::string> files;
  std::vector<std::string> parameters;  // NAME=NUMBER
  config::PolicyCase question;
};

absl::StatusOr<std::vector<config::SourceFile>> LiveResources(const Invocation& invocation) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  return simulation::GetLiveResources(
      *gateway, {"Connection", "Dictionary", "Identity", "Policy", "RoleBinding"});
}

// The text of a span, shortened to fit on a line.
std::string Excerpt(const domain::Prompt& prompt, const domain::Finding& finding) {
  constexpr std::size_t kLongest = 60;
  if (finding.begin == finding.end) return "";
  const absl::string_view text = prompt.parts[finding.part].text;
  std::size_t size = std::min(kLongest, finding.end - finding.begin);
  while (!IsUtf8(text.substr(finding.begin, size))) --size;
  return absl::StrCat(text.substr(finding.begin, size),
                      size < finding.end - finding.begin ? "…" : "");
}

std::string Outcome(const policy::rules::PolicyExplanation& told) {
  if (told.decides) return "decides";
  if (!told.mismatch.empty()) return absl::StrCat("not for these ", told.mismatch);
  return told.holds ? "matches" : "conditions do not hold";
}

std::string ExplanationJson(const offline::OfflinePolicy::Answer& answer) {
  const domain::Decision& decision = answer.explanation.decision;
  json::Writer writer;
  writer.BeginObject().Key("verdict").String(domain::ToString(decision.verdict));
  writer.Key("policy").String(decision.policy);
  writer.Key("code").String(answer.refusal ? answer.refusal->code : "");
  writer.Key("message").String(answer.refusal ? answer.refusal->message : decision.message);
  writer.Key("promptTokens").Int(static_cast<std::int64_t>(decision.prompt_tokens));
  writer.Key("maskingProfile").String(decision.masking_profile);
  writer.Key("recording").String(domain::ToString(decision.recording));
  writer.Key("policies").BeginArray();
  for (const policy::rules::PolicyExplanation& told : answer.explanation.policies) {
    writer.BeginObject().Key("policy").String(told.policy->name);
    writer.Key("verdict").String(domain::ToString(told.policy->verdict));
    writer.Key("priority").Int(told.policy->priority).Key("outcome").String(Outcome(told));
    writer.Key("findings").BeginArray();
    for (const domain::Finding& finding : told.findings) {
      writer.BeginObject().Key("condition").String(finding.condition);
      writer.Key("rule").String(finding.rule);
      if (finding.begin != finding.end) {
        writer.Key("part").Int(static_cast<std::int64_t>(finding.part));
        writer.Key("role").String(answer.prompt.parts[finding.part].role);
        writer.Key("start").Int(static_cast<std::int64_t>(finding.begin));
        writer.Key("end").Int(static_cast<std::int64_t>(finding.end));
        writer.Key("text").String(Excerpt(answer.prompt, finding));
      }
      writer.EndObject();
    }
    writer.EndArray().EndObject();
  }
  writer.EndArray().EndObject();
  return writer.str();
}

void PrintExplanation(const Invocation& invocation, const offline::OfflinePolicy::Answer& answer) {
  const domain::Decision& decision = answer.explanation.decision;
  invocation.out << output::Printable(offline::VerdictText(answer)) << ", "
                 << decision.prompt_tokens
                 << (decision.prompt_tokens == 1 ? " token, masking " : " tokens, masking ")
                 << decision.masking_profile << "\n\n";
  output::Table table{"policy", "verdict", "priority", "outcome", "reason", "in", "text"};
  for (const policy::rules::PolicyExplanation& told : answer.explanation.policies) {
    std::vector<std::string> start = {told.policy->name,
                                      std::string(domain::ToString(told.policy->verdict)),
                                      absl::StrCat(told.policy->priority), Outcome(told)};
    if (told.findings.empty()) {
      start.insert(start.end(), {"-", "-", "-"});
      table.Add(start);
    }
    for (const domain::Finding& finding : told.findings) {
      std::vector<std::string> row = start;
      row.push_back(offline::ReasonText(finding));
      const bool has_span = finding.begin != finding.end;
      row.push_back(!has_span ? "-"
                              : absl::StrCat(answer.prompt.parts[finding.part].role, " ",
                                             finding.begin, "-", finding.end));
      row.push_back(has_span ? Excerpt(answer.prompt, finding) : "-");
      table.Add(std::move(row));
      start = {"", "", "", ""};
    }
  }
  table.Print(invocation.out);
}

// The policies in `files`, or those of the gateway if there are none. Unusable files are misuse.
absl::StatusOr<std::unique_ptr<offline::OfflinePolicy>> LoadPolicies(
    const Invocation& invocation, const std::vector<std::string>& files) {
  const auto load = [&](absl::StatusOr<std::vector<config::SourceFile>> sources)
      -> absl::StatusOr<std::unique_ptr<offline::OfflinePolicy>> {
    CS_RETURN_IF_ERROR(sources.status());
    CS_ASSIGN_OR_RETURN(const config::ExternalValues values, config::ReadExternalValues(*sources));
    return offline::OfflinePolicy::Load(
        *sources, values,
        {.references = config::References::kMayLeadOutside, .is_gateway = files.empty()});
  };
  if (files.empty()) return load(LiveResources(invocation));
  auto loaded = load(config::ReadResourceFiles(files));
  if (!loaded.ok()) return command_line::Misuse(loaded.status().message());
  return loaded;
}

absl::Status Explain(const Invocation& invocation, ExplainOptions options) {
  for (const std::string& parameter : options.parameters) {
    const std::vector<std::string> parts = absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    double value = 0;
    if (parts.size() != 2 || parts[0].empty() || !absl::SimpleAtod(parts[1], &value) ||
        !std::isfinite(value)) {
      return command_line::Misuse(
          absl::StrCat("\"", parameter, "\" is not NAME=NUMBER (max_tokens=500)"));
    }
    options.question.parameters[parts[0]] = value;
  }
  CS_ASSIGN_OR_RETURN(const auto policies, LoadPolicies(invocation, options.files));
  CS_ASSIGN_OR_RETURN(std::string prompt, ReadFile("-"));
  if (!IsUtf8(prompt)) return absl::InvalidArgumentError("the prompt is not valid UTF-8");
  options.question.messages.emplace_back("user", std::move(prompt));
  CS_ASSIGN_OR_RETURN(const offline::OfflinePolicy::Answer answer, policies->Ask(options.question));
  CS_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(ExplanationJson(answer)));
  PrintObject(invocation, document.root(), [&] { PrintExplanation(invocation, answer); });
  for (const std::string& doubt : policies->Doubts(options.question)) {
    invocation.err << "countersign: note: " << output::Printable(doubt) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddPolicyVerbs(CLI::App& app, Invocation& invocation) {
  CLI::App* const group = app.add_subcommand("policy", "Try policies before they decide");
  group->require_subcommand(1);

  auto file = std::make_shared<std::string>();
  CLI::App* verb = group->add_subcommand("test", "Run the test cases of a file, without a server");
  verb->add_option("file", *file, "YAML: resources and cases")->required();
  verb->callback([&invocation, file] {
    invocation.action = [&invocation, file] { return RunTests(invocation, *file); };
  });

  auto options = std::make_shared<ExplainOptions>();
  verb = group->add_subcommand(
      "explain", "Tell why the prompt on standard input would be decided so, and by what");
  verb->add_option("-f,--filename", options->files,
                   "Resource files or directories; without, the gateway's own resources");
  verb->add_option("--connection", options->question.connection)->required();
  verb->add_option("--as", options->question.identity, "The identity that asks")->required();
  verb->add_option("--group", options->question.groups, "A group of it, beside its own");
  verb->add_option("--model", options->question.model);
  verb->add_option("--operation", options->question.operation, "chat.completions (default), …");
  verb->add_option("--parameter", options->parameters, "NAME=NUMBER, for example max_tokens=500");
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Explain(invocation, *options); };
  });

  simulation::AddSimulateVerb(*group, invocation);
}

}  // namespace countersign::cli::verbs
