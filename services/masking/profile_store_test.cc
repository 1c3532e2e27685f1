#include "services/masking/profile_store.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/base/status.h"
#include "services/masking/custom_shapes.h"

namespace countersign::masking {
namespace {

using Action = domain::MaskingRule::Action;

domain::MaskingRule Entity(std::string entity, Action action = Action::kReplace) {
  domain::MaskingRule rule;
  rule.entity = std::move(entity);
  rule.action = action;
  return rule;
}

domain::MaskingRule Pattern(std::string pattern, std::string label) {
  domain::MaskingRule rule;
  rule.pattern = std::move(pattern);
  rule.label = std::move(label);
  return rule;
}

std::string Masked(const CompiledProfile& profile, absl::string_view text) {
  const auto redacted = text::redaction::RedactWhole(profile.response, text);
  REQUIRE(redacted.ok());
  return redacted->text;
}

absl::StatusOr<CompiledProfile> Compile(std::vector<domain::MaskingRule> response,
                                        std::vector<domain::Dictionary> dictionaries = {}) {
  domain::MaskingProfile profile;
  profile.name = "p";
  profile.response = std::move(response);
  std::map<std::string, domain::Dictionary> by_name;
  for (domain::Dictionary& dictionary : dictionaries) by_name[dictionary.name] = dictionary;
  return CompileProfile(profile, by_name, SecretString("key"));
}

std::string MaskedBy(std::vector<domain::MaskingRule> response, absl::string_view text) {
  const auto compiled = Compile(std::move(response));
  INFO(compiled.status());
  REQUIRE(compiled.ok());
  return Masked(*compiled, text);
}

std::shared_ptr<const domain::ResourceSet> SetWith(domain::MaskingProfile profile) {
  auto set = std::make_shared<domain::ResourceSet>();
  set->masking_profiles[profile.name] = profile;
  return set;
}

TEST_CASE("CompileProfile: each action replaces as documented", "[masking]") {
  const std::string text = "pay 4111 1111 1111 1111 now";
  CHECK(MaskedBy({Entity("credit_card")}, text) == "pay <CREDIT_CARD> now");
  CHECK(MaskedBy({Entity("credit_card", Action::kRedact)}, text) == "pay [REDACTED] now");
  CHECK(MaskedBy({Entity("credit_card", Action::kKeepLast)}, text) ==
        "pay **** **** **** 1111 now");
  const std::string hashed = MaskedBy({Entity("credit_card", Action::kHash)}, text);
  CHECK(hashed.substr(0, 17) == "pay <CREDIT_CARD:");
  CHECK(hashed.size() == std::string("pay <CREDIT_CARD:0123456789ab> now").size());
  CHECK(hashed == MaskedBy({Entity("credit_card", Action::kHash)}, text));
  CHECK(hashed != MaskedBy({Entity("credit_card", Action::kHash)}, "pay 5555 5555 5555 4444 now"));
}

TEST_CASE("CompileProfile: keepLast hides all of a match that is not longer than it keeps",
          "[masking]") {
  domain::MaskingRule rule = Pattern("id-é?[0-9]+", "ID");
  rule.action = Action::kKeepLast;
  rule.keep = 4;
  CHECK(MaskedBy({rule}, "id-1 id-12 id-123 id-é12") == "**-* **-** *d-123 *d-é12");
}

TEST_CASE("CompileProfile: custom patterns carry their label", "[masking]") {
  CHECK(MaskedBy({Pattern("PRJ-[0-9]{4}", "PROJECT")}, "see PRJ-1234") == "see <PROJECT>");
  CHECK(MaskedBy({Pattern("(?i)acme", "")}, "see ACME") == "see <CUSTOM>");
}

TEST_CASE("CompileProfile: dictionary terms match as words, with the dictionary's options",
          "[masking]") {
  domain::Dictionary names{
      "code-names", {"Blue Heron", "ibex", "C++", ""}, domain::Normalize::kUnicode};
  domain::MaskingRule rule;
  rule.dictionary = "code-names";
  const auto unicode = Compile({rule}, {names});
  REQUIRE(unicode.ok());
  CHECK(Masked(*unicode, "BLUE heron, Ibe\u0301x, Ibex, ibexes, c++20") ==
        "<CODE_NAMES>, Ibe\u0301x, <CODE_NAMES>, ibexes, <CODE_NAMES>20");
  names.terms.push_back("ibéx");
  CHECK(Masked(*Compile({rule}, {names}), "Ibe\u0301x") == "<CODE_NAMES>");
  names.normalize = domain::Normalize::kCaseless;
  CHECK(Masked(*Compile({rule}, {names}), "IBÉX Ibe\u0301x") == "<CODE_NAMES> Ibe\u0301x");
  names.normalize = domain::Normalize::kNone;
  const auto exact = Compile({rule}, {names});
  REQUIRE(exact.ok());
  CHECK(Masked(*exact, "Ibex ibex") == "Ibex <CODE_NAMES>");
}

TEST_CASE("CompileProfile: the most specific rule for an entity decides", "[masking]") {
  const std::string text = "4111111111111111 a@b.io";
  const auto close = Entity("credit_card", Action::kKeepLast);
  CHECK(MaskedBy({Entity("tier1"), close}, text) == "************1111 <EMAIL>");
  CHECK(MaskedBy({close, Entity("tier1")}, text) == "************1111 <EMAIL>");
  CHECK(MaskedBy({close, Entity("credit_card")}, text) == "<CREDIT_CARD> a@b.io");
}

domain::MaskingRule Template(std::string shape, std::string label = "PROJECT") {
  domain::MaskingRule rule;
  rule.shape = std::move(shape);
  rule.label = std::move(label);
  return rule;
}

TEST_CASE("CompileProfile: characters of a template are literal except # A a *", "[masking]") {
  CHECK(MaskedBy({Template("PRJ-####-AA")},
                 "PRJ-1234-XY, PRJ-123-XY, PRJ-1234-xy, xPRJ-1234-XY, "
                 "PRJ-1234-XYZ") ==
        "<PROJECT>, PRJ-123-XY, PRJ-1234-xy, xPRJ-1234-XY, PRJ-1234-XYZ");
  CHECK(MaskedBy({Template(R"(PRJ-####-\A\A)")}, "PRJ-1234-AA PRJ-1234-XY") ==
        "<PROJECT> PRJ-1234-XY");
  CHECK(MaskedBy({Template("id:*a(#)")}, "id:Zz(7) id:zZ(7)") == "<PROJECT> id:zZ(7)");
}

TEST_CASE("CompileProfile: templates without a placeholder, or with an open escape, are refused",
          "[masking]") {
  CHECK(Compile({Template("word")}).status().message() ==
        "MaskingProfile/p: spec.response[0].template: a template needs at least one of # A a *; "
        "put fixed words into a dictionary");
  CHECK(Compile({Template("#\\")}).status().message() ==
        "MaskingProfile/p: spec.response[0].template: at byte 1: nothing follows \\");
}

domain::MaskingRule Hashed(std::string pattern, std::vector<std::string> values,
                           std::string key = "") {
  domain::MaskingRule rule;
  rule.label = "CUSTOMER";
  rule.hashed = domain::MaskingRule::Hashed{std::move(pattern), {}, SecretString(std::move(key))};
  for (const std::string& value : values) {
    rule.hashed->values.push_back(HashValue(value, rule.hashed->key));
  }
  return rule;
}

TEST_CASE("CompileProfile: hashed values are found in every spelling, other values are not",
          "[masking]") {
  const std::string text = "customers 12345678, 1234-5678 and 87654321";
  CHECK(MaskedBy({Hashed("[0-9]{4}-?[0-9]{4}", {"12 34 56 78"})}, text) ==
        "customers <CUSTOMER>, <CUSTOMER> and 87654321");
  CHECK(MaskedBy({Hashed("[0-9]{8}", {"87654321"}, "k")}, text) ==
        "customers 12345678, 1234-5678 and <CUSTOMER>");
  domain::MaskingRule other_key = Hashed("[0-9]{8}", {"87654321"}, "k");
  other_key.hashed->key = SecretString("other");
  CHECK(MaskedBy({other_key}, text) == text);
}

TEST_CASE("HashValue: agrees with sha256sum and openssl on the normalised value", "[masking]") {
  CHECK(NormalizedForHash(" AB-12\t.c") == "ab12c");
  CHECK(HashValue("A-B C", SecretString()) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231 test case 2.
  CHECK(HashValue("WHAT do ya want for nothing?", SecretString("Jefe")) ==
        HashValue("whatdoyawantfornothing", SecretString("Jefe")));
}

TEST_CASE("CompileProfile: a validator and exceptions restrict a rule", "[masking]") {
  domain::MaskingRule rule = Pattern("[0-9]{4,12}", "ACCOUNT");
  rule.validator = "luhn";
  CHECK(MaskedBy({rule}, "a 79927398713 b 79927398710 c").find("79927398713") == std::string::npos);
  rule = Pattern("PRJ-[0-9]{2,6}", "PROJECT");
  rule.except = {"prj-1234"};
  CHECK(MaskedBy({rule}, "PRJ-1234 PRJ-12345 PRJ-12") == "PRJ-1234 <PROJECT> <PROJECT>");
  domain::MaskingRule mail = Entity("email");
  mail.except = {"Info@Example.com", "a@b.co.uk"};
  CHECK(MaskedBy({mail}, "info@example.com a@b.io a@b.co.uk c@b.co.uk") ==
        "info@example.com <EMAIL> a@b.co.uk <EMAIL>");
  domain::MaskingRule key = Entity("private_key");
  key.except = {"nothing"};
  CHECK(Compile({key}).ok());
}

TEST_CASE("CompileProfile: a minimum count covers all shapes of a detector", "[masking]") {
  domain::MaskingRule rule = Entity("ip_address");
  rule.min_count = 3;
  CHECK(MaskedBy({rule}, "10.1.2.3 2001:db8::1 10.1.2.4 2001:db8::2") ==
        "10.1.2.3 2001:db8::1 <IP_ADDRESS> <IP_ADDRESS>");
  domain::MaskingRule family = Entity("tier1");
  family.min_count = 2;
  CHECK(MaskedBy({family}, "10.1.2.3 a@b.io 2001:db8::1 c@d.io") ==
        "10.1.2.3 a@b.io <IP_ADDRESS> <EMAIL>");
}

TEST_CASE("CompileProfile: contradictory conditions are refused", "[masking]") {
  domain::MaskingRule rule = Pattern("[0-9]{4}", "X");
  rule.validator = "mod7";
  CHECK(std::string(Compile({rule}).status().message())
            .find("spec.response[0].validator: unknown validator 'mod7'; did you mean mod97? There "
                  "are ") != std::string::npos);
  rule = Pattern("x[0-9]+", "X");
  rule.validator = "luhn";
  CHECK(std::string(Compile({rule}).status().message()).find("bound its repeats") !=
        std::string::npos);
}

TEST_CASE("CompileProfile: mistakes name resource, path, position and reason", "[masking]") {
  domain::MaskingRule bad = Pattern("abc(?=d)", "X");
  CHECK(Compile({Entity("email"), bad}).status().message() ==
        "MaskingProfile/p: spec.response[1].pattern: at byte 3: look-around is not supported");
  CHECK(
      Compile({Pattern("a*", "X")}).status().message() ==
      "MaskingProfile/p: spec.response[0].pattern: at byte 0: the pattern matches the empty text");
  CHECK(std::string(Compile({Entity("credit_cards")}).status().message())
            .find("spec.response[0].entity: unknown entity 'credit_cards'") != std::string::npos);
  domain::MaskingRule unknown;
  unknown.dictionary = "missing";
  CHECK(Compile({unknown}).status().message() ==
        "MaskingProfile/p: spec.response[0].dictionary: unknown dictionary 'missing'");
}

TEST_CASE("CompileProfile: reports every mistake of both directions", "[masking]") {
  domain::MaskingProfile profile;
  profile.name = "p";
  profile.response = {Pattern("a*", "X"), Entity("email"), Entity("nothing")};
  profile.prompt = {Pattern("(", "X")};
  const std::string message(CompileProfile(profile, {}, SecretString("key")).status().message());
  CHECK(message.find("spec.response[0].pattern: ") != std::string::npos);
  CHECK(message.find("\nMaskingProfile/p: spec.response[2].entity: ") != std::string::npos);
  CHECK(message.find("\nMaskingProfile/p: spec.prompt[0].pattern: ") != std::string::npos);
}

TEST_CASE("CompileProfile: placeholders of secrets stay unless the profile masks them",
          "[masking]") {
  domain::MaskingProfile profile;
  profile.name = "p";
  profile.response = {Entity("secret.aws_access_key_id")};
  CHECK(Masked(*CompileProfile(profile, {}, SecretString("key")), "AKIAIOSFODNN7EXAMPLE") ==
        "AKIAIOSFODNN7EXAMPLE");
  profile.mask_placeholders = true;
  CHECK(Masked(*CompileProfile(profile, {}, SecretString("key")), "AKIAIOSFODNN7EXAMPLE") ==
        "<SECRET.AWS_ACCESS_KEY_ID>");
}

TEST_CASE("CompileEntities: names, families and sets, each detector once", "[masking]") {
  const auto rules = CompileEntities({"us_ssn", "email", "email"});
  REQUIRE(rules.ok());
  CHECK(text::redaction::RedactWhole(*rules, "536-90-4399 a@b.io 4111111111111111")->text ==
        "<US_SSN> <EMAIL> 4111111111111111");
  CHECK(CompileEntities({"nothing"}).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("ProfileStore: tier1 and none exist before any resources", "[masking]") {
  const ProfileStore store(SecretString("key"));
  CHECK(Masked(*store.Find("tier1"), "a@b.io") == "<EMAIL>");
  CHECK(store.Find("tier1")->prompt->empty());
  CHECK(Masked(*store.Find("none"), "a@b.io") == "a@b.io");
  const auto unknown = store.Find("standard");
  CHECK(unknown.status().code() == absl::StatusCode::kNotFound);
  CHECK(GetReason(unknown.status()) == "masking_profile_unknown");
}

TEST_CASE("ProfileStore: a draft changes nothing until it is served", "[masking]") {
  ProfileStore store(SecretString("key"));
  domain::MaskingProfile profile;
  profile.name = "standard";
  profile.response = {Pattern("PRJ-[0-9]+", "PROJECT")};
  profile.prompt = {Entity("email")};
  const auto set = SetWith(profile);
  REQUIRE(store.Validate(set).ok());
  CHECK_FALSE(store.Find("standard").ok());
  REQUIRE(store.Serve(set).ok());
  CHECK(Masked(*store.Find("standard"), "PRJ-1") == "<PROJECT>");
  CHECK_FALSE(store.Find("standard")->prompt->empty());
  REQUIRE(store.Serve(std::make_shared<domain::ResourceSet>()).ok());
  CHECK_FALSE(store.Find("standard").ok());
  CHECK(store.Find("tier1").ok());
}

TEST_CASE("ProfileStore: a bad draft is refused and the served version stays", "[masking]") {
  ProfileStore store(SecretString("key"));
  domain::MaskingProfile profile;
  profile.name = "standard";
  profile.response = {Entity("email")};
  REQUIRE(store.Serve(SetWith(profile)).ok());
  profile.response = {Pattern("(", "X")};
  CHECK(store.Validate(SetWith(profile)).code() == absl::StatusCode::kInvalidArgument);
  CHECK_FALSE(store.Serve(SetWith(profile)).ok());
  CHECK(Masked(*store.Find("standard"), "a@b.io") == "<EMAIL>");
  profile.name = "tier1";
  profile.response.clear();
  CHECK(store.Validate(SetWith(profile)).message() ==
        "MaskingProfile/tier1: the name is that of a built-in profile");
}

}  // namespace
}  // namespace countersign::masking
