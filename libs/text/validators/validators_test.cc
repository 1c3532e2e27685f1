#include "libs/text/validators/validators.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/text/validators/check_digits.h"
#include "libs/text/validators/credentials.h"
#include "libs/text/validators/keccak.h"
#include "libs/text/validators/placeholders.h"

namespace countersign::text::validators {
namespace {

TEST_CASE("validators: published examples", "[validators]") {
  const auto passes = [](const char* name, const char* text) {
    const NamedValidator* const validator = FindValidator(name);
    REQUIRE(validator != nullptr);
    return validator->accepts(text);
  };
  CHECK(passes("luhn", "79927398713"));
  CHECK_FALSE(passes("luhn", "79927398710"));
  CHECK(passes("verhoeff", "2363"));
  CHECK_FALSE(passes("verhoeff", "2364"));
  CHECK(passes("damm", "5724"));
  CHECK_FALSE(passes("damm", "5727"));
  CHECK(passes("mod11_2", "0000-0002-1694-233X"));
  CHECK_FALSE(passes("mod11_2", "0000-0002-1694-2331"));
  CHECK(passes("mod11_10", "07945"));
  CHECK_FALSE(passes("mod11_10", "07946"));
  CHECK(passes("mod97", "79444"));
  CHECK_FALSE(passes("mod97", "79445"));
}

TEST_CASE("Keccak256: published digests", "[validators]") {
  const auto hex = [](absl::string_view data) {
    std::string text;
    for (const char c : Keccak256(data)) {
      absl::StrAppend(&text, absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
    return text;
  };
  CHECK(hex("") == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  CHECK(hex("abc") == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

TEST_CASE("AllValidators: are sorted by name, each once", "[validators]") {
  const auto all = AllValidators();
  REQUIRE(all.size() > 80);
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].name < all[i].name);
  for (const NamedValidator& validator : all) CHECK(FindValidator(validator.name) == &validator);
  CHECK(FindValidator("") == nullptr);
  CHECK(FindValidator("zzz") == nullptr);
}

// A rule may combine any validator with any pattern, and profiles do.
TEST_CASE("AllValidators: each one returns for any text, deterministically", "[validators]") {
  const std::vector<std::string> pieces = {
      "0", "9", "4111", "A",   "Z",  "z",    " ", "-",   ".",   "/",  ":",  "@", "=",   "$", "'",
      "+", "%", "x",    "eyJ", "\n", "\xC3", "é", "-p ", "://", "00", "DE", "1", "bc1", "0x"};
  std::mt19937 random(7);
  std::vector<std::string> texts = {
      "", std::string(300, '1'), std::string(300, 'a'), "--", "-u", ":", "@"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::size_t size = random() % 24; size > 0; --size)
      text += pieces[random() % pieces.size()];
    texts.push_back(std::move(text));
  }
  for (const NamedValidator& validator : AllValidators()) {
    for (const std::string& text : texts) {
      // An exact copy, so that a sanitizer detects a read past its end.
      const std::vector<char> exact(text.begin(), text.end());
      const absl::string_view match(exact.data(), exact.size());
      bool accepted = false;
      try {
        accepted = validator.accepts(match);
      } catch (const std::exception& error) {
        FAIL(validator.name << " of '" << text << "': " << error.what());
      }
      if (accepted != validator.accepts(match)) FAIL(validator.name << " of '" << text << "'");
    }
  }
}

// Every scheme detects a change of one digit; Verhoeff, Damm and the moduli also detect a swap of
// two neighbours (their papers; ISO 7064).
TEST_CASE("check digits: a changed digit and two swapped digits are detected", "[validators]") {
  struct Scheme {
    const char* name;
    bool finds_swaps;
  };
  std::mt19937 random(11);
  for (const Scheme& scheme : {Scheme{"luhn", false}, Scheme{"verhoeff", true},
                               Scheme{"damm", true}, Scheme{"mod11_10", false}}) {
    INFO(scheme.name);
    const auto accepts = FindValidator(scheme.name)->accepts;
    for (int round = 0; round < 50; ++round) {
      std::string digits;
      while (digits.size() < 12) digits += static_cast<char>('0' + random() % 10);
      std::size_t valid = 0;
      for (char check = '0'; check <= '9'; ++check) {
        digits.back() = check;
        if (accepts(digits)) ++valid;
      }
      CHECK(valid == 1);
      digits.back() = '0';
      while (!accepts(digits)) ++digits.back();
      for (std::size_t at = 0; at < digits.size(); ++at) {
        std::string changed = digits;
        changed[at] = static_cast<char>('0' + (digits[at] - '0' + 1 + random() % 9) % 10);
        if (accepts(changed)) FAIL(digits << " and " << changed);
        std::string swapped = digits;
        if (at > 0) std::swap(swapped[at - 1], swapped[at]);
        if (scheme.finds_swaps && swapped != digits && accepts(swapped))
          FAIL(digits << " " << swapped);
      }
    }
  }
}

TEST_CASE("LooksRandom: accepts random strings, refuses names and placeholders", "[validators]") {
  for (const char* yes : {"x7Kq92LmZp0Rt5Vb", "a8f5f167f44f4964e6c998dee827110c"})
    CHECK(LooksRandom(yes));
  for (const char* no :
       {"aaaaaaaaaaaaaaaa1", "abcdefghijklmnop123456", "exampleToken12345678", "", "1"}) {
    INFO(no);
    CHECK_FALSE(LooksRandom(no));
  }
}

TEST_CASE("IsPlaceholder: what documentation writes, and no random secret", "[validators]") {
  for (const char* text :
       {"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "AKIAIOSFODNN7EXAMPLE", "sk-your-key-here",
        "XXXXXXXX", "glpat-00000000000000000000", "<API-KEY>", "0123456789abcdef",
        "REPLACE_ME_1234567890", "sk-{{ KEY }}", "YOUR_TOKEN_1234567890123456789012345",
        "sk-xxxx-xxxx", "yourapikey12345"}) {
    INFO(text);
    CHECK(IsPlaceholder(text));
  }
  std::mt19937 random(20260202);
  constexpr absl::string_view kLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int i = 0; i < 20'000; ++i) {
    std::string secret;
    while (secret.size() < 60) secret += kLetters[random() % kLetters.size()];
    if (IsPlaceholder(secret)) FAIL_CHECK(secret);
  }
  CHECK_FALSE(IsPlaceholder(""));
  // A short word within random letters says nothing.
  CHECK_FALSE(IsPlaceholder("EAAAlUbVVbWF1GObvAvh2oP_9JLp033PfJQ7yNR-kpb_XlY6rIbLoREmzL0Bb2d7"));
}

TEST_CASE("passwords: what people choose, and not what programs say", "[validators]") {
  for (const char* text : {"S3cr3tPw9x!", "P@ssw0rd42", "Summer2024!", "aB3$efgh"}) {
    INFO(text);
    CHECK(IsPasswordLike(text));
    CHECK(IsQuotedPassword(text));
    CHECK(IsStatedPassword(text));
  }
  for (const char* text : {"abcDEF/ghi9", "abcDEF(ghi9)", "abcDEF<ghi9", "9@tm!(B/2H_PRNz?4{/@",
                           "c0rrect\"horse9", "abcDEF!ghi"}) {
    INFO(text);
    CHECK(IsQuotedPassword(text));
  }
  for (const char* text : {"", "changeme", "your-Password-1", "<Password1>", "${DB_PASSWORD_1}",
                           "$Password1", "xxxxxxxx", "********", "string", "required", "password_2",
                           "https://x.example/A1", "getPassword1()", "{Password1}"}) {
    INFO(text);
    CHECK_FALSE(IsPasswordLike(text));
    CHECK_FALSE(IsQuotedPassword(text));
    CHECK_FALSE(IsStatedPassword(text));
  }
  for (const char* text : {"config.Pass1", "/run/secrets/Db1", "v1.2.3-RC", "Type::Name1"}) {
    INFO(text);
    CHECK_FALSE(IsPasswordLike(text));
  }
  CHECK_FALSE(IsStatedPassword("Sha256Hash"));
  CHECK(IsShortToken("abc123def"));
  CHECK_FALSE(IsShortToken("token1"));
}

TEST_CASE("IsDate: accepts existing dates only", "[validators]") {
  CHECK(IsDate(2024, 2, 29));
  CHECK_FALSE(IsDate(2023, 2, 29));
  CHECK_FALSE(IsDate(1900, 2, 29));
  CHECK(IsDate(2000, 2, 29));
  CHECK_FALSE(IsDate(2024, 4, 31));
  CHECK_FALSE(IsDate(2024, 0, 1));
  CHECK_FALSE(IsDate(2024, 13, 1));
  CHECK_FALSE(IsDate(2024, 1, 0));
}

}  // namespace
}  // namespace countersign::text::validators
