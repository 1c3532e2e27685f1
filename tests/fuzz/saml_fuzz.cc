// Messages of the provider of tests/testdata/saml: whatever is changed, what is accepted is what
// the provider signed.
// Input: message.

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "services/authn/saml/assertion.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

namespace saml = authn::saml;

const saml::IdpMetadata& Provider() {
  static const auto& metadata = *new saml::IdpMetadata([] {
    std::ifstream file(CS_SAML_METADATA, std::ios::binary);
    auto read = saml::ParseMetadata(std::string(std::istreambuf_iterator<char>(file), {}));
    Require(read.ok(), "the provider's metadata cannot be read");
    return *std::move(read);
  }());
  return metadata;
}

}  // namespace

void Run(Input input) {
  const auto message = saml::UnverifiedMessage::Parse(input.Rest());
  if (!message.ok()) return;
  const saml::Expectations expectations{
      "https://countersign.example", {"https://countersign.example/saml/acs"}, absl::Seconds(60)};
  const auto verified =
      saml::VerifyMessage(*message, Provider(), expectations, absl::FromUnixSeconds(1'800'000'000));
  if (!verified.ok()) return;
  Require(verified->issuer == Provider().entity_id && verified->id == "_a1" &&
              verified->subject.value == "alice" && verified->subject.format.empty(),
          "another subject than was signed", input.Rest());
  Require(verified->attributes.size() == 1 && verified->attributes.count("groups") == 1 &&
              verified->attributes.at("groups") == std::vector<std::string>{"ml"},
          "other attributes than were signed", input.Rest());
}

}  // namespace countersign::fuzz
