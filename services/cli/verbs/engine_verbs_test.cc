#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kProfiles[] =
    "apiVersion: countersign/v1\nkind: MaskingProfile\nmetadata: {name: own}\n"
    "spec:\n  response: [{pattern: 'PRJ-[0-9]{4}', label: PROJECT}]\n"
    "  prompt: [{entity: email, action: redact}]\n";

TEST_CASE_METHOD(VerbTest, "mask: prints the masked text and nothing else", "[cli][verbs]") {
  const RunResult run = Run({"mask"}, "card 4111 1111 1111 1111\n");
  CHECK(run.status == 0);
  CHECK(run.out == "card <CREDIT_CARD>\n");
  CHECK(run.err.empty());
  CHECK(Run({"mask", "--profile", "none"}, "card 4111 1111 1111 1111").out ==
        "card 4111 1111 1111 1111");
}

TEST_CASE_METHOD(VerbTest, "mask -o json: entities with byte offsets into the input",
                 "[cli][verbs]") {
  CHECK(Run({"mask", "-o", "json"}, "\u00e9 a@b.io").out ==
        "{\n  \"text\": \"\u00e9 <EMAIL>\",\n  \"entities\": [\n    {\n"
        "      \"entity\": \"email\",\n      \"start\": 3,\n      \"end\": 9\n    }\n  ]\n}\n");
}

TEST_CASE_METHOD(VerbTest, "mask --entities: only those that are named", "[cli][verbs]") {
  const std::string input = "a@b.io 4111 1111 1111 1111";
  CHECK(Run({"mask", "--entities", "email"}, input).out == "<EMAIL> 4111 1111 1111 1111");
  CHECK(Run({"mask", "--entities", "email,credit_card"}, input).out == "<EMAIL> <CREDIT_CARD>");
}

TEST_CASE_METHOD(VerbTest, "mask --chunk: cutting the input changes nothing", "[cli][verbs]") {
  for (const char* chunk : {"1", "3", "1000"}) {
    CHECK(Run({"mask", "--chunk", chunk}, "to a@b.io, 4111 1111 1111 1111").out ==
          "to <EMAIL>, <CREDIT_CARD>");
  }
}

TEST_CASE_METHOD(VerbTest, "mask --jsonl: a string per line, an object per line", "[cli][verbs]") {
  const RunResult run = Run({"mask", "--jsonl"}, "\"a@b.io\"\n\"plain\"\n");
  CHECK(run.out ==
        "{\"text\":\"<EMAIL>\",\"entities\":[{\"entity\":\"email\",\"start\":0,\"end\":6}]}\n"
        "{\"text\":\"plain\",\"entities\":[]}\n");
  const RunResult wrong = Run({"mask", "--jsonl"}, "\"fine\"\n{\"not\":\"a string\"}\n");
  CHECK(wrong.status == 1);
  CHECK(wrong.err == "countersign: line 2 of the input is not a JSON string\n");
}

TEST_CASE_METHOD(VerbTest, "mask --format json: the output is JSON again", "[cli][verbs]") {
  CHECK(Run({"mask", "--format", "json"}, "{\"to\": \"a@b.io\"}").out == "{\"to\": \"<EMAIL>\"}");
}

TEST_CASE_METHOD(VerbTest, "mask -f: the file's only profile, by direction", "[cli][verbs]") {
  const std::string path = home.Write("own.yaml", kProfiles);
  CHECK(Run({"mask", "-f", path}, "PRJ-0042 a@b.io").out == "<PROJECT> a@b.io");
  CHECK(Run({"mask", "-f", path, "--direction", "prompt"}, "PRJ-0042 a@b.io").out ==
        "PRJ-0042 [REDACTED]");
  const RunResult unknown = Run({"mask", "-f", path, "--profile", "other"}, "x");
  CHECK(unknown.status == 1);
  CHECK(unknown.err == "countersign: " + path + " holds no MaskingProfile \"other\", but own\n");
}

TEST_CASE_METHOD(VerbTest, "mask -f: mistakes of the file are reported with their line",
                 "[cli][verbs]") {
  const std::string path =
      home.Write("own.yaml",
                 "apiVersion: countersign/v1\nkind: MaskingProfile\nmetadata: {name: own}\n"
                 "spec:\n  response:\n    - {pattern: '(a', label: A}\n");
  const RunResult run = Run({"mask", "-f", path}, "x");
  CHECK(run.status == 1);
  CHECK(run.err.find("countersign: " + path + ":6: MaskingProfile/own: spec.response[0]") == 0);
}

TEST_CASE_METHOD(VerbTest, "mask: input that is not UTF-8 is refused", "[cli][verbs]") {
  const RunResult run = Run({"mask"}, "\xff\xfe");
  CHECK(run.status == 1);
  CHECK(run.out.empty());
  CHECK(run.err == "countersign: the input is not valid UTF-8\n");
}

TEST_CASE_METHOD(VerbTest, "mask --hash: a line of lower-case hex for each line, with a key or not",
                 "[cli][verbs]") {
  const RunResult plain = Run({"mask", "--hash"}, "12345678\n\n12345678\n");
  CHECK(plain.status == 0);
  REQUIRE(plain.out.size() == 2 * 65);
  CHECK(plain.out.substr(0, 65) == plain.out.substr(65));
  const std::string key = home.Write("key", "secret\n");
  const RunResult keyed = Run({"mask", "--hash", "--key", key}, "12345678\n");
  CHECK(keyed.out.size() == 65);
  CHECK(keyed.out != plain.out.substr(0, 65));
  const RunResult empty = Run({"mask", "--hash", "--key", home.Write("empty", "\n")}, "1\n");
  CHECK(empty.status == 1);
  CHECK(empty.err == "countersign: " + home.path + "/empty contains no key\n");
}

TEST_CASE_METHOD(VerbTest, "tokens: prints the count alone; JSON says by which tokenizer",
                 "[cli][verbs]") {
  CHECK(Run({"tokens"}, "hello world").out == "2\n");
  CHECK(Run({"tokens", "--tokenizer", "cl100k_base", "-o", "json"}, "hello world").out ==
        "{\n  \"tokens\": 2,\n  \"tokenizer\": \"cl100k_base\",\n  \"exact\": true\n}\n");
  CHECK(Run({"tokens", "--jsonl"}, "\"hello world\"\n\"\"\n").out ==
        "{\"tokens\": 2}\n{\"tokens\": 0}\n");
}

TEST_CASE_METHOD(VerbTest, "-o, --format, --direction: choices are taken in any case",
                 "[cli][verbs]") {
  CHECK(Run({"tokens", "-o", "JSON"}, "hello world").out.find("\"tokens\": 2") !=
        std::string::npos);
  CHECK(Run({"mask", "--format", "Json"}, "{\"to\":\"a@b.io\"}").out == "{\"to\":\"<EMAIL>\"}");
  CHECK(Run({"mask", "--direction", "PROMPT"}, "a@b.io").out == "a@b.io");
}

TEST_CASE_METHOD(VerbTest, "tokens: an unknown tokenizer is misuse, with the known ones",
                 "[cli][verbs]") {
  const RunResult run = Run({"tokens", "--tokenizer", "words"}, "x");
  CHECK(run.status == 2);
  CHECK(run.err.find("no tokenizer \"words\"; known are ") != std::string::npos);
  CHECK(run.err.find("o200k_base") != std::string::npos);
}

}  // namespace
}  // namespace countersign::cli
