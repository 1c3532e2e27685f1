#include "services/cli/program.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

using Words = std::vector<std::string>;

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

Ran RunWith(Words words) {
  std::ostringstream out;
  std::ostringstream err;
  Ran ran;
  ran.status = Run(std::move(words), out, err);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

}  // namespace

TEST_CASE("Run: misuse of any verb exits with 2 and prints one line", "[cli]") {
  const auto words = GENERATE(
      Words{}, Words{"nonsense"}, Words{"--nonsense"}, Words{"-o", "xml", "get", "policies"},
      Words{"--addr", "http://", "whoami"}, Words{"--addr", "127.0.0.1:99999", "whoami"},
      Words{"apply"}, Words{"apply", "a.yaml"}, Words{"apply", "-f"}, Words{"validate"},
      Words{"diff"}, Words{"get"}, Words{"get", "nonsense"}, Words{"get", "policy/a", "b"},
      Words{"delete", "policy"}, Words{"delete", "nonsense", "x"}, Words{"keys"},
      Words{"keys", "nonsense"}, Words{"keys", "create"}, Words{"keys", "create", "a", "--ttl"},
      Words{"keys", "create", "a", "--ttl", "5x"}, Words{"keys", "create", "a", "--ttl", "-5h"},
      Words{"keys", "revoke"}, Words{"reviews"}, Words{"reviews", "list", "--state", "foo"},
      Words{"reviews", "show"}, Words{"reviews", "approve", "x", "--hash", "zz"}, Words{"sessions"},
      Words{"sessions", "list", "--limit", "abc"}, Words{"sessions", "list", "--limit", "-1"},
      Words{"sessions", "list", "--since", "foo"}, Words{"sessions", "list", "--outcome", "foo"},
      Words{"sessions", "replay", "x", "--speed", "0"}, Words{"sessions", "export"},
      Words{"sessions", "kill"}, Words{"verify"}, Words{"verify", "/"},
      Words{"verify", "x", "--public-key", "zz"}, Words{"mask", "--profile", "nope"},
      Words{"mask", "--entities", "nope"}, Words{"mask", "--entities", ""},
      Words{"mask", "--chunk", "0"}, Words{"mask", "--direction", "up"},
      Words{"mask", "--key", "file-without-hash"}, Words{"mask", "extra"},
      Words{"mask", "--profile", "none", "--entities", "email"}, Words{"tokens", "extra"});
  const Ran ran = RunWith(words);
  INFO(ran.err);
  CHECK(ran.status == 2);
  CHECK(ran.out.empty());
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  CHECK(ran.err.find("countersign: ") == 0);
}

TEST_CASE("Run: unreadable files and unreachable gateways exit with 1 and print one line",
          "[cli]") {
  const auto words = GENERATE(
      Words{"validate", "-f", "/no/such/file.yaml"}, Words{"apply", "-f", "/no/such/file.yaml"},
      Words{"verify", "/no/such/file"}, Words{"mask", "-f", "/no/such/file.yaml"},
      Words{"--token-file", "/no/such/file", "whoami"},
      Words{"--ca-file", "/no/such/file", "whoami"}, Words{"--addr", "127.0.0.1:1", "whoami"});
  const Ran ran = RunWith(words);
  INFO(ran.err);
  CHECK(ran.status == 1);
  CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
}

TEST_CASE("Run: an unreachable gateway is named, with what to do", "[cli]") {
  const Ran ran = RunWith({"--addr", "127.0.0.1:1", "whoami"});
  CHECK(ran.err ==
        "countersign: cannot reach the gateway at http://127.0.0.1:1 (connecting to 127.0.0.1: "
        "Connection refused); is it running there? name another with --addr or COUNTERSIGN_ADDR\n");
}

TEST_CASE("Run: every verb has --help and `help VERB`", "[cli]") {
  const auto verb = GENERATE(Words{}, Words{"apply"}, Words{"get"}, Words{"keys", "create"},
                             Words{"reviews", "approve"}, Words{"sessions", "list"}, Words{"mask"});
  Words asked = verb;
  asked.push_back("--help");
  const Ran ran = RunWith(asked);
  CHECK(ran.status == 0);
  CHECK(ran.err.empty());
  CHECK(ran.out.find("Usage: countersign") != std::string::npos);
  Words helped = verb;
  helped.insert(helped.begin(), "help");
  CHECK(RunWith(helped).out == ran.out);
}

TEST_CASE_METHOD(VerbTest, "Run: lost output is status 1, whatever the verb did", "[cli]") {
  gateway.Answer("KeyService/CreateKey", R"({"id":"k-1","identity":"ann","key":"csk_1"})");
  gateway.Answer("KeyService/ListKeys", R"({"items":[{"id":"k-1"}],"nextPageToken":""})");
  gateway.Answer("IdentityService/WhoAmI", R"({"identity":"ann"})");
  gateway.Answer("SessionService/ListSessions", R"({"items":[{"id":"s"}],"nextPageToken":""})");
  const std::string resource =
      "apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: w}\nspec: {terms: [a]}\n";
  const auto words = GENERATE(Words{"--help"}, Words{"help", "apply"}, Words{"--version"},
                              Words{"keys", "create", "ann"}, Words{"keys", "list"},
                              Words{"keys", "list", "-o", "json"}, Words{"whoami", "-o", "yaml"},
                              Words{"sessions", "list"}, Words{"validate", "-f", "-"},
                              Words{"mask"}, Words{"tokens", "--tokenizer", "o200k_base"});
  INFO(words.front());
  CHECK(Run(words, resource).status == 0);
  const RunResult full = RunOnFullDisk(words, resource);
  CHECK(full.status == 1);
  CHECK(full.err.find("cannot write to standard output: No space left on device") !=
        std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "Run: control characters in an error's text are escaped", "[cli]") {
  gateway.Answer("IdentityService/WhoAmI", absl::UnknownError("no \x1b[2J model\u202e"));
  CHECK(Run({"whoami"}).err == "countersign: no \\u{1b}[2J model\\u{202e}\n");
}

}  // namespace countersign::cli
