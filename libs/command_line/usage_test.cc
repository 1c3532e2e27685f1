#include "libs/command_line/usage.h"

#include <catch2/catch.hpp>

namespace countersign::command_line {
namespace {

// The message that a program with the verbs `keys create NAME [--ttl] [--mode] [--count]` and
// `apply -f` prints for `arguments`; "" when they are valid.
std::string Said(std::vector<std::string> arguments) {
  CLI::App app("", "countersign");
  app.require_subcommand(1);
  app.fallthrough();
  CLI::App* keys = app.add_subcommand("keys");
  keys->require_subcommand(1);
  CLI::App* create = keys->add_subcommand("create");
  std::string name, ttl, mode, file, mask_file;
  int count = 0;
  double speed = 0;
  create->add_option("name", name)->required();
  create->add_option("--ttl", ttl);
  create->add_option("--mode", mode)->check(Choice({"Fast", "slow"}));
  create->add_option("--count", count)->check(WholeNumber(1));
  create->add_option("--speed", speed)->check(PositiveNumber());
  app.add_subcommand("apply")->add_option("-f,--filename", file)->required();
  app.add_subcommand("mask")->add_option("-f,--filename", mask_file);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return UsageMessage(app, error);
  }
  return "";
}

}  // namespace

TEST_CASE("UsageMessage: says what to do, in one line", "[command_line]") {
  CHECK(Said({}) == "a verb is missing: keys, apply, mask (see countersign --help)");
  CHECK(Said({"nonsense"}) ==
        "there is no verb \"nonsense\"; the verbs are keys, apply, mask (see countersign --help)");
  CHECK(Said({"aply"}) ==
        "there is no verb \"aply\"; did you mean apply? (see countersign --help)");
  CHECK(Said({"keys"}) == "a verb is missing: create (see countersign keys --help)");
  CHECK(Said({"keys", "create"}) == "name is required (see countersign keys create --help)");
  CHECK(Said({"keys", "create", "a", "--ttl"}) ==
        "--ttl needs a value (see countersign keys create --help)");
  CHECK(Said({"keys", "create", "a", "b"}) ==
        "unknown argument \"b\" (see countersign keys create --help)");
  CHECK(Said({"keys", "create", "a", "--no"}) ==
        "unknown option \"--no\" (see countersign keys create --help)");
  CHECK(Said({"apply", "a.yaml"}) ==
        "resource files are named with -f: -f a.yaml (see countersign apply --help)");
  CHECK(Said({"apply"}).find("-f is required: resource files or directories") == 0);
  CHECK(Said({"mask", "text"}) == "unknown argument \"text\" (see countersign mask --help)");
  CHECK(Said({"keys", "create", "--cuont=3"}) ==
        "unknown option \"--cuont\"; did you mean --count? (see countersign keys create --help)");
}

TEST_CASE("Validators: say what is expected, and accept valid values", "[command_line]") {
  const auto after = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"keys", "create", "a"});
    const std::string said = Said(more);
    return said.substr(0, said.find(" (see"));
  };
  CHECK(after({"--mode", "x"}) == "--mode: must be one of Fast, slow, not \"x\"");
  CHECK(after({"--mode", "fAST"}).empty());
  for (const char* bad : {"0", "-1", "1.5", "x", ""}) {
    CHECK(after({"--count", bad}).find("must be a whole number from 1 on") != std::string::npos);
  }
  CHECK(after({"--count", "7"}).empty());
  for (const char* bad : {"0", "-2", "nan", "inf", "x"}) {
    CHECK(after({"--speed", bad}).find("must be a number greater than 0") != std::string::npos);
  }
  CHECK(after({"--speed", "2.5"}).empty());
}

TEST_CASE("Misuse: is distinguished from other errors", "[command_line]") {
  CHECK(IsMisuse(Misuse("x")));
  CHECK(Misuse("x").message() == "x");
  CHECK_FALSE(IsMisuse(absl::InvalidArgumentError("x")));
  CHECK_FALSE(IsMisuse(absl::OkStatus()));
}

}  // namespace countersign::command_line
