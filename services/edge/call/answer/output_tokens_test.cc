#include "services/edge/call/answer/output_tokens.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"

namespace countersign::edge::call::answer {
namespace {

using text::tokens::Tokenizer;

const Tokenizer& Exact() { return **Tokenizer::ByName("o200k_base"); }

struct Counter {
  domain::Connection connection;
  OutputTokens tokens{connection, "gpt-4o"};  // whose tokens are exact
};

TEST_CASE("OutputTokens: pieces of a text count as the whole", "[edge]") {
  const std::string text = "Hello wonderful world, how are you today?";
  Counter counter;
  OutputTokens& tokens = counter.tokens;
  CHECK(tokens.Count() == 0);
  for (const char c : text) tokens.Add({{"choices/0/content", std::string(1, c)}});
  CHECK(tokens.Count() == Exact().Count(text));
}

TEST_CASE("OutputTokens: texts of several fields are counted each", "[edge]") {
  Counter counter;
  OutputTokens& tokens = counter.tokens;
  tokens.Add({{"choices/0/content", "won"}, {"choices/1/content", "won"}});
  tokens.Add({{"choices/0/content", "derful"}, {"choices/1/content", "derful"}});
  CHECK(tokens.Count() == 2 * Exact().Count("wonderful"));
}

TEST_CASE("OutputTokens: a long text keeps a bounded rest, and counts the same", "[edge]") {
  std::string text;
  while (text.size() < 20 * OutputTokens::kMostKept) {
    absl::StrAppend(&text, "The quick brown fox, number ", text.size(), ", jumps over it.\n");
  }
  Counter counter;
  OutputTokens& tokens = counter.tokens;
  for (std::size_t at = 0; at < text.size(); at += 100) {
    tokens.Add({{"choices/0/content", text.substr(at, 100)}});
  }
  CHECK(tokens.Count() == Exact().Count(text));
}

TEST_CASE("OutputTokens: a long text without words is counted in parts", "[edge]") {
  const std::string text(3 * OutputTokens::kMostKept, '7');
  Counter counter;
  OutputTokens& tokens = counter.tokens;
  tokens.Add({{"choices/0/content", text}});
  CHECK(tokens.Count() == Exact().Count(text));
}

TEST_CASE("FindTokenizer: the connection's, else the model's", "[edge]") {
  domain::Connection connection;
  CHECK(FindTokenizer(connection, "gpt-4").name() == "cl100k_base");
  CHECK(FindTokenizer(connection, "gpt-4o").name() == "o200k_base");
  connection.tokenizer = "cl100k_base";
  CHECK(FindTokenizer(connection, "gpt-4o").name() == "cl100k_base");
  connection.tokenizer = "unknown";
  CHECK(FindTokenizer(connection, "gpt-4o").name() == "o200k_base");
}

}  // namespace
}  // namespace countersign::edge::call::answer
