#include "services/edge/call/answer/credential_masking.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace countersign::edge::call::answer {
namespace {

using domain::FieldPiece;
using domain::FieldRelease;

constexpr char kSecret[] = "sk-live-0123456789";
constexpr char kLabel[] = "<UPSTREAM_CREDENTIAL>";

CredentialPatterns Patterns() {
  domain::CredentialLease lease;
  lease.headers.push_back({"authorization", SecretString(absl::StrCat("Bearer ", kSecret))});
  return CredentialPatterns(lease);
}

// Feeds pieces that the masker released unchanged.
struct Fixture {
  FieldRelease Feed(const std::string& text, bool end = false, const std::string& field = "f") {
    return masking.Apply(FieldPiece{field, text, end}, FieldRelease{text, 0, 0, {}});
  }
  const CredentialPatterns patterns = Patterns();
  CredentialMasking masking{patterns};
};

TEST_CASE("CredentialMasking: a text without the credential is unchanged", "[edge]") {
  Fixture f;
  for (const char* text : {"hello", " skill", "-", "ask!", "", "a sk-.", "late"}) {
    CAPTURE(text);
    const FieldRelease release = f.Feed(text);
    CHECK(release.Unchanged());
    CHECK(release.text == text);
  }
  CHECK(f.Feed("", true).Unchanged());
  CHECK(f.Feed(R"(\\server\share\\\\\\\\)", true).Unchanged());  // they may begin an escape
}

TEST_CASE("CredentialMasking: a match becomes a label, and its original is not stored", "[edge]") {
  Fixture f;
  const FieldRelease release = f.Feed(absl::StrCat("key ", kSecret, " end"), true);
  CHECK(release.text == absl::StrCat("key ", kLabel, " end"));
  REQUIRE(release.masked.size() == 1);
  CHECK(release.masked[0].begin == 4);
  CHECK(release.masked[0].end == 4 + sizeof(kLabel) - 1);
  CHECK(release.masked[0].entity == "upstream_credential");
  CHECK(release.masked[0].original.empty());
}

TEST_CASE("CredentialMasking: no byte of it is sent, wherever a text is cut", "[edge]") {
  const std::string forms[] = {kSecret, absl::Base64Escape(absl::StrCat("Bearer ", kSecret)),
                               absl::BytesToHexString(kSecret),
                               R"({\"k\":\"sk\\u002dlive\\u002D012345678\\u0039\"})"};
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const std::string& form : forms) {
    const std::string text = absl::StrCat("the key is ", form, " and ", form, ", that is all");
    for (int round = 0; round < 300; ++round) {
      Fixture f;
      std::string all;
      std::size_t held = 0;
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = round == 0 ? 1 : 1 + random() % 20;
        const std::string piece = text.substr(at, size);
        at += size;
        const FieldRelease release = f.Feed(piece, at >= text.size());
        REQUIRE(release.held_before == held);
        held = release.held_after;
        for (const domain::MaskedSpan& span : release.masked) {
          REQUIRE(release.text.substr(span.begin, span.end - span.begin) == kLabel);
        }
        all += release.text;
      }
      REQUIRE(held == 0);
      CAPTURE(form, all);
      REQUIRE_FALSE(f.patterns.Find(all).has_value());
      // The bytes around the secret in the base64 of the header are not part of it.
      const std::string rest = absl::StrReplaceAll(all, {{kLabel, "*"}});
      if (form == kSecret || form == forms[2]) {
        REQUIRE(rest == "the key is * and *, that is all");
      }
      REQUIRE(absl::EndsWith(all, ", that is all"));
      REQUIRE(absl::StrContains(all, kLabel));
    }
  }
}

TEST_CASE("CredentialMasking: held text is sent when the text ends or continues differently",
          "[edge]") {
  Fixture f;
  CHECK(f.Feed("see sk-live").text == "see ");
  const FieldRelease other = f.Feed("ly");
  CHECK(other.text == "sk-lively");
  CHECK(other.held_before == 7);
  CHECK(other.held_after == 0);
  CHECK(f.Feed(" sk-l").text == " ");
  CHECK(f.Feed("", true).text == "sk-l");
}

TEST_CASE(
    "CredentialMasking: a text that ends within the credential shows less than six bytes of it",
    "[edge]") {
  const std::string secret = kSecret;
  for (std::size_t size = 1; size < secret.size(); ++size) {
    CAPTURE(size);
    const std::string part = secret.substr(0, size);
    const std::string expected = size < 6 ? part : kLabel;
    Fixture f;
    CHECK(f.Feed("it is " + part, true).text == "it is " + expected);  // at once
    std::string all;
    for (const char c : part) all += f.Feed(std::string(1, c)).text;  // byte by byte
    CHECK(all.empty());
    CHECK(f.Feed("", true).text == expected);
  }
}

TEST_CASE("CredentialMasking: what is held after a match is not masked twice", "[edge]") {
  Fixture f;
  CHECK(f.Feed(absl::StrCat(kSecret, "s")).text == kLabel);
  CHECK(f.Feed("o", true).text == "so");
}

TEST_CASE("CredentialMasking: a label has the place of what it replaces", "[edge]") {
  Fixture f;
  FieldRelease masked{absl::StrCat("a <CARD> ", kSecret, " ", kSecret, " sk-l"), 0, 0, {}};
  masked.masked.push_back({2, 8, "credit_card", "4111111111111111", 2, 18});
  const FieldRelease release = f.masking.Apply(FieldPiece{"f", "", false}, masked);
  REQUIRE(release.masked.size() == 3);
  CHECK(release.masked[1].in_begin == 19);
  CHECK(release.masked[1].in_end == 37);
  CHECK(release.masked[2].in_begin == 38);
  CHECK(release.masked[2].in_end == 56);
  const FieldRelease next = f.Feed("ive-0123456789.", true);
  CHECK(next.text == absl::StrCat(kLabel, "."));
  REQUIRE(next.masked.size() == 1);
  CHECK(next.masked[0].in_begin == 57);
  CHECK(next.masked[0].in_end == 75);
}

TEST_CASE("CredentialMasking: texts of different fields are not one text", "[edge]") {
  Fixture f;
  CHECK(f.Feed("sk-live-", false, "a").text.empty());
  CHECK(f.Feed("0123456789", false, "b").text == "0123456789");
  CHECK(f.Feed("0123456789", false, "a").text == kLabel);
}

TEST_CASE("CredentialMasking: the masker's replacements are kept", "[edge]") {
  Fixture f;
  FieldRelease masked{absl::StrCat("<CARD> ", kSecret, " <CARD> sk-l"), 3, 5, {}};
  masked.masked.push_back({0, 6, "credit_card", "4111"});
  masked.masked.push_back({26, 32, "credit_card", "4222"});
  masked.restored = true;
  const FieldRelease release = f.masking.Apply(FieldPiece{"f", "", false}, masked);
  CHECK(release.text == absl::StrCat("<CARD> ", kLabel, " <CARD> "));
  CHECK(release.held_before == 3);
  CHECK(release.held_after == 5 + 4);
  CHECK(release.restored);
  REQUIRE(release.masked.size() == 3);
  CHECK(release.masked[0].original == "4111");
  CHECK(release.text.substr(release.masked[1].begin, 21) == kLabel);
  CHECK(release.text.substr(release.masked[2].begin, 6) == "<CARD>");
  CHECK(release.masked[2].original == "4222");
}

}  // namespace
}  // namespace countersign::edge::call::answer
