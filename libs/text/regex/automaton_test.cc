#include "libs/text/regex/automaton.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "libs/text/regex/regex_span.h"
#include "libs/text/testing/random_patterns.h"
#include "libs/text/testing/redaction_oracle.h"

// Compares the automaton, and the code built on it, with an interpretation of the regex tree.
namespace countersign::text::regex {
namespace {

bool Allows(const Neighbour& neighbour, absl::string_view text, std::size_t at, bool before) {
  if (before ? at == 0 : at == text.size()) return neighbour.edge;
  return neighbour.bytes.Contains(static_cast<unsigned char>(before ? text[at - 1] : text[at]));
}

// The ends of the matches that start at `begin`.
std::set<std::size_t> EndsByAutomaton(const Automaton& automaton, absl::string_view text,
                                      std::size_t begin) {
  std::set<std::size_t> ends;
  std::set<std::uint32_t> active;
  for (const Automaton::Edge& edge : automaton.first) {
    if (Allows(edge.neighbour, text, begin, true)) active.insert(edge.state);
  }
  for (std::size_t at = begin; at < text.size() && !active.empty(); ++at) {
    std::set<std::uint32_t> next;
    for (const std::uint32_t state : active) {
      if (!automaton.bytes[state].Contains(static_cast<unsigned char>(text[at]))) continue;
      for (const Automaton::Edge& edge : automaton.last) {
        if (edge.state == state && Allows(edge.neighbour, text, at + 1, false)) ends.insert(at + 1);
      }
      next.insert(automaton.followers[state].begin(), automaton.followers[state].end());
    }
    active = std::move(next);
  }
  return ends;
}

struct Sample {
  std::string pattern;
  Regex regex;
  Automaton automaton;
};

std::vector<Sample> RandomSamples(testing::Random& random, std::size_t count) {
  std::vector<Sample> samples;
  while (samples.size() < count) {
    Sample sample;
    sample.pattern = testing::RandomPattern(random, 3);
    auto regex = ParseRegex(sample.pattern);
    if (!regex.ok()) continue;  // its expanded repeats are too many states
    auto automaton = BuildAutomaton(*regex);
    if (!automaton.ok()) continue;  // it matches the empty text, or cannot match
    sample.regex = *std::move(regex);
    sample.automaton = *std::move(automaton);
    samples.push_back(std::move(sample));
  }
  return samples;
}

TEST_CASE("BuildAutomaton: matches like the tree, for random patterns and texts", "[regex]") {
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  testing::Random random(seed);
  for (const Sample& sample : RandomSamples(random, 150)) {
    for (int round = 0; round < 8; ++round) {
      const std::string text = testing::RandomText(random, 12);
      for (std::size_t begin = 0; begin < text.size(); ++begin) {
        std::set<std::size_t> expected = testing::oracle::Ends(sample.regex.root, text, begin);
        expected.erase(begin);
        if (EndsByAutomaton(sample.automaton, text, begin) == expected) continue;
        FAIL(sample.pattern << " on '" << text << "' at " << begin);
      }
    }
  }
}

TEST_CASE("BuildAutomaton: every state is on a path from a first to a last state", "[regex]") {
  testing::Random random(5);
  for (const Sample& sample : RandomSamples(random, 100)) {
    const Automaton& automaton = sample.automaton;
    std::set<std::uint32_t> reached;
    std::vector<std::uint32_t> open;
    for (const Automaton::Edge& edge : automaton.first) open.push_back(edge.state);
    while (!open.empty()) {
      const std::uint32_t state = open.back();
      open.pop_back();
      if (!reached.insert(state).second) continue;
      for (const std::uint32_t follower : automaton.followers[state]) open.push_back(follower);
    }
    INFO(sample.pattern);
    CHECK(reached.size() == automaton.bytes.size());
    for (const auto& followers : automaton.followers) {
      CHECK(std::is_sorted(followers.begin(), followers.end()));
    }
  }
}

TEST_CASE("RegexSpanFinder: returns the first start and its last end", "[regex]") {
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  testing::Random random(seed);
  for (const Sample& sample : RandomSamples(random, 100)) {
    const auto finder = RegexSpanFinder::Create(sample.pattern);
    REQUIRE(finder.ok());
    for (int round = 0; round < 6; ++round) {
      const std::string text = testing::RandomText(random, 12);
      for (std::size_t end = 1; end <= text.size(); ++end) {
        for (std::size_t begin = 0; begin < end; ++begin) {
          std::set<std::size_t> ends = testing::oracle::Ends(sample.regex.root, text, begin);
          if (!ends.contains(end)) continue;
          const RegexSpan span = finder->At(text, end);
          if (span.begin != begin || span.end != *ends.rbegin()) {
            FAIL(sample.pattern << " on '" << text << "' before " << end << ": " << span.begin
                                << " to " << span.end);
          }
          break;
        }
      }
    }
  }
}

TEST_CASE("RegexSpanFinder: refuses the same patterns as ParseRegex and BuildAutomaton",
          "[regex]") {
  CHECK(RegexSpanFinder::Create("(").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(RegexSpanFinder::Create("a*").status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace countersign::text::regex
