#include "services/edge/call/answer/credential_patterns.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace countersign::edge::call::answer {
namespace {

constexpr char kSecret[] = "sk-Live/7f+Q_x9=";

CredentialPatterns Patterns(const std::string& value, const std::string& name = "authorization") {
  domain::CredentialLease lease;
  lease.headers.push_back({name, SecretString(value)});
  return CredentialPatterns(lease);
}

std::string Overwritten(const CredentialPatterns& patterns, std::string text) {
  patterns.Overwrite(text);
  return text;
}

std::string UrlSafe(const std::string& text) {
  return absl::StrReplaceAll(text, {{"+", "-"}, {"/", "_"}, {"=", ""}});
}

TEST_CASE("CredentialPatterns: the secret is found without its scheme, in any case", "[edge]") {
  const CredentialPatterns patterns = Patterns(absl::StrCat("Bearer ", kSecret));
  CHECK(Overwritten(patterns, absl::StrCat("key ", kSecret, ".")) ==
        absl::StrCat("key ", std::string(sizeof(kSecret) - 1, '*'), "."));
  CHECK(Overwritten(patterns, absl::StrCat("BEARER ", absl::AsciiStrToUpper(kSecret))) ==
        absl::StrCat("BEARER ", std::string(sizeof(kSecret) - 1, '*')));
  CHECK_FALSE(patterns.Find("Bearer sk-Live/7f+Q_x9").has_value());
}

TEST_CASE("CredentialPatterns: encoded forms are found at any offset", "[edge]") {
  const CredentialPatterns patterns = Patterns(absl::StrCat("Bearer ", kSecret));
  std::string percent, unicode, decimal, hexadecimal;
  for (const char c : std::string(kSecret)) {
    absl::StrAppend(&percent, "%", absl::Hex(c, absl::kZeroPad2));
    absl::StrAppend(&unicode, "\\u", absl::Hex(c, absl::kZeroPad4));
    absl::StrAppend(&decimal, "&#", static_cast<int>(c), ";");
    absl::StrAppend(&hexadecimal, "&#x", absl::Hex(c), ";");
  }
  for (const std::string& form :
       {std::string("sk-Live%2F7f%2BQ_x9%3D"), std::string("sk%2DLive%2F7f%2BQ%5Fx9%3D"),
        std::string("sk-Live%2f7f%2bQ_x9%3d"), std::string("sk-Live\\/7f+Q_x9="), percent, unicode,
        decimal, hexadecimal, absl::BytesToHexString(kSecret)}) {
    CAPTURE(form);
    const auto match = patterns.Find("a " + form + " z");
    REQUIRE(match.has_value());
    CHECK(match->begin == 2);
    CHECK(match->end == 2 + form.size());
  }
  for (int before = 0; before < 7; ++before) {
    const std::string around = std::string(before, 'q') + kSecret + "tail";
    for (const std::string& form :
         {absl::Base64Escape(around), UrlSafe(absl::Base64Escape(around))}) {
      CAPTURE(before, form);
      const auto match = patterns.Find(form);
      REQUIRE(match.has_value());
      CHECK(match->end - match->begin >= sizeof(kSecret) - 1);  // all but its edges
    }
  }
}

TEST_CASE("CredentialPatterns: escapes of single bytes are found, also of JSON within JSON",
          "[edge]") {
  const CredentialPatterns patterns = Patterns(absl::StrCat("Bearer ", kSecret));
  std::string nested = R"(sk\u002dLive/7f+Q_x9=)";
  for (int depth = 0; depth < 4; ++depth) {
    CAPTURE(nested);
    CHECK(Overwritten(patterns, absl::StrCat("{\"k\":\"", nested, "\"}")) ==
          absl::StrCat("{\"k\":\"", std::string(nested.size(), '*'), "\"}"));
    nested = absl::StrReplaceAll(nested, {{"\\", "\\\\"}});
  }
  for (const char* form :
       {R"(\u0073k-Live/7f+Q_x9\u003D)", R"(\u0053k-Live\/7f+Q_x9=)", R"(sk-Live\\\/7f+Q_x9=)",
        R"(\x73k-Live/7f+Q_x9=)", "sk-Live/7f%2BQ_x9=", "sk&#45;Live&#x2F;7f+Q_x9&#061",
        "%73k-Live/7f+Q_x9=", R"(\\\\u0073\\\\u006b-Live/7f+Q_x9=)"}) {
    CAPTURE(form);
    const auto match = patterns.Find(absl::StrCat("a ", form, "."));
    REQUIRE(match.has_value());
    CHECK(match->begin == 2);
    CHECK(match->end == 2 + std::string(form).size());
  }
  for (const char* other :
       {R"(sk\u002eLive/7f+Q_x9=)", R"(sk\u02dLive/7f+Q_x9=)",
        "sk&#451;Live/7f+Q_x9=", R"(sk\-Live/7f+Q_x9=)", "sk%2ELive/7f+Q_x9="}) {
    CAPTURE(other);
    CHECK_FALSE(patterns.Find(other).has_value());
  }
}

TEST_CASE("CredentialPatterns: of Basic, the pair, the password and the header", "[edge]") {
  const std::string encoded = absl::Base64Escape("gateway:correct horse");
  const CredentialPatterns patterns = Patterns("Basic " + encoded);
  for (const std::string& form :
       {encoded, std::string("gateway:correct horse"), std::string("correct horse"),
        std::string("correct+horse"), std::string("correct%20horse")}) {
    CAPTURE(form);
    CHECK(patterns.Find("<" + form + ">").has_value());
  }
  CHECK_FALSE(patterns.Find("the gateway is correct, horses too").has_value());
}

TEST_CASE("CredentialPatterns: a header's value without a scheme is the secret", "[edge]") {
  CHECK(Patterns("two-words secret7", "api-key").Find("x secret7 y").has_value());
  const CredentialPatterns whole = Patterns("a secret_7 value", "x-key");
  CHECK(whole.Find("secret_7 value").has_value());
}

TEST_CASE("CredentialPatterns: without a credential, or with a short one, nothing is found",
          "[edge]") {
  CHECK(CredentialPatterns().empty());
  CHECK(CredentialPatterns(domain::CredentialLease()).empty());
  CHECK(Patterns("Bearer abcde").empty());
  CHECK_FALSE(Patterns("Bearer abcdef").empty());
  CHECK_FALSE(CredentialPatterns().Find("anything").has_value());
  CHECK(CredentialPatterns().FindOpenEnd("anything").size == 0);
}

TEST_CASE("CredentialPatterns: FindOpenEnd finds the end that may begin a match", "[edge]") {
  const CredentialPatterns patterns = Patterns(absl::StrCat("Bearer ", kSecret));
  CHECK(patterns.FindOpenEnd("the key sk-L").size == 4);
  CHECK(patterns.FindOpenEnd("the key SK-LIVE").size == 7);
  CHECK(patterns.FindOpenEnd("the key sk-").size == 3);
  CHECK(patterns.FindOpenEnd("the key s").size == 1);
  CHECK(patterns.FindOpenEnd("100%").size == 1);              // of a percent escape
  CHECK(patterns.FindOpenEnd("sk-Live/7f+Q_x9=").size == 0);  // all of it
  CHECK(patterns.FindOpenEnd("the key sk\\").size == 3);
  CHECK(patterns.FindOpenEnd("the key sk\\\\u002").size == 8);
  CHECK(patterns.FindOpenEnd("the key sk\\u002d").size == 8);
  CHECK(patterns.FindOpenEnd("the key sk&#4").size == 5);
  CHECK(patterns.FindOpenEnd("the key sk\\u001").size == 0);
  CHECK(patterns.FindOpenEnd("the key sk&#2").size == 0);
  CHECK(patterns.FindOpenEnd("line\\t").size == 0);
  CHECK(patterns.FindOpenEnd("the key.").size == 0);
  CHECK(patterns.FindOpenEnd("").size == 0);
  CHECK(patterns.FindOpenEnd("the key sk-Li").of_match == 5);
  CHECK(patterns.FindOpenEnd("the key sk\\u002").of_match == 2);
  CHECK(patterns.FindOpenEnd("C:\\\\\\\\\\\\").of_match == 0);
}

TEST_CASE("CredentialPatterns: every occurrence is overwritten", "[edge]") {
  const CredentialPatterns patterns = Patterns("Bearer abcabcabc");
  CHECK(Overwritten(patterns, "abcabcabcabcabc") == "*********abcabc");
  CHECK(Overwritten(patterns, "abcabcabc abcabcabc") == "********* *********");
  CHECK(Overwritten(patterns, "abcabc").find('*') == std::string::npos);
}

}  // namespace
}  // namespace countersign::edge::call::answer
