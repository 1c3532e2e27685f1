#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/authn/saml/metadata.h"
#include "services/authn/saml/xml_document.h"

// Untrusted SAML 2.0 Responses and Assertions, parsed and verified strictly. Every refusal is
// UNAUTHENTICATED with its own reason (saml_names.h); messages never quote the document.
namespace countersign::authn::saml {

struct NameId {
  std::string value;           // never empty
  std::string format;          // empty when absent
  std::string name_qualifier;  // as the document has them; empty when absent
  std::string sp_name_qualifier;
};

// The statement that the subject signed in (AuthnStatement).
struct SignIn {
  absl::Time at;
  std::string context_class;  // AuthnContextClassRef; empty when absent
};

// An assertion that was verified. All of it was read from the signed bytes.
struct Assertion {
  std::string issuer;  // the provider's entityID
  std::string id;      // unique within the issuer
  NameId subject;
  std::map<std::string, std::vector<std::string>> attributes;  // values of equal names are joined
  std::optional<SignIn> sign_in;
  bool one_time_use = false;
  absl::Time issued_at;
  // The earliest of the NotOnOrAfter of its conditions and of its confirmation, and of
  // SessionNotOnOrAfter.
  absl::Time expires_at;
};

// The requirements for assertions of one provider.
struct Expectations {
  std::string audience;  // each AudienceRestriction must contain it
  // Recipient, and Destination if there is one, must be one of these; empty: any.
  std::vector<std::string> recipients;
  absl::Duration skew = absl::Seconds(60);
};

// A parsed message that is not verified yet: nothing in it can be trusted.
class UnverifiedMessage {
 public:
  // Accepts a Response with exactly one Assertion, or an Assertion, as XmlDocument::Parse accepts
  // it, with Signatures only where the schema has them.
  static absl::StatusOr<UnverifiedMessage> Parse(absl::string_view xml);

  // The assertion's issuer, to be used only for choosing a configured provider.
  const std::string& unverified_issuer() const { return issuer_; }

 private:
  friend absl::StatusOr<Assertion> VerifyMessage(const UnverifiedMessage& message,
                                                 const IdpMetadata& provider,
                                                 const Expectations& expectations, absl::Time now);
  explicit UnverifiedMessage(XmlDocument document) : document_(std::move(document)) {}

  XmlDocument document_;
  Element response_;  // null for an Assertion alone
  Element assertion_;
  std::string issuer_;
};

// Verifies `message` at time `now`. Pure: no clock, no I/O; but one message must not be verified by
// two threads at a time. The assertion must be signed, or the Response that holds it; a signature
// that is there must verify. After the signatures, everything is read from the signed bytes alone,
// in this order: issuer, status, subject confirmation, conditions, statements. A time has passed
// when now >= time + skew.
//
// Assertions that answer a request (InResponseTo) are refused: this gateway has sent none.
absl::StatusOr<Assertion> VerifyMessage(const UnverifiedMessage& message,
                                        const IdpMetadata& provider,
                                        const Expectations& expectations, absl::Time now);

}  // namespace countersign::authn::saml
