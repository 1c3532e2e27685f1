#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "libs/crypto/hash.h"
#include "libs/text/detectors/detectors.h"
#include "libs/text/validators/address_codes.h"

namespace countersign::text::detectors {
namespace {

std::string EncodeBase58Check(std::string bytes) {
  bytes += crypto::Sha256(crypto::Sha256(bytes)).substr(0, 4);
  std::vector<unsigned> digits;  // of base 58, little-endian
  for (const char c : bytes) {
    unsigned carry = static_cast<unsigned char>(c);
    for (unsigned& digit : digits) {
      carry += digit << 8;
      digit = carry % 58;
      carry /= 58;
    }
    for (; carry != 0; carry /= 58) digits.push_back(carry % 58);
  }
  for (std::size_t i = 0; i < bytes.size() && bytes[i] == '\0'; ++i) digits.push_back(0);
  std::string text;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    text += validators::kBitcoinAlphabet[*digit];
  }
  return text;
}

// The smallest and largest payload of a version, and some in between.
std::vector<std::string> Payloads(std::size_t size, std::mt19937& random) {
  std::vector<std::string> payloads = {std::string(size, '\0'), std::string(size, '\xff')};
  while (payloads.size() < 40) {
    std::string payload(size, '\0');
    std::generate(payload.begin(), payload.end(), [&] { return static_cast<char>(random()); });
    payloads.push_back(std::move(payload));
  }
  return payloads;
}

void CheckMasked(const std::string& entity, const std::string& version, std::size_t size,
                 const std::string& tail = "") {
  std::vector<redaction::RedactionRule> rules;
  const std::vector<const Detector*> detectors = FindDetectors(entity).value();
  for (const Detector* detector : detectors) rules.push_back(ToRule(*detector));
  const auto compiled = redaction::RuleSet::Compile(std::move(rules));
  REQUIRE(compiled.ok());
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  for (const std::string& payload : Payloads(size, random)) {
    const std::string text = EncodeBase58Check(version + payload + tail);
    INFO("seed " << seed << ": " << text);
    const auto redacted = redaction::RedactWhole(*compiled, text);
    REQUIRE(redacted.ok());
    CHECK(redacted->text == "<" + ToLabel(entity) + ">");
  }
}

TEST_CASE("crypto_address: every payload of every version is found", "[detectors]") {
  for (const int version : {0, 5, 111, 196, 48, 50, 30, 22, 76, 16, 65}) {
    CheckMasked("crypto_address", std::string(1, static_cast<char>(version)), 20);
  }
  CheckMasked("crypto_address", "\x1c\xb8", 20);
  CheckMasked("crypto_address", "\x1c\xbd", 20);
}

TEST_CASE("private_key: every wallet key is found", "[detectors]") {
  for (const char* version : {"\x80", "\xef"}) {
    CheckMasked("private_key", version, 32);
    CheckMasked("private_key", version, 32, "\x01");
  }
}

}  // namespace
}  // namespace countersign::text::detectors
