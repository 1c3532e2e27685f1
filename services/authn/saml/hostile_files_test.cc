#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "services/authn/saml/assertion.h"

namespace countersign::authn::saml {
namespace {

constexpr char kFolder[] = "tests/testdata/saml/";

std::string Read(const std::string& name) {
  std::ifstream file(kFolder + name, std::ios::binary);
  INFO(name);
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::StatusOr<Assertion> Verify(const IdpMetadata& metadata, const std::string& xml) {
  CS_ASSIGN_OR_RETURN(const UnverifiedMessage message, UnverifiedMessage::Parse(xml));
  return VerifyMessage(
      message, metadata,
      {"https://countersign.example", {"https://countersign.example/saml/acs"}, absl::Seconds(60)},
      absl::FromUnixSeconds(1'800'000'000));
}

}  // namespace

TEST_CASE("VerifyMessage: every file of tests/testdata/saml has its verdict", "[saml]") {
  const auto metadata = ParseMetadata(Read("metadata.xml"));
  REQUIRE(metadata.ok());
  std::set<std::string> accepted;
  std::size_t refused = 0;
  for (const absl::string_view line :
       absl::StrSplit(Read("verdicts.tsv"), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> columns = absl::StrSplit(line, '\t');
    REQUIRE(columns.size() == 3);
    INFO(line);
    const auto result = Verify(*metadata, Read(columns[0]));
    if (result.ok()) {
      CHECK(columns[1] == "accepted");
      CHECK(result->subject.value == "alice");
      CHECK(result->attributes.at("groups") == std::vector<std::string>{"ml"});
      accepted.insert(columns[0]);
    } else {
      CHECK(columns[1] == GetReason(result.status()));
      ++refused;
    }
  }
  CHECK(accepted.size() == 8);
  CHECK(refused >= 80);
}

}  // namespace countersign::authn::saml
