#include "services/cli/help/examples.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"

namespace countersign::cli::help {
namespace {

// By the verb's full name. A line each.
const std::map<std::string, std::string>& Examples() {
  static const auto& examples = *new std::map<std::string, std::string>{
      {"up",
       "  countersign up --data ~/countersign\n"
       "  countersign up --data /srv/cs --http 0.0.0.0:8443 --tls-self-signed --detach\n"
       "  countersign up --help   # all options"},
      {"down", "  countersign down --data ~/countersign"},
      {"whoami",
       "  countersign whoami\n"
       "  countersign --context prod whoami -o json"},
      {"diff",
       "  countersign diff -f gateway/resources\n"
       "  countersign diff -f policies.yaml || echo 'there is something to apply'"},
      {"validate",
       "  countersign validate -f gateway/resources\n"
       "  countersign validate --partial -f policies.yaml   # the gateway has the rest"},
      {"keys",
       "  countersign keys create ci-bot --ttl 720h\n"
       "  countersign keys list"},
      {"keys create",
       "  countersign keys create ci-bot --ttl 720h\n"
       "  countersign keys create ci-bot -o json | jq -r .key\n"
       "  countersign keys create old-app --adopt < key.txt   # the key that it already sends"},
      {"keys list",
       "  countersign keys list\n"
       "  countersign keys list --sort-by expires -o wide"},
      {"keys revoke", "  countersign keys revoke KEY_ID"},
      {"reviews",
       "  countersign reviews list\n"
       "  countersign reviews show 019ac3f2\n"
       "  countersign reviews approve 019ac3f2 --reason 'checked with legal'"},
      {"reviews list",
       "  countersign reviews list\n"
       "  countersign reviews list --all -o json"},
      {"reviews show", "  countersign reviews show 019ac3f2"},
      {"reviews approve",
       "  countersign reviews approve 019ac3f2\n"
       "  countersign reviews approve 019ac3f2 019ac3f7 --reason 'same batch'"},
      {"reviews deny", "  countersign reviews deny 019ac3f2 --reason 'names a patient'"},
      {"reviews revoke", "  countersign reviews revoke 019ac3f2"},
      {"reviews watch", "  countersign reviews watch"},
      {"sessions",
       "  countersign sessions list --since 24h --outcome blocked\n"
       "  countersign sessions show 019ac3f2\n"
       "  countersign sessions export --since 24h -o today.jsonl"},
      {"sessions show",
       "  countersign sessions show 019ac3f2\n"
       "  countersign sessions show 019ac3f2 --events"},
      {"sessions replay",
       "  countersign sessions replay 019ac3f2\n"
       "  countersign sessions replay 019ac3f2 --speed 4"},
      {"sessions tail", "  countersign sessions tail"},
      {"sessions kill", "  countersign sessions kill 019ac3f2"},
      {"mask",
       "  echo 'mail jane.doe@example.org' | countersign mask\n"
       "  countersign mask -f gateway/resources --profile standard < answer.txt\n"
       "  countersign mask --entities credit_card,iban -o json < answer.txt"},
      {"tokens", "  countersign tokens --tokenizer o200k_base < prompt.txt"},
      {"token", "  countersign token exchange --jwt token.jwt"},
      {"token exchange",
       "  countersign token exchange --jwt token.jwt\n"
       "  countersign token exchange --saml assertion.xml"},
      {"services", "  countersign services status"},
      {"services status",
       "  countersign services status\n"
       "  countersign services status -o wide"},
      {"policy",
       "  countersign policy test gateway/policy-test.yaml\n"
       "  countersign policy explain --connection openai --as ci-bot < prompt.txt"},
      {"policy test", "  countersign policy test gateway/policy-test.yaml"},
      {"policy explain",
       "  echo 'the diagnosis' | countersign policy explain --connection openai --as ci-bot\n"
       "  countersign policy explain -f gateway/resources --connection openai \\\n"
       "    --as ci-bot < prompt.txt"},
      {"verify",
       "  countersign verify today.jsonl --public-key record.pub\n"
       "  countersign sessions export -o - | countersign verify /dev/stdin"},
      {"config",
       "  countersign config set-context prod --addr https://gateway.example --use\n"
       "  countersign config get-contexts"},
      {"config get-contexts", "  countersign config get-contexts"},
      {"config current-context", "  countersign config current-context"},
      {"config use-context", "  countersign config use-context prod"},
      {"config delete-context", "  countersign config delete-context laptop"},
      {"completion",
       "  source <(countersign completion bash)\n"
       "  countersign completion zsh > ~/.zfunc/_countersign\n"
       "  countersign completion fish > ~/.config/fish/completions/countersign.fish"}};
  return examples;
}

void AddTo(CLI::App& verb, const std::string& name) {
  const auto found = Examples().find(name);
  if (found != Examples().end() && verb.get_footer().empty()) {
    verb.footer(absl::StrCat("Examples:\n", found->second));
  }
  for (CLI::App* const child : verb.get_subcommands(nullptr)) {
    AddTo(*child, absl::StrCat(name, name.empty() ? "" : " ", child->get_name()));
  }
}

}  // namespace

void AddExamples(CLI::App& app) { AddTo(app, ""); }

}  // namespace countersign::cli::help
