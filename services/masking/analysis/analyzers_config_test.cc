#include "services/masking/analysis/analyzers_config.h"

#include <catch2/catch.hpp>

#include "libs/config/testing/read_fields.h"

namespace countersign::masking::analysis {
namespace {

using config::testing::ReadFields;

std::string Read(const std::string& yaml, std::vector<AnalyzerConfig>& configs) {
  return ReadFields(yaml, "service", [&](config::Fields& fields) {
    configs = ReadAnalyzers(fields, [](const std::string& file) { return "/etc/" + file; });
  });
}

TEST_CASE("ReadAnalyzers: none by default", "[masking]") {
  std::vector<AnalyzerConfig> configs;
  CHECK(Read("{}", configs).empty());
  CHECK(configs.empty());
}

TEST_CASE("ReadAnalyzers: values and defaults", "[masking]") {
  std::vector<AnalyzerConfig> configs;
  REQUIRE(
      Read("analyzers: [{name: names, url: 'https://ner:7000', authority: ca.crt, language: de, "
           "timeout: 500ms, onFailure: maskLess, maxCalls: 5, maxBytes: 2048}, "
           "{name: p, protocol: presidio, url: 'http://presidio:3000/v1'}]",
           configs)
          .empty());
  REQUIRE(configs.size() == 2);
  CHECK(configs[0].protocol == AnalyzerConfig::Protocol::kGrpc);
  CHECK(configs[0].authority == "/etc/ca.crt");
  CHECK(configs[0].options.language == "de");
  CHECK(configs[0].options.timeout == absl::Milliseconds(500));
  CHECK(configs[0].options.on_failure == OnFailure::kMaskLess);
  CHECK(configs[0].options.most_calls == 5);
  CHECK(configs[0].options.most_bytes == 2048);
  CHECK(configs[1].protocol == AnalyzerConfig::Protocol::kPresidio);
  CHECK(configs[1].options.language == "en");
  CHECK(configs[1].options.on_failure == OnFailure::kRefuse);
}

TEST_CASE("ReadAnalyzers: all mistakes at once", "[masking]") {
  std::vector<AnalyzerConfig> configs;
  const std::string mistakes = Read(
      "analyzers: [{name: A, url: 'ftp://x'}, {name: b, url: 'http://x/p', timeout: 9s}, "
      "{name: b, protocol: rest, url: 'http://u:p@x', authority: ca.crt, onFailure: pass}, "
      "{url: 'http://x', speed: 1}]",
      configs);
  for (const char* const mistake :
       {"analyzers[0].name: may have lower-case letters", "analyzers[0].url",
        "analyzers[1].url: has a path", "analyzers[1].timeout",
        "analyzers[2]: \"b\" is there twice", "analyzers[2].protocol", "analyzers[2].url",
        "analyzers[2].onFailure", "analyzers[3].name", "analyzers[3].speed"}) {
    CHECK_THAT(mistakes, Catch::Contains(mistake));
  }
}

}  // namespace
}  // namespace countersign::masking::analysis
