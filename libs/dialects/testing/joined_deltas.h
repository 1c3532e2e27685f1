#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/sse/parser.h"
#include "libs/json/document.h"

namespace countersign::dialects::testing {

// The text of one choice as an SDK reassembles it from a stream: member `name` of its deltas, or of
// its tool call `tool`.
inline std::string Joined(absl::string_view stream, absl::string_view name, int choice = 0,
                          std::optional<int> tool = std::nullopt) {
  sse::Parser parser(64u << 20);
  std::vector<sse::Event> events;
  REQUIRE(parser.Feed(stream, events).ok());
  std::string text;
  for (const sse::Event& event : events) {
    const auto document = json::Document::Parse(event.data);
    if (!document.ok()) continue;
    const json::Value choices = document->root()["choices"];
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (choices.at(i)["index"].integer() != choice) continue;
      const json::Value delta = choices.at(i)["delta"];
      if (!tool) absl::StrAppend(&text, delta[name].text());
      const json::Value calls = delta["tool_calls"];
      for (std::size_t k = 0; tool && k < calls.size(); ++k) {
        if (calls.at(k)["index"].integer() != *tool) continue;
        absl::StrAppend(&text, calls.at(k)["function"][name].text());
      }
    }
  }
  return text;
}

}  // namespace countersign::dialects::testing
