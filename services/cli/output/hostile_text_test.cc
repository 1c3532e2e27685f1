// Random hostile texts in every output format: nothing reaches a terminal or parser unescaped, and
// JSON and YAML parse back to the printed values.
#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <random>
#include <sstream>

#include "libs/base/utf8.h"
#include "libs/json/writer.h"
#include "services/cli/output/output.h"
#include "services/cli/output/table.h"

namespace countersign::cli::output {
namespace {

class Texts {
 public:
  explicit Texts(unsigned seed) : random_(seed) {}

  std::string Next() {
    static const std::uint32_t hard[] = {
        0x00,   0x01,   0x07,   0x08,   0x09,   0x0a,    0x0d,    0x1b,    0x20,
        0x22,   0x27,   0x5c,   0x7f,   0x80,   0x85,    0x9b,    0xa0,    0xad,
        0x61c,  0x200b, 0x200e, 0x2028, 0x2029, 0x202e,  0x2066,  0x2800,  0x3164,
        0xfe0f, 0xfeff, 0xfffe, 0xffff, 0xfffd, 0xe0041, 0x1f600, 0x10ffff};
    static const char* const words[] = {
        "",      "true", "null", "~",  "- a", "a: b", "# x", "1.5", "0x1f", "yes",   "!tag",
        "&a *a", "|",    ">",    "{}", "[",   "%",    "@x",  "`",   "a'b",  " lead", "trail "};
    std::string text = random_() % 3 == 0 ? words[random_() % std::size(words)] : "";
    for (unsigned n = random_() % 6; n > 0; --n) {
      text += random_() % 2 == 0 ? EncodeUtf8(hard[random_() % std::size(hard)])
                                 : std::string(1, static_cast<char>('a' + random_() % 26));
    }
    return text;
  }

  // An object of texts, lists and objects, as JSON.
  std::string Object(int depth) {
    json::Writer out;
    Write(out, depth);
    return out.str();
  }

 private:
  void Write(json::Writer& out, int depth) {
    out.BeginObject();
    const unsigned members = random_() % 4;
    for (unsigned n = 0; n < members; ++n) {
      out.Key(std::to_string(n) + Next());
      if (depth == 0 || random_() % 3 == 0) {
        out.String(Next());
      } else if (random_() % 2 == 0) {
        Write(out, depth - 1);
      } else {
        out.BeginArray();
        for (unsigned i = random_() % 3; i > 0; --i) out.String(Next());
        out.EndArray();
      }
    }
    out.EndObject();
  }

  std::mt19937 random_;
};

// No control characters except line ends, and none that change how other text is shown.
bool IsTame(const std::string& printed) {
  for (std::size_t at = 0; at < printed.size();) {
    const Utf8Char c = DecodeUtf8(printed, at);
    if (!c.valid) return false;
    if (c.code_point != '\n' &&
        Printable(printed.substr(at, c.size)) != printed.substr(at, c.size)) {
      return false;
    }
    at += c.size;
  }
  return true;
}

bool Same(const YAML::Node& yaml, json::Value json) {
  if (json.is(json::Type::kString)) return yaml.IsScalar() && yaml.Scalar() == json.text();
  if (yaml.size() != json.size()) return false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const bool object = json.is(json::Type::kObject);
    const YAML::Node child = object ? yaml[std::string(json.key(i))] : yaml[i];
    if (!child.IsDefined() || !Same(child, json.at(i))) return false;
  }
  return true;
}

TEST_CASE("PrintJson, PrintYaml, Table: random texts stay texts", "[cli]") {
  const unsigned seed = std::random_device()();
  Texts texts(seed);
  for (int round = 0; round < 3000; ++round) {
    const std::string source = texts.Object(3);
    INFO("seed " << seed << ", round " << round << ": " << source);
    const auto document = json::Document::Parse(source);
    REQUIRE(document.ok());
    std::ostringstream json, yaml, table;
    PrintJson(json, document->root());
    PrintYaml(yaml, document->root());
    Table rows{"A", "B"};
    rows.Add({texts.Next(), texts.Next()});
    rows.Print(table);
    REQUIRE(IsTame(json.str()));
    REQUIRE(IsTame(yaml.str()));
    REQUIRE(IsTame(table.str()));
    const std::string lines = table.str();
    REQUIRE(std::count(lines.begin(), lines.end(), '\n') == 2);
    const auto again = json::Document::Parse(json.str());
    REQUIRE(again.ok());
    REQUIRE(ToJson(again->root()) == ToJson(document->root()));
    REQUIRE(Same(YAML::Load(yaml.str()), document->root()));
  }
}

TEST_CASE("Printable: every character is kept or escaped", "[cli]") {
  for (std::uint32_t c = 0; c <= 0x10ffff; ++c) {
    const std::string text = EncodeUtf8(c);
    if (text.empty()) continue;  // a surrogate
    const std::string shown = Printable(text);
    const bool is_control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    if (is_control) REQUIRE(shown != text);
    if (shown != text) REQUIRE(shown.front() == '\\');
  }
}

}  // namespace
}  // namespace countersign::cli::output
