#include <hs.h>
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>

#include "libs/text/regex/regex_parser.h"
#include "libs/text/testing/random_patterns.h"
#include "libs/text/testing/redaction_oracle.h"

namespace countersign::text::regex {
namespace {

using DatabasePtr = std::unique_ptr<hs_database_t, decltype(&hs_free_database)>;
using ScratchPtr = std::unique_ptr<hs_scratch_t, decltype(&hs_free_scratch)>;
using Ends = std::set<std::size_t>;

// Null when Hyperscan refuses the pattern, because it has its own limits.
DatabasePtr Compile(const std::string& pattern) {
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  hs_compile(pattern.c_str(), HS_FLAG_UTF8, HS_MODE_BLOCK, nullptr, &database, &error);
  hs_free_compile_error(error);
  return {database, &hs_free_database};
}

Ends EndsByHyperscan(const hs_database_t* database, const std::string& text) {
  hs_scratch_t* raw = nullptr;
  REQUIRE(hs_alloc_scratch(database, &raw) == HS_SUCCESS);
  const ScratchPtr scratch(raw, &hs_free_scratch);
  Ends ends;
  const auto collect = [](unsigned, unsigned long long, unsigned long long to, unsigned,
                          void* context) {
    static_cast<Ends*>(context)->insert(to);
    return 0;
  };
  REQUIRE(hs_scan(database, text.data(), static_cast<unsigned>(text.size()), 0, scratch.get(),
                  collect, &ends) == HS_SUCCESS);
  return ends;
}

Ends EndsByDefinition(const RegexNode& root, const std::string& text) {
  Ends ends;
  for (std::size_t start = 0; start <= text.size(); ++start) {
    ends.merge(testing::oracle::Ends(root, text, start));
  }
  return ends;
}

TEST_CASE("Our parser and Hyperscan interpret the dialect alike", "[regex]") {
  CHECK(rc::check([](std::uint64_t seed) {
    testing::Random random(seed);
    const std::string pattern = testing::RandomPattern(random, 3);
    const auto regex = ParseRegex(pattern);
    if (!regex.ok() || regex->min_width == 0) return;
    const DatabasePtr database = Compile(pattern);
    if (database == nullptr) return;
    for (int round = 0; round < 8; ++round) {
      const std::string text = testing::RandomText(random, 16);
      RC_LOG(pattern + " on " + text);
      RC_ASSERT(EndsByHyperscan(database.get(), text) == EndsByDefinition(regex->root, text));
    }
  }));
}

TEST_CASE("ParseRegex: arbitrary bytes are accepted or refused, and never crash it", "[regex]") {
  CHECK(rc::check([](const std::string& bytes) {
    const auto regex = ParseRegex(bytes);
    RC_ASSERT(regex.ok() || regex.status().code() == absl::StatusCode::kInvalidArgument);
  }));
  CHECK(rc::check([](std::uint64_t seed) {
    testing::Random random(seed);
    std::string pattern;
    for (std::size_t left = testing::Below(random, 20); left > 0; --left) {
      pattern += R"(ab01(|)[]{},*+?\.-^$:=!<iPxbdws)"[testing::Below(random, 32)];
    }
    const auto regex = ParseRegex(pattern);
    RC_ASSERT(regex.ok() || regex.status().code() == absl::StatusCode::kInvalidArgument);
    // Hyperscan refuses no accepted pattern for its syntax.
    if (CheckRegex(pattern).ok()) {
      RC_LOG(pattern);
      const bool compiles = Compile(pattern) != nullptr;
      RC_ASSERT(compiles);
    }
  }));
}

}  // namespace
}  // namespace countersign::text::regex
