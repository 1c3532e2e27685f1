#include "libs/base/secret.h"

#include <catch2/catch.hpp>
#include <ostream>
#include <type_traits>

namespace countersign {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(Printable<std::string> && !Printable<SecretString>, "a secret must not be printed");
static_assert(!std::is_convertible_v<SecretString, std::string>, "Reveal is written out");
static_assert(!std::is_convertible_v<std::string, SecretString>, "a secret is made on purpose");

TEST_CASE("Secret: Reveal returns the value", "[base]") {
  const SecretString secret("correct horse");
  CHECK(secret.Reveal() == "correct horse");
  CHECK_FALSE(secret.empty());
  CHECK(SecretString().empty());
}

TEST_CASE("Secret: a copy is independent of the original", "[base]") {
  SecretString original("first");
  const SecretString copy(original);
  original = SecretString("second");
  CHECK(copy.Reveal() == "first");
  CHECK(original.Reveal() == "second");
}

TEST_CASE("Secret: self-assignment keeps the value", "[base]") {
  SecretString secret("kept");
  SecretString& same = secret;
  secret = same;
  CHECK(secret.Reveal() == "kept");
}

TEST_CASE("WipeMemory: every byte is zero, and size zero needs no memory", "[base]") {
  std::string bytes = "0123456789";
  WipeMemory(bytes.data(), bytes.size());
  CHECK(bytes == std::string(10, '\0'));
  CHECK_NOTHROW(WipeMemory(nullptr, 0));
}

}  // namespace
}  // namespace countersign
