#include "services/cli/help/help_verb.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/cli/help/topics.h"
#include "services/cli/testing/run_verb.h"

namespace countersign::cli::help {
namespace {

using Words = std::vector<std::string>;

// The first words of the table `title` in a help.
Words Names(const std::string& help, const std::string& title) {
  Words names;
  bool within = false;
  for (const absl::string_view line : absl::StrSplit(help, '\n')) {
    if (within && line.size() > 2 && line[0] == ' ' && line[2] != ' ') {
      names.emplace_back(line.substr(2, line.find(' ', 2) - 2));
    }
    if (!line.empty() && line[0] != ' ') within = line == title + ":";
  }
  return names;
}

// Calls `use` with every verb and its help. `up` and `down` are another program's.
template <typename Use>
void ForEachVerb(VerbTest& test, const Words& verb, const Use& use) {
  Words asked = verb;
  asked.push_back("--help");
  const RunResult ran = test.Run(asked);
  REQUIRE(ran.status == 0);
  use(verb, ran.out);
  for (const std::string& child : Names(ran.out, "Subcommands")) {
    if (child == "up" || child == "down") continue;
    Words deeper = verb;
    deeper.push_back(child);
    ForEachVerb(test, deeper, use);
  }
}

TEST_CASE("--help: every verb has examples of itself", "[cli][help]") {
  VerbTest test;
  int verbs = 0;
  ForEachVerb(test, {}, [&](const Words& verb, const std::string& help) {
    ++verbs;
    const std::string name = absl::StrJoin(verb, " ");
    INFO(name);
    const std::size_t examples = help.find("\nExamples:\n  ");
    REQUIRE(examples != std::string::npos);
    const std::string command = verb.empty() ? "countersign " : "countersign " + name;
    CHECK(help.find(command, examples) != std::string::npos);
  });
  CHECK(verbs > 50);
}

TEST_CASE("--help: the verbs in examples exist", "[cli][help]") {
  VerbTest test;
  std::vector<std::string> commands;
  ForEachVerb(test, {}, [&](const Words&, const std::string& help) {
    const std::size_t examples = help.find("\nExamples:\n");
    for (const absl::string_view line : absl::StrSplit(help.substr(examples + 11), '\n')) {
      const std::size_t at = line.find("countersign ");
      if (line.substr(0, 2) == "  " && at != absl::string_view::npos) {
        commands.emplace_back(line.substr(at + 12));
      }
    }
  });
  for (const std::string& command : commands) {
    Words words;
    for (const absl::string_view word : absl::StrSplit(command, ' ', absl::SkipEmpty())) {
      if (word[0] == '-' || word[0] == '<' || word[0] == '|') break;
      words.emplace_back(word);
      if (words.size() == 2) break;
    }
    if (words.empty() || words[0] == "up" || words[0] == "down") continue;
    const Words groups = Names(test.Run({words[0], "--help"}).out, "Subcommands");
    INFO(command);
    CHECK(test.Run({words[0], "--help"}).out.find("countersign " + words[0]) != std::string::npos);
    if (!groups.empty() && words.size() == 2) {
      CHECK(std::find(groups.begin(), groups.end(), words[1]) != groups.end());
    }
  }
}

TEST_CASE("help: topics are listed, and each fits 80 columns", "[cli][help]") {
  VerbTest test;
  const Words listed = Names(test.Run({"--help"}).out, "Topics");
  REQUIRE(listed.size() == Topics().size());
  for (const std::string& topic : listed) {
    const RunResult ran = test.Run({"help", topic});
    INFO(topic);
    CHECK(ran.status == 0);
    CHECK(ran.out.size() > 200);
    for (const absl::string_view line : absl::StrSplit(ran.out, '\n')) {
      INFO(line);
      CHECK(line.size() <= 80);
    }
  }
  CHECK_FALSE(test.gateway.asked());
}

TEST_CASE("help: verbs are explained as with --help, what is mistyped is suggested",
          "[cli][help]") {
  VerbTest test;
  CHECK(test.Run({"help"}).out == test.Run({"--help"}).out);
  CHECK(test.Run({"help", "keys", "create"}).out == test.Run({"keys", "create", "--help"}).out);
  CHECK_THAT(test.Run({"help", "help"}).out + test.Run({"help", "--help"}).out,
             Catch::Contains("Explain a verb or a topic"));
  const RunResult mistyped = test.Run({"help", "condtions"});
  CHECK(mistyped.status == 2);
  CHECK(mistyped.err ==
        "countersign: there is no verb or topic \"condtions\"; did you mean conditions?\n");
  CHECK_THAT(test.Run({"help", "aply"}).err, Catch::Contains("did you mean apply?"));
  CHECK_THAT(test.Run({"help", "zzzzzzzz"}).err, Catch::Contains("countersign --help lists them"));
}

TEST_CASE("help: the topics about resources have all kinds and conditions", "[cli][help]") {
  VerbTest test;
  for (const char* kind : {"Connection", "Policy", "RoleBinding", "MaskingProfile"}) {
    CHECK_THAT(test.Run({"help", "resources"}).out, Catch::Contains(std::string("  ") + kind));
  }
  for (const char* condition : {"any", "not", "keywords", "pattern", "tokens", "parameter"}) {
    CHECK_THAT(test.Run({"help", "conditions"}).out,
               Catch::Contains(std::string("\n  ") + condition + "\n"));
  }
}

}  // namespace
}  // namespace countersign::cli::help
