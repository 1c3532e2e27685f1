// Texts designed to cost memory or time (adversarial groups 7, 19 and 20). No time is measured: the
// tests count operations that a non-linear engine would need more of.

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/testing/default_rules.h"

namespace countersign::text::redaction {
namespace {

using testing::CompiledRules;
using testing::DefaultRules;
using testing::DefaultSet;
using testing::Fed;
using testing::SimpleRule;

constexpr std::size_t kMegabyte = 1 << 20;

// The memory that a stream may use beside held text (2 KiB), and while it drops a long match.
constexpr std::size_t kIdleState = 2048;
constexpr std::size_t kSwallowing = 32 * 1024;

// Feeds `unit` repeatedly, in pieces of 1 to 4096 bytes, until `bytes` were fed.
Fed& FeedMany(Fed& fed, absl::string_view unit, std::size_t bytes, std::mt19937& random) {
  std::string block;
  while (block.size() < 64 * 1024) absl::StrAppend(&block, unit);
  for (std::size_t done = 0; done < bytes; done += block.size()) {
    for (std::size_t at = 0; at < block.size();) {
      const std::size_t size = std::min<std::size_t>(block.size() - at, 1 + random() % 4096);
      fed.Feed(absl::string_view(block).substr(at, size));
      at += size;
      fed.spans.clear();
    }
  }
  return fed;
}

TEST_CASE("adversarial 07: a megabyte of base64 after the start of a token", "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const char* begin : {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.", "Authorization: Bearer ",
                            "sk-ant-api03-", "ghp_", "https://user:", "api_key = "}) {
    CAPTURE(begin);
    Fed fed;
    fed.Feed(begin);
    FeedMany(fed, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY", kMegabyte, random)
        .Feed(" end", true);
    CHECK(absl::EndsWith(fed.out, " end"));
    CHECK(fed.most_held <= RedactionLimits().max_held_bytes);
    CHECK(fed.most_memory < kSwallowing);
  }
}

TEST_CASE("adversarial 07: a private key that never ends", "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Fed fed;
  fed.Feed("a -----BEGIN RSA PRIVATE").Feed(" KEY-----\n");
  FeedMany(fed, "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n", 2 * kMegabyte, random);
  CHECK(fed.out == "a <PRIVATE_KEY>");  // replaced at once, and nothing is released since
  CHECK(fed.most_memory < kSwallowing);
  CHECK(fed.Feed("", true).out == "a <PRIVATE_KEY>");
}

// The default detectors, counting calls of validators and the bytes they get.
struct Asked {
  std::size_t times = 0;
  std::size_t bytes = 0;
};
std::shared_ptr<const RuleSet> Counting(Asked& asked) {
  std::vector<RedactionRule> rules = DefaultRules();
  for (RedactionRule& rule : rules) {
    if (!rule.validator) continue;
    rule.validator = [&asked, check = rule.validator](absl::string_view match) {
      ++asked.times;
      asked.bytes += match.size();
      return check(match);
    };
  }
  return CompiledRules(std::move(rules));
}

TEST_CASE("adversarial 07: ten megabytes of digits with separators take linear time",
          "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Asked asked;
  const auto rules = Counting(asked);
  for (const char* unit : {"4111 1111 1111 1111 ", "9 0-"}) {
    CAPTURE(unit);
    asked = {};
    Fed little(rules), much(rules);
    FeedMany(little, unit, kMegabyte / 4, random);
    const Asked first = asked;
    asked = {};
    FeedMany(much, unit, 5 * kMegabyte, random);
    // For twenty times the text, at most about twenty times as many calls.
    CHECK(asked.times <= 22 * (first.times + 1));
    CHECK(asked.bytes <= 22 * (first.bytes + 100));
    CHECK(much.most_held <= little.most_held + 64);
    CHECK(much.most_memory < kSwallowing);
  }
}

// Texts to be cut, with possible continuations.
const std::vector<std::string>& Beginnings() {
  static const auto& texts = *new std::vector<std::string>{
      "Card 4111 1111 1111 1111, SSN 536-90-4399, PRJ-12345.",
      "mail a.b+c@ex-ample.co.uk or GB29 NWBK 6016 1331 9268 19",
      "http://user:pw@host.example.com/ 10.0.0.255 2001:db8::1",
      "AKIAABCDEFGHIJKLMNOP api_key = \"a8Zk29Bq01xYwVu7\" ghp_",
      "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\nok",
      "4\u200B111\u20111111 1111 1111 \uFF14\uFF11",
      "plain words, 12 of them or 34, v1.2.3-rc.1 at 2024-05-17T12:30:45",
  };
  return texts;
}

TEST_CASE("adversarial 19: released text is a prefix of the masked text for every continuation",
          "[adversarial]") {
  const std::vector<std::string> ends = {
      "", " ", "0", "9", "1111", "@x.io", "x", "-", ".", "\n", "4399", " 4111111111111111", "\xFF"};
  for (const std::string& text : Beginnings()) {
    CAPTURE(text);
    Fed fed;
    for (std::size_t size = 1; size <= text.size(); ++size) {
      const std::string before = fed.out;
      fed.Feed(absl::string_view(text).substr(size - 1, 1));
      REQUIRE(absl::StartsWith(fed.out, before));
      REQUIRE(fed.stream.held() <= size);
      for (const std::string& end : ends) {
        const std::string whole = text.substr(0, size) + end;
        const std::string masked = RedactWhole(DefaultSet(), whole)->text;
        if (!absl::StartsWith(masked, fed.out)) {
          FAIL(whole << " becomes " << masked << " but " << fed.out << " has left");
        }
      }
    }
  }
}

TEST_CASE("adversarial 20: ten thousand streams at once use little memory each", "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto rules = DefaultSet();
  constexpr std::size_t kStreams = 10'000;
  struct One {
    RedactionStream stream;
    const std::string* text;
    std::size_t at = 0;
    std::string out;
  };
  std::vector<One> streams;
  streams.reserve(kStreams);
  for (std::size_t i = 0; i < kStreams; ++i) {
    streams.push_back(
        {RedactionStream(rules), &Beginnings()[random() % Beginnings().size()], 0, {}});
  }
  std::size_t largest = 0;
  std::vector<RedactedSpan> spans;
  for (std::size_t open = kStreams; open > 0;) {
    for (One& one : streams) {
      if (one.at > one.text->size()) continue;
      const std::string piece = one.text->substr(one.at, 1 + random() % 24);
      one.at += piece.size();
      const bool end = piece.empty();
      if (!one.stream.Feed(piece, end, &one.out, &spans).ok()) FAIL("an engine error");
      spans.clear();
      if (end) {
        ++one.at;
        --open;
        continue;
      }
      largest = std::max(largest, one.stream.memory_bytes() - one.stream.held());
    }
  }
  CHECK(largest <= kIdleState);
  for (const One& one : streams) {
    if (one.out != RedactWhole(rules, *one.text)->text) FAIL(*one.text << " became " << one.out);
  }
}

}  // namespace
}  // namespace countersign::text::redaction
