#include "services/masking/named_validators.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace countersign::masking {
namespace {

bool Accepts(const char* name, absl::string_view text) { return (*FindValidator(name))(text); }

TEST_CASE("FindValidator: accepts published examples with any separators", "[masking]") {
  CHECK(Accepts("luhn", "7992 7398 713"));
  CHECK(Accepts("gs1", "4006381333931"));
  CHECK(Accepts("verhoeff", "2363"));
  CHECK(Accepts("verhoeff", "123451"));
  CHECK(Accepts("damm", "5724"));
  CHECK(Accepts("mod11", "0-306-40615-2"));
  CHECK(Accepts("mod11", "0-8044-2957-X"));
  CHECK(Accepts("mod11_10", "07945"));
  CHECK(Accepts("mod97", "3214282912345698765432161182"));
  CHECK(Accepts("iban", "GB82 WEST 1234 5698 7654 32"));
  CHECK(Accepts("credit_card", "4111 1111 1111 1111"));
  CHECK(Accepts("entropy", "k3F9a2C1x7"));
}

TEST_CASE("FindValidator: a wrong digit or form is refused", "[masking]") {
  for (const char* name : {"luhn", "gs1", "verhoeff", "damm", "mod11_10"}) {
    CAPTURE(name);
    for (const char* text : {"", "0", "a7", "--"}) CHECK_FALSE(Accepts(name, text));
  }
  const auto changed_digits_pass = [](const char* name, std::string text) {
    int passed = 0;
    for (char& c : text) {
      const char before = c;
      for (char digit = '0'; digit <= '9'; ++digit) {
        c = digit;
        passed += digit != before && Accepts(name, text);
      }
      c = before;
    }
    return passed;
  };
  CHECK(changed_digits_pass("luhn", "79927398713") == 0);
  CHECK(changed_digits_pass("gs1", "4006381333931") == 0);
  CHECK(changed_digits_pass("verhoeff", "123451") == 0);
  CHECK(changed_digits_pass("damm", "5724") == 0);
  CHECK(changed_digits_pass("mod11", "0306406152") == 0);
  CHECK(changed_digits_pass("mod11_10", "07945") == 0);
  CHECK(changed_digits_pass("mod97", "3214282912345698765432161182") == 0);
  CHECK_FALSE(Accepts("mod11", "X306406152"));
  CHECK_FALSE(Accepts("entropy", "aaaaaaaaaaa1"));
  CHECK_FALSE(Accepts("entropy", "abcdefghijkl"));
}

TEST_CASE("FindValidator: an unknown name lists those that exist", "[masking]") {
  const absl::Status status = FindValidator("mod7").status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(absl::StrContains(status.message(), "verhoeff"));
}

}  // namespace
}  // namespace countersign::masking
