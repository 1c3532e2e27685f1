#include <catch2/catch.hpp>

#include "absl/strings/str_replace.h"
#include "libs/base/build_version.h"
#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kParts[] = "ResourceService/ListParts";

// `text` with the release of this program where $ stands.
std::string Filled(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"$", BuildVersion()}});
}

TEST_CASE_METHOD(VerbTest, "version: the client and every part, an unknown release as -",
                 "[cli][verbs]") {
  gateway.Answer(kParts, Filled(R"({"version":7,"items":[
    {"name":"authn","state":"SERVING","version":7,"release":"$"},
    {"name":"edge","state":"AWAY"}]})"));
  const RunResult run = Run({"version"});
  CHECK(run.status == 0);
  CHECK(run.err == "");
  CHECK(run.out == Filled("PART    RELEASE\nclient  $\nauthn   $\nedge    -\n"));
  CHECK(Run({"version", "-o", "jsonpath={.parts[0].release}"}).out == BuildVersion());
}

TEST_CASE_METHOD(VerbTest, "version: parts of much older or newer releases are warned of",
                 "[cli][verbs]") {
  gateway.Answer(kParts, std::string(R"({"version":7,"items":[
    {"name":"authn","state":"SERVING","release":"0.2.9"},
    {"name":"edge","state":"SERVING","release":"0.9.0"},
    {"name":"masking","state":"SERVING","release":"1.1.0"},
    {"name":"policy","state":"SERVING","release":"devel"}]})"));
  const RunResult run = Run({"version"});
  CHECK(run.status == 0);
  CHECK_THAT(run.err, !Catch::Contains("authn"));
  CHECK_THAT(run.err, Catch::Contains("countersign: warning: edge is of release 0.9.0 and this "));
  CHECK_THAT(run.err, Catch::Contains("countersign: warning: masking is of release 1.1.0"));
  CHECK_THAT(run.err, !Catch::Contains("policy"));
}

TEST_CASE_METHOD(VerbTest, "version: --client asks nobody", "[cli][verbs]") {
  const RunResult run = Run({"version", "--client", "-o", "json"});
  CHECK(run.status == 0);
  CHECK_THAT(run.out, Catch::Contains(Filled(R"("client": "$")")));
  CHECK_FALSE(gateway.asked());
  CHECK(Run({"--version"}).out == Filled("countersign $\n"));
}

TEST_CASE_METHOD(VerbTest,
                 "version: a gateway that cannot be asked is status 1, after the client's",
                 "[cli][verbs]") {
  gateway.Answer(kParts, absl::PermissionDeniedError("needs the role admin"));
  const RunResult run = Run({"version"});
  CHECK(run.status == 1);
  CHECK(run.out == Filled("PART    RELEASE\nclient  $\n"));
  CHECK(run.err ==
        "countersign: the gateway's version is unknown (--client asks for none): needs the role "
        "admin\n");
}

}  // namespace
}  // namespace countersign::cli
