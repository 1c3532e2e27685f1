#include "services/cli/help/help_verb.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/text/edit_distance.h"
#include "libs/command_line/usage.h"
#include "services/cli/help/examples.h"
#include "services/cli/help/topics.h"
#include "services/cli/invocation.h"

namespace countersign::cli::help {
namespace {

constexpr std::size_t kPageWidth = 80;
constexpr std::size_t kLeastWidth = 40;

std::string TopicTable() {
  std::string table = "Topics:\n";
  for (const Topic& topic : Topics()) {
    const std::string gap(28 - 2 - topic.name.size(), ' ');
    absl::StrAppend(&table, "  ", topic.name, gap, topic.summary, "\n");
  }
  return table;
}

absl::Status NoTopic(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const Topic& topic : Topics()) names.push_back(topic.name);
  for (const CLI::App* verb : app.get_subcommands(nullptr)) names.push_back(verb->get_name());
  const std::string meant = ProbablyMeant(word, names);
  return command_line::Misuse(absl::StrCat("there is no verb or topic \"", word, "\"",
                                           meant.empty()
                                               ? "; countersign --help lists them"
                                               : absl::StrCat("; did you mean ", meant, "?")));
}

absl::Status Explain(const CLI::App& app, const Invocation& invocation,
                     const std::vector<std::string>& words) {
  const std::size_t width = invocation.width == 0 ? kPageWidth : invocation.width;
  const std::string text =
      words.size() == 1 ? ExplainTopic(words[0], std::clamp(width, kLeastWidth, kPageWidth)) : "";
  if (text.empty()) return NoTopic(app, absl::StrJoin(words, " "));
  invocation.out << text;
  return absl::OkStatus();
}

}  // namespace

void AddHelp(CLI::App& app, Invocation& invocation) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* verb = app.add_subcommand("help", "Explain a verb or a topic");
  verb->add_option("words", *words, "A verb, or a topic of `countersign --help`")->required();
  verb->footer(
      "Examples:\n"
      "  countersign help keys create\n"
      "  countersign help exit-codes");
  verb->callback([&app, &invocation, words] {
    invocation.action = [&app, &invocation, words] { return Explain(app, invocation, *words); };
  });
  AddExamples(app);
  app.footer(absl::StrCat(
      "Examples:\n"
      "  countersign init                          # a first folder of resources\n"
      "  countersign up --data ~/countersign       # a gateway on this machine\n"
      "  countersign apply -f gateway/resources\n"
      "  countersign sessions list --since 1h\n\n",
      TopicTable(), "\n`countersign help TOPIC` explains one, `countersign VERB --help` a verb."));
}

std::vector<std::string> RewriteHelp(const CLI::App& app, std::vector<std::string> arguments) {
  if (arguments.empty() || arguments[0] != "help") return arguments;
  if (arguments.size() == 1) return {"--help"};
  const std::vector<const CLI::App*> verbs = app.get_subcommands(nullptr);
  const bool is_verb = std::any_of(verbs.begin(), verbs.end(), [&](const CLI::App* verb) {
    return verb->get_name() == arguments[1];
  });
  if (!is_verb || arguments[1] == "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.push_back("--help");
  return arguments;
}

}  // namespace countersign::cli::help
