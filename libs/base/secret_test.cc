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

// The first bytes of a secret's memory, which may be longer than its value.
std::string Memory(const SecretString& secret, std::size_t size) {
  return std::string(secret.Reveal().data(), size);
}

TEST_CASE("Secret: moving a short value overwrites the original", "[base]") {
  const std::string nothing(7, '\0');
  SecretString first("hunter2");
  SecretString second(std::move(first));
  CHECK(second.Reveal() == "hunter2");
  CHECK(first.empty());
  CHECK(Memory(first, 7) == nothing);
  SecretString third;
  third = std::move(second);
  CHECK(third.Reveal() == "hunter2");
  CHECK(second.empty());
  CHECK(Memory(second, 7) == nothing);
}

TEST_CASE("Secret: assigning a shorter value overwrites the rest of the longer one", "[base]") {
  SecretString secret("0123456789");
  const SecretString other("abc");
  SECTION("by copy") { secret = other; }
  SECTION("by move") { secret = SecretString("abc"); }
  CHECK(secret.Reveal() == "abc");
  CHECK(Memory(secret, 10) == std::string("abc") + std::string(7, '\0'));
}

TEST_CASE("Secret: moving a long value moves its memory", "[base]") {
  const std::string value(100, 's');
  SecretString first(value);
  const char* const memory = first.Reveal().data();
  const SecretString second(std::move(first));
  CHECK(second.Reveal() == value);
  CHECK(second.Reveal().data() == memory);
  CHECK(first.empty());
}

TEST_CASE("WipeMemory: every byte is zero, and size zero needs no memory", "[base]") {
  std::string bytes = "0123456789";
  WipeMemory(bytes.data(), bytes.size());
  CHECK(bytes == std::string(10, '\0'));
  CHECK_NOTHROW(WipeMemory(nullptr, 0));
}

}  // namespace
}  // namespace countersign
