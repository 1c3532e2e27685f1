#include "services/cli/init/first_folder.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/config/resource_draft.h"
#include "libs/http/address.h"
#include "services/cli/offline/resource_check.h"

namespace countersign::cli::init {
namespace {

constexpr absl::string_view kGroup = "group:";
constexpr absl::string_view kHeader = "apiVersion: countersign/v1\n";

struct Provider {
  absl::string_view name;
  absl::string_view connection;
  absl::string_view protocol;
  absl::string_view url;
  absl::string_view variable;    // of its key
  absl::string_view key_header;  // empty: Authorization: Bearer
  absl::string_view more;        // further lines of the Connection's spec
};

const std::vector<Provider>& Table() {
  static const auto& table = *new std::vector<Provider>{
      {"openai", "openai", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY", "",
       "  # models: ['gpt-*', 'o*']     # absent: any\n"},
      {"azure", "azure", "openai", "", "AZURE_OPENAI_API_KEY", "api-key",
       "  tokenizer: o200k_base         # a deployment's name says nothing about its tokens\n"},
      {"vllm", "vllm", "openai", "http://127.0.0.1:8000/v1", "VLLM_API_KEY", "",
       "  # tokenizer: llama3           # of the model that it serves\n"},
      {"ollama-as-openai", "ollama", "openai", "http://127.0.0.1:11434/v1", "", "", ""},
      {"anthropic", "anthropic", "anthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY",
       "x-api-key", "  # models: ['claude-*']        # absent: any\n"}};
  return table;
}

const Provider& Find(absl::string_view name) {
  const auto found = std::find_if(Table().begin(), Table().end(),
                                  [&](const Provider& one) { return one.name == name; });
  return found == Table().end() ? Table().front() : *found;
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

std::string QuotedList(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  std::transform(texts.begin(), texts.end(), std::back_inserter(quoted), Quoted);
  return absl::StrCat("[", absl::StrJoin(quoted, ", "), "]");
}

std::string Resource(absl::string_view kind, absl::string_view name, absl::string_view spec) {
  return absl::StrCat(kHeader, "kind: ", kind, "\nmetadata: {name: ", Quoted(name), "}\n", spec);
}

// People who are named become members of one group; groups of an identity provider stay.
struct Reviewers {
  std::vector<std::string> people;
  std::vector<std::string> groups;  // whose members review
};

Reviewers Divide(const std::vector<std::string>& given) {
  Reviewers divided;
  for (absl::string_view one : given) {
    auto& list = absl::ConsumePrefix(&one, kGroup) ? divided.groups : divided.people;
    list.emplace_back(one);
  }
  if (!divided.people.empty()) divided.groups.insert(divided.groups.begin(), "reviewers");
  return divided;
}

std::string WriteTarget(const Answers& answers) {
  const Provider& provider = Find(answers.provider);
  std::string text =
      "# Where calls go, and the key that the gateway shows there. Callers never see it.\n";
  std::string credential;
  if (!provider.variable.empty()) {
    const std::string value = absl::StrCat("{env: ", provider.variable, "}");
    const std::string spec = provider.key_header.empty()
                                 ? absl::StrCat("spec: {bearer: ", value, "}\n")
                                 : absl::StrCat("spec: {header: {name: ", provider.key_header,
                                                ", value: ", value, "}}\n");
    const std::string name = absl::StrCat(provider.connection, "-key");
    absl::StrAppend(
        &text, "# `env` is read on your machine when you apply; the gateway seals the value.\n",
        Resource("Credential", name, spec), "---\n");
    credential = absl::StrCat("  credential: ", name, "\n");
  }
  absl::StrAppend(&text, Resource("Connection", provider.connection, "spec:\n"),
                  "  protocol: ", provider.protocol, "\n  url: ", Quoted(answers.url), "\n",
                  credential,
                  "  default: true                 # callers reach it at /v1/…, without its name\n",
                  provider.more);
  const auto url = http::ParseUpstreamUrl(answers.url);
  if (url.ok() && !http::IsLiteralAddress(url->origin.host) && provider.protocol == "openai" &&
      provider.name != "openai" && provider.name != "azure") {
    text += "  network: {private: true}      # its name may mean an address of your own network\n";
  }
  return text;
}

std::string WriteAccess(const Answers& answers) {
  const Reviewers reviewers = Divide(answers.reviewers);
  std::string text = absl::StrCat(
      "# Who calls and who reviews. These have access keys (`countersign keys create NAME`); for "
      "a\n"
      "# single sign-on see `countersign explain identityprovider`.\n",
      Resource("Identity", "my-app", "spec: {kind: service, groups: [apps]}\n"), "---\n",
      Resource("RoleBinding", "callers", "spec: {role: caller, groups: [apps]}\n"));
  for (const std::string& person : reviewers.people) {
    absl::StrAppend(&text, "---\n",
                    Resource("Identity", person, "spec: {kind: human, groups: [reviewers]}\n"));
  }
  if (!reviewers.groups.empty()) {
    absl::StrAppend(
        &text, "---\n# Nobody approves a prompt of their own.\n",
        Resource(
            "RoleBinding", "reviewers",
            absl::StrCat("spec: {role: reviewer, groups: ", QuotedList(reviewers.groups), "}\n")));
  }
  return text;
}

std::string WriteRegulated(const Answers& answers, absl::string_view masking) {
  const Reviewers reviewers = Divide(answers.reviewers);
  std::string terms;
  for (const std::string& term : answers.regulated) {
    absl::StrAppend(&terms, "    - ", Quoted(term), "\n");
  }
  const std::string then =
      reviewers.groups.empty()
          ? std::string("    deny: {message: This prompt names something that is regulated.}\n")
          : absl::StrCat("    review: {reviewers: ", QuotedList(reviewers.groups),
                         ", approvals: 1, hold: 4m}   # a call waits this long for them\n");
  return absl::StrCat(
      "# Found in any case and in most disguises.\n",
      Resource("Dictionary", "regulated", absl::StrCat("spec:\n  terms:\n", terms)), "---\n",
      Resource("Policy", "regulated",
               absl::StrCat("spec:\n  priority: 100\n  when: {keywords: {dictionary: regulated}}\n"
                            "  then:\n",
                            then, "    masking: ", masking, "\n")),
      "---\n");
}

std::string WritePolicies(const Answers& answers) {
  const absl::string_view masking = answers.masked.empty() ? "none" : "standard";
  std::string text =
      "# What happens to a prompt. Any matching deny wins, then the greatest priority; without a\n"
      "# matching policy the answer is deny.\n";
  if (!answers.masked.empty()) {
    std::string rules;
    for (const std::string& entity : answers.masked) {
      absl::StrAppend(&rules, "    - {entity: ", Quoted(entity), "}\n");
    }
    absl::StrAppend(
        &text,
        "# What answers do not show. Try it: countersign mask -f THIS_FILE --profile standard\n",
        Resource("MaskingProfile", "standard", absl::StrCat("spec:\n  response:\n", rules)),
        "---\n");
  }
  if (!answers.regulated.empty()) text += WriteRegulated(answers, masking);
  return absl::StrCat(
      text, Resource("Policy", "everything-else",
                     absl::StrCat("spec:\n  then: {allow: {}, masking: ", masking, "}\n")));
}

std::string WriteCase(const Answers& answers, absl::string_view name, absl::string_view identity,
                      absl::string_view prompt, absl::string_view expect) {
  const Provider& provider = Find(answers.provider);
  return absl::StrCat("  - name: ", name, "\n    as: {identity: ", identity,
                      "}\n    connection: ", provider.connection, "\n",
                      provider.protocol == "anthropic" ? "    operation: messages\n" : "",
                      "    prompt: ", Quoted(prompt), "\n    ", expect, "\n");
}

std::string WriteTests(const Answers& answers) {
  std::string text =
      "# What you expect of the policies: countersign policy test THIS_FILE, where your other "
      "tests run.\n"
      "resources: [resources]\ncases:\n";
  if (!answers.regulated.empty()) {
    const std::string verdict = answers.reviewers.empty() ? "deny" : "review";
    const std::string expect = absl::StrCat("expect: ", verdict, "\n    policy: regulated");
    const std::string& term = answers.regulated.front();
    text += WriteCase(answers, "what is regulated is held", "my-app", absl::StrCat("about ", term),
                      expect);
    text += WriteCase(answers, "in capitals, too", "my-app",
                      absl::StrCat("ABOUT ", absl::AsciiStrToUpper(term)), expect);
  }
  text += WriteCase(answers, "the rest passes", "my-app", "hello",
                    "expect: allow\n    policy: everything-else");
  return text +
         WriteCase(answers, "who has no role is refused", "somebody-else", "hello", "expect: deny");
}

bool HasControl(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char byte) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(byte));
  });
}

absl::Status CheckTexts(absl::string_view option, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (absl::StripAsciiWhitespace(text).empty() || HasControl(text)) {
      return absl::InvalidArgumentError(
          absl::StrCat(option, ": one of the texts is empty or has a line break"));
    }
  }
  return absl::OkStatus();
}

// The mistakes that the reader finds in the files, as one of `option`.
absl::Status CheckFile(absl::string_view option, const std::string& content) {
  const config::DraftOptions options{.references = config::References::kMayLeadOutside,
                                     .secrets = config::Secrets::kMayBeMissing};
  const absl::Status checked = offline::CheckResources({{"", content}}, {}, options).status();
  if (checked.ok()) return checked;
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": ", offline::WithoutPlaces(checked.message())));
}

}  // namespace

const std::vector<std::string>& Providers() {
  static const auto& names = *new std::vector<std::string>([] {
    std::vector<std::string> all;
    for (const Provider& one : Table()) all.emplace_back(one.name);
    return all;
  }());
  return names;
}

std::string UsualUrl(absl::string_view provider) { return std::string(Find(provider).url); }

std::string KeyVariable(absl::string_view provider) { return std::string(Find(provider).variable); }

absl::Status CheckAnswers(const Answers& answers) {
  CS_RETURN_IF_ERROR(Annotate(http::ParseUpstreamUrl(answers.url).status(), "--url"));
  CS_RETURN_IF_ERROR(CheckTexts("--reviewers", answers.reviewers));
  CS_RETURN_IF_ERROR(CheckTexts("--regulated", answers.regulated));
  CS_RETURN_IF_ERROR(CheckTexts("--mask", answers.masked));
  CS_RETURN_IF_ERROR(CheckFile("--url", WriteTarget(answers)));
  CS_RETURN_IF_ERROR(CheckFile("--reviewers", WriteAccess(answers)));
  Answers part;
  part.regulated = answers.regulated;
  CS_RETURN_IF_ERROR(CheckFile("--regulated", WritePolicies(part)));
  part = {.masked = answers.masked};
  return CheckFile("--mask", WritePolicies(part));
}

std::vector<NewFile> WriteFirstFolder(const Answers& answers) {
  return {{"resources/target.yaml", WriteTarget(answers)},
          {"resources/access.yaml", WriteAccess(answers)},
          {"resources/policies.yaml", WritePolicies(answers)},
          {"policy-test.yaml", WriteTests(answers)}};
}

}  // namespace countersign::cli::init
