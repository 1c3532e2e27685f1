#include "services/cli/completion/completion.h"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "libs/testing/temporary_folder.h"

namespace countersign::cli::completion {
namespace {

// A program with verbs in verbs, and text that a shell could misread.
class Example {
 public:
  Example() : app_("A program", "countersign") {
    app_.add_option("--addr", text_, "The gateway: HOST:PORT");
    app_.add_option("-o,--output", text_, "table, json");
    CLI::App* reviews = app_.add_subcommand("reviews", "Prompts that wait; it's $HOME");
    reviews->add_subcommand("approve", "Allow it")->add_option("--hash", text_, "Its hash");
    reviews->add_subcommand("list", "All of them");
    app_.add_subcommand("apply", "Store resources")->add_option("-f", text_, "A file");
  }
  const CLI::App& app() const { return app_; }

 private:
  CLI::App app_;
  std::string text_;
};

// What bash offers for a command line whose last word is typed so far.
std::string Complete(const std::string& script, absl::string_view words, int current) {
  const testing::TemporaryFolder folder;
  testing::WriteFile(folder / "script", script);
  testing::WriteFile(folder / "run",
                     absl::StrCat("source ./script\nCOMP_WORDS=(", words, ")\nCOMP_CWORD=", current,
                                  "\n_countersign\nprintf '%s ' \"${COMPREPLY[@]}\"\n"));
  const std::string command = absl::StrCat("cd ", folder.path(), " && bash run > out 2>&1");
  REQUIRE(std::system(command.c_str()) == 0);
  return testing::ReadFile(folder / "out");
}

}  // namespace

TEST_CASE("MakeScript: bash offers the verbs and options that may follow", "[cli]") {
  const Example example;
  const absl::StatusOr<std::string> script = MakeScript(example.app(), "bash");
  REQUIRE(script.ok());
  CHECK(Complete(*script, "countersign re", 1) == "reviews ");
  CHECK(Complete(*script, "countersign reviews ''", 2) ==
        "approve list --help -h --addr --output -o ");
  CHECK(Complete(*script, "countersign reviews approve --h", 3) == "--help --hash ");
  // Options and values before a verb do not hide it.
  CHECK(Complete(*script, "countersign --addr x:1 reviews ap", 4) == "approve ");
  // Where no word fits, file names do.
  CHECK(Complete(*script, "countersign apply -f scr", 3) == "script ");
}

TEST_CASE("MakeScript: texts cannot end the quotes that they stand in", "[cli]") {
  const Example example;
  for (const absl::string_view shell : {"zsh", "fish"}) {
    const absl::StatusOr<std::string> script = MakeScript(example.app(), shell);
    REQUIRE(script.ok());
    CHECK_THAT(*script, Catch::Contains("it'\\''s $HOME"));
    CHECK_THAT(*script, Catch::Contains("reviews approve"));
  }
  // In zsh `path` is the search path, and would be lost.
  CHECK_THAT(*MakeScript(example.app(), "zsh"), !Catch::Contains("local path"));
  CHECK(absl::IsInvalidArgument(MakeScript(example.app(), "tcsh").status()));
}

}  // namespace countersign::cli::completion
