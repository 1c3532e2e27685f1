#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/crypto/testing/test_signer.h"
#include "services/authn/saml/metadata.h"

// An identity provider for tests. It writes documents that are canonical by construction, so its
// signatures do not depend on the canonicalisation that the tests check.
namespace countersign::authn::saml::testing {

inline constexpr char kEntityId[] = "https://idp.example/saml";
inline constexpr char kAudience[] = "https://countersign.example";
inline constexpr char kRecipient[] = "https://countersign.example/saml/acs";

// Where the signatures are.
enum class Signed { kAssertion, kResponse, kBoth, kNothing };

// The parts of an assertion. Empty XML leaves the part out.
struct AssertionParts {
  std::string id = "_a1";
  std::string issuer = kEntityId;
  std::string issue_instant;
  std::string name_id = "<saml:NameID>alice</saml:NameID>";
  std::string confirmation;  // all of SubjectConfirmation
  std::string conditions;    // all of Conditions
  std::string statements;    // AuthnStatement and AttributeStatement
};

struct ResponseParts {
  std::string id = "_r1";
  std::string attributes;  // beside ID, IssueInstant and Version; sorted, as ` Destination="…"`
  std::string issuer = kEntityId;
  std::string status = "urn:oasis:names:tc:SAML:2.0:status:Success";
};

std::string Timestamp(absl::Time time);

// An assertion of `subject` that is valid from `now` for five minutes.
AssertionParts MakeAssertion(
    absl::Time now, const std::string& subject = "alice",
    const std::map<std::string, std::vector<std::string>>& attributes = {});

// A Conditions element with these children.
std::string Conditions(absl::Time not_before, absl::Time not_on_or_after,
                       const std::string& children);
std::string AudienceRestriction(const std::string& audience);
std::string Confirmation(const std::string& data_attributes);

class SamlSigner {
 public:
  explicit SamlSigner(crypto::TestSigner signer = crypto::TestSigner::Rsa(2048));

  std::string Metadata(const std::string& entity_id = kEntityId,
                       const std::string& attributes = "") const;
  IdpMetadata ParsedMetadata() const;

  std::string SignedAssertion(const AssertionParts& parts) const;
  std::string Response(const AssertionParts& parts, Signed where,
                       const ResponseParts& response = {}) const;

  // The Signature of the element with this ID; `bytes` is its canonical form without a signature.
  std::string Signature(absl::string_view id, absl::string_view bytes) const;

 private:
  crypto::TestSigner signer_;
};

}  // namespace countersign::authn::saml::testing
