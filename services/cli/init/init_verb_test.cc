#include "services/cli/init/init_verb.h"

#include <sstream>

#include "services/cli/testing/run_verb.h"

namespace countersign::cli::init {
namespace {

std::vector<std::string> Words(const std::string& folder, const GivenAnswers& given) {
  return {"init",        folder,          "--provider",  given.provider,  "--url",  given.url,
          "--reviewers", given.reviewers, "--regulated", given.regulated, "--mask", given.mask};
}

const GivenAnswers kUsual{"openai", "https://api.openai.com/v1", "rosa,sam",
                          "patient record, diagnosis", "tier1"};

TEST_CASE("init: what it writes is valid, and its tests pass, for every mix of answers",
          "[cli][init]") {
  VerbTest test;
  for (const char* variable :
       {"OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "VLLM_API_KEY", "ANTHROPIC_API_KEY"}) {
    ::setenv(variable, "k", 1);
  }
  int count = 0;
  for (const std::string& provider : Providers()) {
    for (const char* reviewers : {"rosa", "rosa, sam,group:security", "group:it's", "none"}) {
      for (const char* regulated : {"patient record", "it's: #1, diagnosis,Straße", "none"}) {
        for (const char* mask : {"tier1", "credit_card, secret.*", "none"}) {
          const std::string usual = UsualUrl(provider);
          const GivenAnswers given{provider, usual.empty() ? "https://r.example.com/v1" : usual,
                                   reviewers, regulated, mask};
          const std::string folder = absl::StrCat(test.home.path, "/", ++count);
          INFO(absl::StrJoin(Words(folder, given), " "));
          const RunResult made = test.Run(Words(folder, given));
          REQUIRE(made.err == "");
          const RunResult valid = test.Run({"validate", "-f", folder + "/resources"});
          CHECK(valid.err == "");
          CHECK(valid.status == 0);
          const RunResult tried = test.Run({"policy", "test", folder + "/policy-test.yaml"});
          INFO(tried.out);
          CHECK(tried.err == "");
          CHECK(tried.status == 0);
        }
      }
    }
  }
  for (const char* variable :
       {"OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "VLLM_API_KEY", "ANTHROPIC_API_KEY"}) {
    ::unsetenv(variable);
  }
}

TEST_CASE("init: says what it wrote, and the next three commands", "[cli][init]") {
  VerbTest test;
  const std::string folder = test.home.path + "/gateway";
  const RunResult made = test.Run(Words(folder, kUsual));
  CHECK(made.status == 0);
  CHECK(made.out ==
        absl::StrCat(folder, "/resources/target.yaml written\n", folder,
                     "/resources/access.yaml written\n", folder,
                     "/resources/policies.yaml written\n", folder, "/policy-test.yaml written\n",
                     "\nNext:\n  countersign policy test ", folder, "/policy-test.yaml\n",
                     "  OPENAI_API_KEY=YOUR_KEY countersign apply -f ", folder, "/resources\n",
                     "  countersign keys create my-app --ttl 720h\n"));
  CHECK_FALSE(test.gateway.asked());
}

TEST_CASE("init: files that exist are kept, unless --force is given", "[cli][init]") {
  VerbTest test;
  const std::string folder = test.home.path + "/gateway";
  REQUIRE(test.Run(Words(folder, kUsual)).status == 0);
  GivenAnswers other = kUsual;
  other.mask = "none";
  const RunResult refused = test.Run(Words(folder, other));
  CHECK(refused.status == 1);
  CHECK_THAT(refused.err, Catch::Contains("/gateway/policy-test.yaml exist; name another folder"));
  CHECK_THAT(test.home.Read("gateway/resources/policies.yaml"), Catch::Contains("tier1"));
  std::vector<std::string> forced = Words(folder, other);
  forced.push_back("--force");
  CHECK(test.Run(forced).status == 0);
  CHECK_THAT(test.home.Read("gateway/resources/policies.yaml"), !Catch::Contains("tier1"));
}

TEST_CASE("ReadAnswers: a missing or wrong answer names its option", "[cli][init]") {
  const auto wrong = [](std::string GivenAnswers::*answer, const std::string& value) {
    GivenAnswers given = kUsual;
    given.*answer = value;
    return std::string(ReadAnswers(given).status().message());
  };
  CHECK(ReadAnswers({}).status().message() ==
        "without a terminal every answer is an option; missing: --provider, --url, --reviewers, "
        "--regulated, --mask");
  CHECK(wrong(&GivenAnswers::mask, "") ==
        "without a terminal every answer is an option; missing: --mask");
  CHECK_THAT(wrong(&GivenAnswers::url, "api.openai.com"), Catch::StartsWith("--url: "));
  CHECK_THAT(wrong(&GivenAnswers::reviewers, "Rosa Luxemburg"), Catch::StartsWith("--reviewers: "));
  CHECK_THAT(wrong(&GivenAnswers::regulated, "a,,b"), Catch::StartsWith("--regulated: "));
  CHECK_THAT(wrong(&GivenAnswers::mask, "emial"), Catch::StartsWith("--mask: "));
}

TEST_CASE("AskForMissing: asks for what is missing, again until it can be used", "[cli][init]") {
  GivenAnswers given;
  given.reviewers = "rosa";
  std::istringstream in("opnai\n\nnot a url\n\nnone\nemial\n credit_card \n");
  std::ostringstream out;
  CHECK(AskForMissing(in, out, given).ok());
  CHECK(given.provider == "openai");
  CHECK(given.url == "https://api.openai.com/v1");
  CHECK(given.reviewers == "rosa");
  CHECK(given.regulated == "none");
  CHECK(given.mask == "credit_card");
  CHECK_THAT(out.str(), Catch::Contains("one of openai, azure, "));
  CHECK_THAT(out.str(), Catch::Contains("At which address is it? [https://api.openai.com/v1] "));
  CHECK_THAT(out.str(), !Catch::Contains("Who reviews"));
}

TEST_CASE("AskForMissing: an end of the input writes nothing", "[cli][init]") {
  GivenAnswers given;
  std::istringstream in("azure\n\n");  // Azure has no usual address
  std::ostringstream out;
  CHECK(absl::IsCancelled(AskForMissing(in, out, given)));
}

}  // namespace
}  // namespace countersign::cli::init
