#include "libs/text/detectors.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace countersign::text {
namespace {

std::shared_ptr<const RuleSet> RulesFor(absl::string_view name) {
  std::vector<RedactionRule> rules;
  const auto detectors = FindDetectors(name);
  REQUIRE(detectors.ok());
  for (const Detector* detector : *detectors) rules.push_back(RuleOf(*detector));
  const auto compiled = RuleSet::Compile(std::move(rules));
  REQUIRE(compiled.ok());
  return *compiled;
}

std::string Masked(absl::string_view name, absl::string_view text) {
  const auto redacted = RedactWhole(RulesFor(name), text);
  REQUIRE(redacted.ok());
  return redacted->text;
}

// Whether all of `text`, between a letter-free left and right, is taken as one entity.
bool Finds(absl::string_view entity, absl::string_view text) {
  const std::string label = absl::StrCat("<", LabelOf(entity), ">");
  return Masked(entity, absl::StrCat("a: ", text, ", b")) == absl::StrCat("a: ", label, ", b");
}

bool Ignores(absl::string_view entity, absl::string_view text) {
  return Masked(entity, text) == text;
}

TEST_CASE("credit_card: every brand and length, with and without separators", "[detectors]") {
  for (const char* number : {"4111111111111111",
                             "4111 1111 1111 1111",
                             "4111-1111-1111-1111",
                             "4222222222222",
                             "5555555555554444",
                             "2223003122003222",
                             "378282246310005",
                             "3782 822463 10005",
                             "6011111111111117",
                             "30569309025904",
                             "3530111333300000",
                             "6200000000000005",
                             "6759649826438453",
                             "676770000005",
                             "2200000000000004",
                             "4000000000000000006",
                             "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
                             "4111\u00A01111\u00A01111\u00A01111",
                             "4111\u202F1111\u202F1111\u202F1111",
                             "4111\u20111111\u20111111\u20111111"}) {
    INFO(number);
    CHECK(Finds("credit_card", number));
  }
}

TEST_CASE("credit_card: wrong check digits, brands and longer runs are left alone", "[detectors]") {
  for (const char* number : {"4111111111111112", "1234567812345670", "0000000000000000",
                             "41111111111111111", "x4111111111111111", "4111111111111111_",
                             "4111  1111  1111  1111", "9999 9999 9999 9995"}) {
    INFO(number);
    CHECK(Ignores("credit_card", number));
  }
}

TEST_CASE("credit_card: a later start may be the one that validates", "[detectors]") {
  CHECK(Masked("credit_card", "1 4111 1111 1111 1111.") == "1 <CREDIT_CARD>.");
  CHECK(Masked("credit_card", "4111111111111111 1") == "<CREDIT_CARD> 1");
}

TEST_CASE("us_ssn: issued ranges with one kind of separator", "[detectors]") {
  for (const char* number : {"123-45-6789", "536-90-4399", "536.90.4399", "536 90 4399",
                             "899-99-9999", "001-01-0001", "536\u201190\u20114399"}) {
    INFO(number);
    CHECK(Finds("us_ssn", number));
  }
  for (const char* number :
       {"000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "111-11-1111",
        "078-05-1120", "219-09-9999", "123-45.6789", "123-45-67890", "1123-45-6789", "123456789"}) {
    INFO(number);
    CHECK(Ignores("us_ssn", number));
  }
}

TEST_CASE("us_itin: 9xx with a group that is handed out", "[detectors]") {
  CHECK(Finds("us_itin", "900-70-0000"));
  CHECK(Finds("us_itin", "999-88-1234"));
  CHECK(Ignores("us_itin", "900-89-0000"));
  CHECK(Ignores("us_itin", "123-70-0000"));
}

TEST_CASE("iban: registry lengths, mod 97, any case, spaces and dashes", "[detectors]") {
  for (const char* account :
       {"GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819", "gb29 nwbk 6016 1331 9268 19",
        "DE89-3704-0044-0532-0130-00", "NO9386011117947", "MT84MALT011000012345MTLCAST001S",
        "FR14 2004 1010 0505 0001 3M02 606", "CH93 0076 2011 6238 5295 7"}) {
    INFO(account);
    CHECK(Finds("iban", account));
  }
  for (const char* account : {"GB28 NWBK 6016 1331 9268 19", "GB29 NWBK 6016 1331 9268 1",
                              "ZZ29NWBK60161331926819", "XGB29NWBK60161331926819"}) {
    INFO(account);
    CHECK(Ignores("iban", account));
  }
  CHECK(Masked("iban", "to GB29 NWBK 6016 1331 9268 19 today") == "to <IBAN> today");
}

TEST_CASE("email: addresses inside prose, and nothing else", "[detectors]") {
  for (const char* address : {"john@x.io", "a.b+c@ex-ample.co.uk", "J_D%1@mail.example.museum",
                              "u@xn--bcher-kva.xn--p1ai"}) {
    INFO(address);
    CHECK(Finds("email", address));
  }
  for (const char* text :
       {"john@localhost", "@types/node", "a @ b.com", "user@10.0.0.1", "x@-a.com"}) {
    INFO(text);
    CHECK(Ignores("email", text));
  }
  CHECK(Masked("email", "Write to john@x.io.") == "Write to <EMAIL>.");
  CHECK(Masked("email", "(john@x.io)") == "(<EMAIL>)");
}

TEST_CASE("phone, addresses and machine addresses", "[detectors]") {
  CHECK(Finds("phone", "+44 20 7946 0958"));
  CHECK(Finds("phone", "+1 (415) 555-2671"));
  CHECK(Finds("phone", "+491701234567"));
  CHECK(Finds("phone", "(415) 555-2671"));
  CHECK(Finds("phone", "415-555-2671"));
  CHECK(Ignores("phone", "115-555-2671"));
  CHECK(Ignores("phone", "+12 34"));
  CHECK(Finds("ip_address", "10.0.0.255"));
  CHECK(Finds("ip_address", "2001:db8::8a2e:370:7334"));
  CHECK(Ignores("ip_address", "256.1.1.1"));
  CHECK(Ignores("ip_address", "a::b and std::string and 12:30"));
  CHECK(Finds("mac_address", "00:1A:2b:3c:4d:5e"));
  CHECK(Ignores("mac_address", "00:1A:2b-3c:4d:5e"));
}

TEST_CASE("secrets: fixed prefixes", "[detectors]") {
  CHECK(Finds("secret.aws_access_key_id", "AKIAABCDEFGHIJKLMNOP"));
  CHECK(Ignores("secret.aws_access_key_id", "AKIAABCDEFGHIJKLMNOPQ"));
  CHECK(Finds("secret.github_token", absl::StrCat("ghp_", std::string(36, 'a'))));
  CHECK(Finds("secret.github_token", absl::StrCat("github_pat_", std::string(82, 'a'))));
  CHECK(Finds("url_credentials", "postgres://u:p@"));
  CHECK(Masked("secret.*", absl::StrCat("glpat-", std::string(20, 'x'), " AKIAABCDEFGHIJKLMNOP")) ==
        "<SECRET.GITLAB_TOKEN> <SECRET.AWS_ACCESS_KEY_ID>");
  CHECK(Finds("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWJ5dGVz"));
  CHECK(Ignores("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0"));
}

TEST_CASE("private_key: from the header to the end, with or without it", "[detectors]") {
  const std::string body = "MIIBVgIBADANBgkqhkiG9w0BAQEFAASC\nATAwggEsAgEAAkEA=\n";
  CHECK(Masked("private_key", "k:\n-----BEGIN PRIVATE KEY-----\n" + body +
                                  "-----END PRIVATE KEY-----\nthen") == "k:\n<PRIVATE_KEY>\nthen");
  CHECK(Masked("private_key", "-----BEGIN RSA PRIVATE KEY-----\n" + body) == "<PRIVATE_KEY>");
  CHECK(Masked("private_key",
               "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\n" +
                   body + "-----END EC PRIVATE KEY-----.") == "<PRIVATE_KEY>.");
  CHECK(Ignores("private_key", "-----BEGIN PUBLIC KEY-----\nabc"));
}

TEST_CASE("FindDetectors: an unknown name is refused with the known ones", "[detectors]") {
  const auto found = FindDetectors("credit_cards");
  CHECK(found.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(found.status().message()).find("us_ssn") != std::string::npos);
  CHECK_FALSE(FindDetectors("secret.").ok());
  CHECK_FALSE(FindDetectors("nothing.*").ok());
  CHECK(FindDetectors("tier1")->size() == Tier1Detectors().size());
}

}  // namespace
}  // namespace countersign::text
