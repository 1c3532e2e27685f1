#include "services/cli/help/topics.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/config/reference/resource_reference.h"
#include "libs/config/reference/wrap_words.h"

namespace countersign::cli::help {
namespace {

using config::reference::Field;

constexpr absl::string_view kExitCodes =
    R"(0  done
1  refused or failed: the gateway said no, a check or test case failed, a file
   cannot be read, the gateway cannot be reached
2  misuse: an unknown verb or option, a missing or malformed value

`diff` is as diff(1): 0 nothing differs, 1 something does, 2 it failed.
`policy test` has 1 for a case that failed and 2 for a file that is no test.
`services status` and `doctor` have 1 for a part or check that is not in order.
`verify` has 1 for any byte of an export that is not as it was recorded.

An error is one line on standard error, which says what to do; resource files
have one line per mistake, with file, line and field. Warnings and notes go to
standard error, too, and change no exit status.
)";

constexpr absl::string_view kOutput =
    R"(-o table      for people, the default: fits the terminal (or COLUMNS), states in
              colour unless NO_COLOR is set; plain, uncut where no terminal is
-o wide       with more columns
-o name       one name or id per line: for xargs
-o json       what the gateway answered; -o yaml: the same
-o jsonpath=  picks values: -o 'jsonpath={.items[*].id}'

JSON has lowerCamelCase names, times in RFC 3339 and UTC, hashes in lower-case
hexadecimal, states in capitals. A listing is {"items": [...], "nextPageToken":
""}; a token that is not empty is for --page-token. Fields are added in later
releases; none changes its meaning.

Listings take --no-headers and --sort-by, a heading or a JSON path of an item.
The beginning of an id is enough wherever an id is asked for.
)";

constexpr absl::string_view kEnvironment =
    R"(COUNTERSIGN_ADDR    the gateway, as --addr: HOST:PORT or a URL
COUNTERSIGN_TOKEN   an access key or token, as --token
COUNTERSIGN_HOME    the folder of this program's files; ~/.countersign
COUNTERSIGN_EDITOR  the editor of `edit`; before VISUAL and EDITOR
COLUMNS             the width of tables; without, that of the terminal
NO_COLOR            not empty: no colours; TERM=dumb does the same

Options come before the environment, which comes before the config file.
Variables that resources name ({env: NAME}) are read by `apply`, on the machine
where it runs; the gateway seals them.
)";

constexpr absl::string_view kContexts =
    R"(A context is a gateway and a credential with a name, in the file `config` of
COUNTERSIGN_HOME:

  currentContext: laptop
  contexts:
    - {name: laptop, addr: '127.0.0.1:8080', tokenFile: /home/you/cs/admin.key}
    - {name: prod, addr: 'https://gateway.example', tokenFile: /run/token,
       caFile: /etc/ssl/company.pem}

  countersign config set-context prod --addr https://gateway.example \
    --token-file /run/token --use
  countersign config get-contexts
  countersign config use-context laptop
  countersign --context prod whoami

--addr and --token-file, COUNTERSIGN_ADDR and COUNTERSIGN_TOKEN come before it.
)";

// A name and its words, which are indented below it.
std::string Entry(absl::string_view name, absl::string_view about, std::size_t width,
                  std::size_t indent = 2) {
  const std::string deeper(indent + 4, ' ');
  std::string text = absl::StrCat(deeper.substr(4), name, "\n");
  for (const std::string& line : config::reference::WrapWords(about, width - deeper.size())) {
    absl::StrAppend(&text, deeper, line, "\n");
  }
  return text;
}

std::string ExplainResources(std::size_t width) {
  std::string text =
      "What the gateway does is written in resources: YAML or JSON, many in a file.\n\n"
      "  apiVersion: countersign/v1\n  kind: Dictionary\n"
      "  metadata: {name: codenames, labels: {team: legal}}\n  spec: {terms: [bluebird]}\n\n"
      "Kinds, in any case and in the plural, too:\n";
  for (const auto& kind : config::reference::Kinds()) text += Entry(kind.name, kind.about, width);
  return absl::StrCat(
      text,
      "\n`explain KIND` says what each field means, `create KIND` makes one, `apply -f`\n"
      "stores files, `diff -f` shows what that would change, `validate -f` checks them\n"
      "without a gateway.\n");
}

std::string ExplainConditions(std::size_t width) {
  std::string text =
      "A Policy applies when its condition, `spec.when`, holds; without one it always\n"
      "does. A condition has exactly one of these fields:\n";
  const auto& policy = *config::reference::FindKind("Policy");
  for (const Field* const field : config::reference::ChildFields(policy, "spec.when")) {
    text += Entry(config::reference::LeafName(*field), field->about, width);
    if (absl::StrContains(field->type, "condition")) continue;
    for (const Field* const inner : config::reference::ChildFields(policy, field->path)) {
      text += Entry(absl::StrCat(config::reference::LeafName(*inner), " <", inner->type, ">"),
                    inner->about, width, 6);
    }
  }
  return absl::StrCat(text,
                      "\n  when:\n    any:\n      - keywords: {dictionary: codenames}\n"
                      "      - all:\n          - tokens: {over: 4000}\n"
                      "          - not: {pattern: {regex: '(?i)summar(y|ise)'}}\n\n"
                      "`policy explain` says which conditions hold for a prompt, and where.\n");
}

}  // namespace

const std::vector<Topic>& Topics() {
  static const auto& topics =
      *new std::vector<Topic>{{"resources", "The kinds of resources, and how they are written"},
                              {"conditions", "When a policy applies"},
                              {"exit-codes", "What an exit status means"},
                              {"output", "Tables, JSON and the other forms"},
                              {"environment", "Variables that are read"},
                              {"contexts", "Several gateways and credentials by name"}};
  return topics;
}

std::string ExplainTopic(absl::string_view name, std::size_t width) {
  if (name == "resources") return ExplainResources(width);
  if (name == "conditions") return ExplainConditions(width);
  if (name == "exit-codes") return std::string(kExitCodes);
  if (name == "output") return std::string(kOutput);
  if (name == "environment") return std::string(kEnvironment);
  if (name == "contexts") return std::string(kContexts);
  return "";
}

}  // namespace countersign::cli::help
