#include "services/authn/saml/assertion.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "services/authn/saml/testing/saml_signer.h"

namespace countersign::authn::saml {
namespace {

using testing::AssertionParts;
using testing::AudienceRestriction;
using testing::Conditions;
using testing::Confirmation;
using testing::MakeAssertion;
using testing::ResponseParts;
using testing::SamlSigner;
using testing::Signed;
using testing::Timestamp;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

struct Fixture {
  absl::StatusOr<Assertion> Verify(const std::string& xml, absl::Time now = kNow) const {
    CS_ASSIGN_OR_RETURN(const UnverifiedMessage message, UnverifiedMessage::Parse(xml));
    return VerifyMessage(message, metadata, expectations, now);
  }
  std::string Reason(const std::string& xml, absl::Time now = kNow) const {
    const auto result = Verify(xml, now);
    if (result.ok()) return "accepted";
    CHECK(result.status().code() == absl::StatusCode::kUnauthenticated);
    return GetReason(result.status());
  }
  // The verdict for a signed assertion with these parts.
  std::string Reason(const AssertionParts& parts, absl::Time now = kNow) const {
    return Reason(idp.SignedAssertion(parts), now);
  }

  SamlSigner idp;
  IdpMetadata metadata = idp.ParsedMetadata();
  Expectations expectations{testing::kAudience, {testing::kRecipient}, absl::Seconds(60)};
  AssertionParts parts = MakeAssertion(kNow, "alice", {{"groups", {"ml", "dev"}}, {"mail", {"a"}}});
};

std::string Bearer(absl::Time expiry, const std::string& more = "") {
  return absl::StrCat("NotOnOrAfter=\"", Timestamp(expiry), "\" Recipient=\"", testing::kRecipient,
                      "\"", more);
}

}  // namespace

TEST_CASE_METHOD(Fixture, "VerifyMessage: a signed assertion alone", "[saml]") {
  const auto result = Verify(idp.SignedAssertion(parts));
  REQUIRE(result.ok());
  CHECK(result->issuer == testing::kEntityId);
  CHECK(result->id == "_a1");
  CHECK(result->subject.value == "alice");
  CHECK(result->attributes.at("groups") == std::vector<std::string>{"ml", "dev"});
  CHECK(result->attributes.at("mail") == std::vector<std::string>{"a"});
  CHECK(result->expires_at == kNow + absl::Minutes(5));
  CHECK(result->issued_at == kNow);
  REQUIRE(result->sign_in.has_value());
  CHECK(result->sign_in->at == kNow);
  CHECK(result->sign_in->context_class ==
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport");
  CHECK_FALSE(result->one_time_use);
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: responses, wherever they are signed", "[saml]") {
  for (const Signed where : {Signed::kAssertion, Signed::kResponse, Signed::kBoth}) {
    const auto result = Verify(idp.Response(parts, where));
    REQUIRE(result.ok());
    CHECK(result->subject.value == "alice");
  }
  CHECK(Reason(idp.Response(parts, Signed::kNothing)) == "saml_unsigned");
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: a message can be verified again", "[saml]") {
  const auto message = UnverifiedMessage::Parse(idp.Response(parts, Signed::kBoth));
  REQUIRE(message.ok());
  CHECK(message->unverified_issuer() == testing::kEntityId);
  for (int i = 0; i < 2; ++i) CHECK(VerifyMessage(*message, metadata, expectations, kNow).ok());
}

TEST_CASE("VerifyMessage: ECDSA keys", "[saml]") {
  const SamlSigner idp(crypto::TestSigner::Ec(crypto::KeyType::kP256));
  const auto message = UnverifiedMessage::Parse(idp.SignedAssertion(MakeAssertion(kNow)));
  REQUIRE(message.ok());
  const Expectations expectations{testing::kAudience, {}, absl::Seconds(60)};
  CHECK(VerifyMessage(*message, idp.ParsedMetadata(), expectations, kNow).ok());
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: one of several keys of the metadata", "[saml]") {
  const SamlSigner next;
  const IdpMetadata both{metadata.entity_id,
                         {metadata.keys[0], next.ParsedMetadata().keys[0]},
                         "",
                         absl::InfiniteFuture()};
  metadata = both;
  CHECK(Reason(next.SignedAssertion(parts)) == "accepted");
  CHECK(Reason(idp.SignedAssertion(parts)) == "accepted");
  CHECK(Reason(SamlSigner().SignedAssertion(parts)) == "signature_invalid");
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: any change of signed text is seen", "[saml]") {
  for (const Signed where : {Signed::kAssertion, Signed::kResponse, Signed::kBoth}) {
    const std::string xml = idp.Response(parts, where);
    CHECK(Reason(absl::StrReplaceAll(xml, {{">alice<", ">admin<"}})) == "signature_invalid");
    CHECK(Reason(absl::StrReplaceAll(xml, {{">dev<", ">root<"}})) == "signature_invalid");
  }
  // Both signatures must hold when there are two.
  ResponseParts failed;
  failed.status = "urn:oasis:names:tc:SAML:2.0:status:Requester";
  const std::string both = idp.Response(parts, Signed::kBoth, failed);
  CHECK(Reason(absl::StrReplaceAll(both, {{"status:Requester", "status:Success"}})) ==
        "signature_invalid");
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: times, with a minute of skew", "[saml]") {
  const absl::Time expiry = kNow + absl::Minutes(5);
  const absl::Duration skew = absl::Seconds(60);
  CHECK(Reason(parts, expiry + skew - absl::Seconds(1)) == "accepted");
  CHECK(Reason(parts, expiry + skew) == "credential_expired");
  CHECK(Reason(parts, kNow - skew) == "accepted");
  CHECK(Reason(parts, kNow - skew - absl::Seconds(1)) == "saml_not_yet_valid");

  AssertionParts early = parts;
  early.confirmation = Confirmation(Bearer(kNow + absl::Minutes(1)));
  CHECK(Verify(idp.SignedAssertion(early))->expires_at == kNow + absl::Minutes(1));
  CHECK(Reason(early, kNow + absl::Minutes(2)) == "credential_expired");

  AssertionParts session = parts;
  session.statements = absl::StrCat("<saml:AuthnStatement AuthnInstant=\"", Timestamp(kNow),
                                    "\" SessionNotOnOrAfter=\"", Timestamp(kNow + absl::Minutes(2)),
                                    "\"></saml:AuthnStatement>");
  CHECK(Verify(idp.SignedAssertion(session))->expires_at == kNow + absl::Minutes(2));
  CHECK(Reason(session, kNow + absl::Minutes(3)) == "credential_expired");

  for (const char* time : {"2027-01-15T08:00:00", "2027-01-15T08:00:00+00:00", "1", "",
                           "infinite-future00000", "2027-01-15T08:00:61Z"}) {
    AssertionParts malformed = parts;
    malformed.issue_instant = time;
    CHECK(Reason(malformed) == "saml_malformed");
  }
  AssertionParts fraction = parts;
  fraction.issue_instant = "2027-01-15T08:00:00.123Z";
  CHECK(Reason(fraction) == "accepted");
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: every audience restriction must name us", "[saml]") {
  const auto with = [&](const std::string& children) {
    AssertionParts changed = parts;
    changed.conditions = Conditions(kNow, kNow + absl::Minutes(5), children);
    return Reason(changed);
  };
  const std::string ours = AudienceRestriction(testing::kAudience);
  const std::string other = AudienceRestriction("https://other.example");
  CHECK(with(ours) == "accepted");
  CHECK(with(other) == "audience_mismatch");
  CHECK(with(ours + other) == "audience_mismatch");
  CHECK(with("") == "audience_missing");
  CHECK(with(AudienceRestriction("")) == "audience_mismatch");
  CHECK(with(ours + "<saml:OneTimeUse></saml:OneTimeUse>") == "accepted");
  CHECK(with(ours + "<saml:ProxyRestriction></saml:ProxyRestriction>") == "accepted");
  CHECK(with(ours + "<saml:Condition></saml:Condition>") == "saml_condition");
  AssertionParts none = parts;
  none.conditions = "";
  CHECK(Reason(none) == "saml_condition");
  AssertionParts twice = parts;
  twice.conditions += twice.conditions;
  CHECK(Reason(twice) == "saml_condition");
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: OneTimeUse is reported", "[saml]") {
  parts.conditions =
      Conditions(kNow, kNow + absl::Minutes(5),
                 AudienceRestriction(testing::kAudience) + "<saml:OneTimeUse></saml:OneTimeUse>");
  CHECK(Verify(idp.SignedAssertion(parts))->one_time_use);
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: the subject's confirmation", "[saml]") {
  const auto with = [&](const std::string& confirmation) {
    AssertionParts changed = parts;
    changed.confirmation = confirmation;
    return Reason(changed);
  };
  const absl::Time later = kNow + absl::Minutes(5);
  const std::string good = Confirmation(Bearer(later));
  CHECK(with(good) == "accepted");
  CHECK(with("") == "saml_subject_confirmation");
  CHECK(with(absl::StrReplaceAll(good, {{"cm:bearer", "cm:holder-of-key"}})) ==
        "saml_subject_confirmation");
  CHECK(with(Confirmation(absl::StrCat("Recipient=\"", testing::kRecipient, "\""))) ==
        "saml_subject_confirmation");
  CHECK(with(Confirmation(absl::StrCat("NotBefore=\"", Timestamp(kNow), "\" ", Bearer(later)))) ==
        "saml_subject_confirmation");
  CHECK(with(Confirmation(absl::StrCat("NotOnOrAfter=\"", Timestamp(later), "\""))) ==
        "saml_recipient");
  const std::string elsewhere =
      absl::StrReplaceAll(good, {{testing::kRecipient, "https://other.example/acs"}});
  CHECK(with(elsewhere) == "saml_recipient");
  CHECK(with(elsewhere + good) == "accepted");
  CHECK(with(Confirmation("InResponseTo=\"_q\" " + Bearer(later))) == "saml_in_response_to");
  expectations.recipients.clear();
  CHECK(with(elsewhere) == "accepted");
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: the name of the subject", "[saml]") {
  const auto with = [&](const std::string& name_id) {
    AssertionParts changed = parts;
    changed.name_id = name_id;
    return Reason(changed);
  };
  CHECK(with("") == "saml_subject");
  CHECK(with("<saml:NameID></saml:NameID>") == "saml_subject");
  CHECK(with("<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>") == "saml_subject");
  CHECK(with("<saml:NameID>a<saml:X>b</saml:X></saml:NameID>") == "saml_subject");
  CHECK(with(R"(<saml:NameID NameQualifier="https://idp.example/saml">a</saml:NameID>)") ==
        "accepted");
  CHECK(with(R"(<saml:NameID NameQualifier="https://other">a</saml:NameID>)") == "saml_subject");
  CHECK(with(R"(<saml:NameID SPNameQualifier="https://other">a</saml:NameID>)") == "saml_subject");
  parts.name_id = R"(<saml:NameID Format="urn:f" SPNameQualifier="https://countersign.example">a)"
                  "</saml:NameID>";
  const auto result = Verify(idp.SignedAssertion(parts));
  REQUIRE(result.ok());
  CHECK(result->subject.format == "urn:f");
  CHECK(result->subject.sp_name_qualifier == testing::kAudience);
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: the response's status, destination and issuer",
                 "[saml]") {
  const auto with = [&](const ResponseParts& response) {
    std::string verdict;
    for (const Signed where : {Signed::kAssertion, Signed::kResponse}) {
      const std::string next = Reason(idp.Response(parts, where, response));
      if (!verdict.empty()) CHECK(verdict == next);
      verdict = next;
    }
    return verdict;
  };
  ResponseParts response;
  response.attributes = absl::StrCat(" Destination=\"", testing::kRecipient, "\"");
  CHECK(with(response) == "accepted");
  response.attributes = " Destination=\"https://other.example\"";
  CHECK(with(response) == "saml_recipient");
  response = {};
  response.status = "urn:oasis:names:tc:SAML:2.0:status:Responder";
  CHECK(with(response) == "saml_status");
  response = {};
  response.issuer = "https://other.example";
  CHECK(with(response) == "issuer_unknown");
  AssertionParts foreign = parts;
  foreign.issuer = "https://other.example";
  CHECK(Reason(foreign) == "issuer_unknown");
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: a response that answers a request", "[saml]") {
  const std::string xml = idp.Response(parts, Signed::kAssertion);
  CHECK(Reason(absl::StrReplaceAll(xml, {{" ID=\"_r1\"", " ID=\"_r1\" InResponseTo=\"_q\""}})) ==
        "saml_in_response_to");
}

TEST_CASE_METHOD(Fixture, "VerifyMessage: metadata that is no longer valid", "[saml]") {
  metadata.valid_until = kNow;
  CHECK(Reason(parts) == "saml_metadata_expired");
  CHECK(Reason(parts, kNow - absl::Seconds(1)) == "accepted");
}

TEST_CASE_METHOD(Fixture, "UnverifiedMessage: encrypted parts and failed sign-ins", "[saml]") {
  const std::string xml = idp.Response(parts, Signed::kAssertion);
  const auto from = xml.find("<saml:Assertion");
  const std::string before = xml.substr(0, from);
  CHECK(Reason(before + "</samlp:Response>") == "saml_structure");
  CHECK(Reason(before +
               "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>"
               "</samlp:Response>") == "saml_encrypted");
  AssertionParts attribute = parts;
  attribute.statements +=
      "<saml:AttributeStatement><saml:EncryptedAttribute></saml:EncryptedAttribute>"
      "</saml:AttributeStatement>";
  CHECK(Reason(attribute) == "saml_encrypted");
  CHECK(Reason(absl::StrReplaceAll(before, {{"status:Success", "status:Responder"}}) +
               "</samlp:Response>") == "saml_status");
}

}  // namespace countersign::authn::saml
