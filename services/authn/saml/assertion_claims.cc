#include "services/authn/saml/assertion_claims.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/saml/saml_names.h"

namespace countersign::authn::saml {
namespace {

constexpr std::size_t kMaxNameBytes = 1024;

bool Contains(const std::vector<std::string>& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// The check of one moment, at which every time is judged.
struct Moment {
  absl::Time now;
  absl::Duration skew;

  absl::Status CheckNotBefore(absl::Time time) const {
    if (time <= now + skew) return absl::OkStatus();
    return Refuse(reason::kNotYetValid, "the assertion is not valid yet");
  }
  absl::Status CheckNotOnOrAfter(absl::Time time) const {
    if (now < time + skew) return absl::OkStatus();
    return Refuse(reason::kExpired, "the assertion has expired");
  }
};

absl::StatusOr<std::optional<absl::Time>> ReadTime(Element element, absl::string_view name) {
  const auto text = element.Attribute(name);
  if (!text) return std::optional<absl::Time>();
  const auto time = ParseSamlTime(*text);
  if (!time.ok()) {
    return Refuse(reason::kMalformed,
                  absl::StrCat(name, " is not a time of the form 2026-01-31T12:00:00Z"));
  }
  return std::optional<absl::Time>(*time);
}

absl::Status CheckVersionAndIssuer(Element element, const std::string& issuer) {
  if (element.Attribute("Version").value_or("") != "2.0") {
    return Refuse(reason::kStructure, "its Version is not 2.0");
  }
  const std::vector<Element> issuers = element.Children(kAssertionNs, "Issuer");
  if (issuers.size() > 1) return Refuse(reason::kStructure, "it has more than one Issuer");
  if (issuers.empty()) return absl::OkStatus();
  if (issuers[0].Text() != issuer ||
      issuers[0].Attribute("Format").value_or(std::string(kEntityFormat)) != kEntityFormat) {
    return Refuse(reason::kIssuer, "its Issuer is not the provider whose metadata is configured");
  }
  return absl::OkStatus();
}

absl::StatusOr<NameId> ReadNameId(Element subject, const std::string& issuer,
                                  const Expectations& expectations) {
  const Element element = subject.OnlyChild(kAssertionNs, "NameID");
  if (!element) return Refuse(reason::kSubject, "the assertion's Subject does not have one NameID");
  NameId id;
  id.value = element.Text();
  id.format = element.Attribute("Format").value_or("");
  id.name_qualifier = element.Attribute("NameQualifier").value_or("");
  id.sp_name_qualifier = element.Attribute("SPNameQualifier").value_or("");
  if (id.value.empty() || id.value.size() > kMaxNameBytes || !element.Children().empty()) {
    return Refuse(reason::kSubject, "the assertion's NameID is empty, too long or holds elements");
  }
  // The same value under another qualifier is another subject.
  if (!id.name_qualifier.empty() && id.name_qualifier != issuer) {
    return Refuse(reason::kSubject, "the NameID's NameQualifier is not its issuer");
  }
  if (!id.sp_name_qualifier.empty() && id.sp_name_qualifier != expectations.audience) {
    return Refuse(reason::kSubject, "the NameID's SPNameQualifier is not our audience");
  }
  return id;
}

// When the confirmation expires, or why it does not confirm.
absl::StatusOr<absl::Time> CheckConfirmation(Element confirmation, const Expectations& expectations,
                                             const Moment& moment) {
  if (confirmation.Attribute("Method").value_or("") != kBearerMethod) {
    return Refuse(reason::kConfirmation, "the subject is not confirmed by the method bearer");
  }
  const Element data = confirmation.OnlyChild(kAssertionNs, "SubjectConfirmationData");
  if (!data) return Refuse(reason::kConfirmation, "there is no SubjectConfirmationData");
  if (data.Attribute("InResponseTo")) {
    return Refuse(reason::kInResponseTo,
                  "the assertion answers a request (InResponseTo), and this gateway sent none: use "
                  "a sign-in that the provider initiates");
  }
  const auto recipient = data.Attribute("Recipient");
  if (!recipient || recipient->empty()) {
    return Refuse(reason::kRecipient, "the subject's confirmation names no Recipient");
  }
  if (!expectations.recipients.empty() && !Contains(expectations.recipients, *recipient)) {
    return Refuse(reason::kRecipient, "the assertion is meant for another Recipient");
  }
  if (data.Attribute("NotBefore")) {
    return Refuse(reason::kConfirmation, "a bearer's confirmation must not have NotBefore");
  }
  CS_ASSIGN_OR_RETURN(const auto expiry, ReadTime(data, "NotOnOrAfter"));
  if (!expiry) return Refuse(reason::kConfirmation, "the confirmation has no NotOnOrAfter");
  CS_RETURN_IF_ERROR(moment.CheckNotOnOrAfter(*expiry));
  return *expiry;
}

// The latest expiry of the confirmations that hold; one is enough.
absl::StatusOr<absl::Time> CheckConfirmations(Element subject, const Expectations& expectations,
                                              const Moment& moment) {
  absl::Time latest = absl::InfinitePast();
  absl::Status first_refusal =
      Refuse(reason::kConfirmation, "the assertion's subject has no SubjectConfirmation");
  bool refused = false;
  for (const Element& confirmation : subject.Children(kAssertionNs, "SubjectConfirmation")) {
    const auto expiry = CheckConfirmation(confirmation, expectations, moment);
    if (expiry.ok()) {
      latest = std::max(latest, *expiry);
    } else if (!std::exchange(refused, true)) {
      first_refusal = expiry.status();
    }
  }
  if (latest == absl::InfinitePast()) return first_refusal;
  return latest;
}

absl::Status CheckAudience(Element restriction, const std::string& audience) {
  for (const Element& element : restriction.Children(kAssertionNs, "Audience")) {
    if (element.Text() == audience) return absl::OkStatus();
  }
  return Refuse(reason::kAudience,
                "the assertion is meant for another audience than the provider's `audience`");
}

absl::Status CheckConditions(Element element, const Expectations& expectations,
                             const Moment& moment, Assertion& assertion) {
  const Element conditions = element.OnlyChild(kAssertionNs, "Conditions");
  if (!conditions) return Refuse(reason::kCondition, "the assertion does not have one Conditions");
  CS_ASSIGN_OR_RETURN(const auto not_before, ReadTime(conditions, "NotBefore"));
  CS_ASSIGN_OR_RETURN(const auto expiry, ReadTime(conditions, "NotOnOrAfter"));
  if (not_before) CS_RETURN_IF_ERROR(moment.CheckNotBefore(*not_before));
  if (expiry) {
    CS_RETURN_IF_ERROR(moment.CheckNotOnOrAfter(*expiry));
    assertion.expires_at = std::min(assertion.expires_at, *expiry);
  }
  bool restricted = false;
  for (const Element& condition : conditions.Children()) {
    if (condition.Is(kAssertionNs, "AudienceRestriction")) {
      CS_RETURN_IF_ERROR(CheckAudience(condition, expectations.audience));
      restricted = true;
    } else if (condition.Is(kAssertionNs, "OneTimeUse")) {
      assertion.one_time_use = true;
    } else if (!condition.Is(kAssertionNs, "ProxyRestriction")) {
      return Refuse(reason::kCondition, "the assertion has a condition that is not known");
    }
  }
  if (restricted) return absl::OkStatus();
  return Refuse(reason::kAudienceMissing, "the assertion names no audience");
}

absl::Status ReadSignIn(Element element, const Moment& moment, Assertion& assertion) {
  for (const Element& statement : element.Children(kAssertionNs, "AuthnStatement")) {
    CS_ASSIGN_OR_RETURN(const auto at, ReadTime(statement, "AuthnInstant"));
    if (!at) return Refuse(reason::kMalformed, "an AuthnStatement has no AuthnInstant");
    CS_RETURN_IF_ERROR(moment.CheckNotBefore(*at));
    CS_ASSIGN_OR_RETURN(const auto session_end, ReadTime(statement, "SessionNotOnOrAfter"));
    if (session_end) {
      CS_RETURN_IF_ERROR(moment.CheckNotOnOrAfter(*session_end));
      assertion.expires_at = std::min(assertion.expires_at, *session_end);
    }
    SignIn sign_in{*at, ""};
    if (const Element context = statement.OnlyChild(kAssertionNs, "AuthnContext")) {
      const Element reference = context.OnlyChild(kAssertionNs, "AuthnContextClassRef");
      if (reference) sign_in.context_class = reference.Text();
    }
    assertion.sign_in = std::move(sign_in);
  }
  return absl::OkStatus();
}

absl::Status ReadAttributes(Element element, Assertion& assertion) {
  for (const Element& statement : element.Children(kAssertionNs, "AttributeStatement")) {
    for (const Element& attribute : statement.Children(kAssertionNs, "Attribute")) {
      const std::string name = attribute.Attribute("Name").value_or("");
      if (name.empty() || name.size() > kMaxNameBytes) {
        return Refuse(reason::kAttribute, "an attribute's Name is missing or too long");
      }
      std::vector<std::string>& values = assertion.attributes[name];
      for (const Element& value : attribute.Children(kAssertionNs, "AttributeValue")) {
        values.push_back(value.Text());
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckStatus(Element response) {
  const Element status = response.OnlyChild(kProtocolNs, "Status");
  const Element code = status ? status.OnlyChild(kProtocolNs, "StatusCode") : Element();
  if (code && code.Attribute("Value").value_or("") == kStatusSuccess) return absl::OkStatus();
  return Refuse(reason::kStatus, "the provider's response does not report success");
}

absl::Status CheckResponse(Element response, const std::string& issuer,
                           const Expectations& expectations) {
  CS_RETURN_IF_ERROR(CheckVersionAndIssuer(response, issuer));
  CS_RETURN_IF_ERROR(CheckStatus(response));
  if (response.Attribute("InResponseTo")) {
    return Refuse(reason::kInResponseTo,
                  "the response answers a request (InResponseTo), and this gateway sent none: use "
                  "a sign-in that the provider initiates");
  }
  const std::string destination = response.Attribute("Destination").value_or("");
  if (!destination.empty() && !expectations.recipients.empty() &&
      !Contains(expectations.recipients, destination)) {
    return Refuse(reason::kRecipient, "the response is meant for another Destination");
  }
  return absl::OkStatus();
}

absl::StatusOr<Assertion> ReadAssertion(Element assertion, const std::string& issuer,
                                        const Expectations& expectations, absl::Time now) {
  const Moment moment{now, expectations.skew};
  CS_RETURN_IF_ERROR(CheckVersionAndIssuer(assertion, issuer));
  if (!assertion.OnlyChild(kAssertionNs, "Issuer")) {
    return Refuse(reason::kStructure, "the assertion does not have one Issuer");
  }
  Assertion out;
  out.issuer = issuer;
  out.id = assertion.Attribute("ID").value_or("");
  if (out.id.empty()) return Refuse(reason::kStructure, "the assertion has no ID");
  CS_ASSIGN_OR_RETURN(const auto issued_at, ReadTime(assertion, "IssueInstant"));
  if (!issued_at) return Refuse(reason::kMalformed, "the assertion has no IssueInstant");
  CS_RETURN_IF_ERROR(moment.CheckNotBefore(*issued_at));
  out.issued_at = *issued_at;
  const Element subject = assertion.OnlyChild(kAssertionNs, "Subject");
  if (!subject) return Refuse(reason::kSubject, "the assertion does not have one Subject");
  CS_ASSIGN_OR_RETURN(out.subject, ReadNameId(subject, issuer, expectations));
  CS_ASSIGN_OR_RETURN(out.expires_at, CheckConfirmations(subject, expectations, moment));
  CS_RETURN_IF_ERROR(CheckConditions(assertion, expectations, moment, out));
  CS_RETURN_IF_ERROR(ReadSignIn(assertion, moment, out));
  CS_RETURN_IF_ERROR(ReadAttributes(assertion, out));
  return out;
}

}  // namespace countersign::authn::saml
