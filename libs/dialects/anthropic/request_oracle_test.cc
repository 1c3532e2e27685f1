// Random requests against an oracle that shares no code with the partition: policies see everything
// that a model might read, and every value is shown to reviewers.
// CS_ORACLE_BODIES=1000000 runs that many; CS_ORACLE_SEED=… repeats a run.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "libs/dialects/anthropic/request.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "libs/text/documents/decoded_text.h"

namespace countersign::dialects::anthropic {
namespace {

// Writes valid requests with words planted at every place for a string or a name.
class RequestWriter {
 public:
  explicit RequestWriter(std::uint64_t seed) : random_(seed) {}

  std::string Write(bool batch) {
    planted_.clear();
    if (!batch) return Params();
    return absl::StrCat(R"({"requests":[{"custom_id":)", String(), R"(,"params":)", Params(),
                        R"(},{"custom_id":)", String(), ",", Name(), ":", Anything(2),
                        R"(,"params":)", Params(), "}]}");
  }

  // The words of the last request: policies must see each of them.
  const std::vector<std::string>& planted() const { return planted_; }

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }
  bool Chance(std::size_t n) { return Below(n) == 0; }
  const char* Pick(std::initializer_list<const char*> from) {
    return *(from.begin() + static_cast<std::ptrdiff_t>(Below(from.size())));
  }
  template <typename Make>
  std::string List(Make make, std::size_t most) {
    std::vector<std::string> list(Below(most + 1));
    for (std::string& each : list) each = make();
    return absl::StrCat("[", absl::StrJoin(list, ", "), "]");
  }

  std::string Word() {
    std::string word = "w";
    for (int i = 0; i < 11; ++i) word += static_cast<char>('a' + Below(26));
    planted_.push_back(word);
    return word;
  }
  std::string Name() { return json::Quote(Word()); }

  std::string String() {
    switch (Below(7)) {
      case 0:
        return json::Quote(absl::StrCat("data:", Pick({"text/plain", "", "image/png"}), ";base64,",
                                        absl::Base64Escape(Word())));
      case 1: return json::Quote(absl::StrCat("{\"a\":[", json::Quote(Word()), ",1]}"));
      case 2: return "\"\"";
      case 3: return absl::StrReplaceAll(json::Quote(Word()), {{"w", "\\u0077"}});
      default: return json::Quote(Word());
    }
  }

  std::string Anything(int depth) {
    switch (Below(depth > 0 ? 7 : 5)) {
      case 0: return Pick({"true", "false", "null", "{}", "[]", "7"});
      case 1: {
        planted_.push_back(absl::StrCat(4000000000000000 + Below(999999999999999)));
        return planted_.back();
      }
      case 5: return List([&] { return Anything(depth - 1); }, 3);
      case 6:
        return absl::StrCat("{",
                            Chance(2) ? Name()
                                      : json::Quote(Pick({"type", "id", "data", "url", "signature",
                                                          "media_type", "source"})),
                            ":", Anything(depth - 1), "}");
      default: return String();
    }
  }

  // What a place for media may have; elsewhere base64 is read as it is written.
  std::string Media(bool at_media) {
    if (!at_media) return String();
    std::string bytes = Pick({"\x89PNG\r\n\x1a\n", "%PDF-1.7\n"});
    for (std::size_t i = 100 + Below(200); i > 0; --i) bytes += static_cast<char>(128 + Below(128));
    switch (Below(4)) {
      case 0: return String();
      case 1: return json::Quote(absl::Base64Escape(absl::StrCat("the ", Word())));
      default: return json::Quote(absl::Base64Escape(bytes));
    }
  }

  std::string Source(bool at_media) {
    switch (Below(4)) {
      case 0: return absl::StrCat(R"({"type":"url","url":)", String(), "}");
      case 1: return absl::StrCat(R"({"type":"content","content":)", Content(0, false), "}");
      case 2:
        return absl::StrCat(R"({"type":"text","media_type":"text/plain","data":)", String(), "}");
      default:
        return absl::StrCat(R"({"type":"base64","media_type":)",
                            Chance(4) ? String() : Pick({"\"image/png\"", "\"application/pdf\""}),
                            R"(,"data":)", Media(at_media), "}");
    }
  }

  std::string Block(int depth, bool at_media) {
    std::string block = [&]() -> std::string {
      switch (Below(10)) {
        case 0: return absl::StrCat(R"({"type":"image","source":)", Source(at_media));
        case 1:
          return absl::StrCat(R"({"type":"document","title":)", String(), R"(,"context":)",
                              String(), R"(,"source":)", Source(at_media));
        case 2:
          return absl::StrCat(R"({"type":"tool_use","id":)",
                              Chance(2) ? "\"toolu_01A09q90qw90lq91\"" : String(), R"(,"name":)",
                              String(), R"(,"input":{)", Name(), ":", Anything(2), "}");
        case 3:
          return absl::StrCat(R"({"type":"tool_result","tool_use_id":)", String(), R"(,"content":)",
                              depth > 0 ? Content(depth - 1, depth == 2) : String());
        case 4:
          return absl::StrCat(R"({"type":"thinking","thinking":)", String(), R"(,"signature":)",
                              String());
        case 5: return absl::StrCat(R"({"type":"redacted_thinking","data":)", String());
        case 6:
          return absl::StrCat(R"({"type":"search_result","source":)", String(), R"(,"title":)",
                              String(), R"(,"content":)", Content(0, false));
        case 7: return absl::StrCat("{\"type\":", String(), ",", Name(), ":", Anything(2));
        default:
          return absl::StrCat(R"({"type":"text","text":)", String(), R"(,"citations":[)",
                              Anything(2), "]");
      }
    }();
    if (Chance(6)) absl::StrAppend(&block, R"(,"cache_control":{"type":"ephemeral","ttl":"5m"})");
    if (Chance(8)) absl::StrAppend(&block, ",", Name(), ":", Anything(2));
    return block + "}";
  }

  std::string Content(int depth, bool at_media) {
    return Chance(3) ? String() : List([&] { return Block(depth, at_media); }, 4);
  }

  std::string Tool() {
    if (Chance(3)) return absl::StrCat("{\"type\":", String(), R"(,"name":)", String(), "}");
    return absl::StrCat(R"({"name":)", String(), R"(,"description":)", String(),
                        R"(,"input_schema":{"type":"object","properties":{)", Name(),
                        R"(:{"type":"string","enum":)", Anything(2), "}}}}");
  }

  std::string Params() {
    std::string body = R"({"model":"claude-4","max_tokens":100,"messages":)";
    absl::StrAppend(&body, List(
                               [&] {
                                 return absl::StrCat(R"({"role":")", Pick({"user", "assistant"}),
                                                     R"(","content":)", Content(2, true), "}");
                               },
                               4));
    if (Chance(2)) absl::StrAppend(&body, ",\"system\":", Content(0, false));
    if (Chance(3)) absl::StrAppend(&body, ",\"tools\":", List([&] { return Tool(); }, 3));
    for (const char* name :
         {"tool_choice", "metadata", "stop_sequences", "thinking", "container", "service_tier",
          "output_config", "mcp_servers", "temperature_x", "context_management"}) {
      if (Chance(8)) absl::StrAppend(&body, ",\"", name, "\":", Anything(2));
    }
    if (Chance(4)) absl::StrAppend(&body, ",", Name(), ":", Anything(3));
    return body + "}";
  }

  std::mt19937_64 random_;
  std::vector<std::string> planted_;
};

std::vector<std::string> SeenTexts(const domain::Prompt& prompt) {
  std::vector<std::string> seen;
  for (const domain::TextPart& part : prompt.parts) {
    seen.push_back(part.text);
    if (const auto decoded = text::documents::DecodeText(part.text)) {
      seen.push_back(decoded->text());
    }
  }
  return seen;
}

// Whether each value is shown at its place.
bool IsShown(const json::Value& value, const std::string& at, const std::set<std::string>& shown) {
  if (value.size() == 0) return shown.contains(at);
  bool all = true;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string step =
        value.is(json::Type::kObject) ? std::string(value.key(i)) : absl::StrCat(i);
    all &= IsShown(value.at(i), absl::StrCat(at, "/", step), shown);
  }
  return all;
}

std::size_t Setting(const char* name, std::size_t standard) {
  const char* const value = std::getenv(name);
  std::size_t number = standard;
  return value != nullptr && absl::SimpleAtoi(value, &number) ? number : standard;
}

TEST_CASE(
    "Anthropic's requests: policies see all that models might read, reviewers all that is sent",
    "[anthropic]") {
  const std::size_t seed = Setting("CS_ORACLE_SEED", std::random_device()());
  const std::size_t bodies = Setting("CS_ORACLE_BODIES", 3000);
  CAPTURE(seed);
  RequestWriter writer(seed);
  std::size_t words = 0;
  for (std::size_t i = 0; i < bodies; ++i) {
    const bool batch = i % 4 == 0;
    const std::string body = writer.Write(batch);
    const auto call =
        ReadRequest({"POST", batch ? "/v1/messages/batches" : "/v1/messages", "", {}, body});
    if (!call.ok()) FAIL(call.status() << " of body " << i << ": " << body);
    const std::vector<std::string> seen = SeenTexts(*call->prompt);
    for (const std::string& word : writer.planted()) {
      if (std::any_of(seen.begin(), seen.end(),
                      [&](const std::string& text) { return absl::StrContains(text, word); })) {
        ++words;
        continue;
      }
      FAIL("unseen: " << word << " of body " << i << ": " << body);
    }
    std::set<std::string> shown;
    for (const auto& part : call->prompt->parts) shown.insert(part.pointer);
    for (const auto& part : call->prompt->media) shown.insert(part.pointer);
    for (const auto& each : call->prompt->members) shown.insert(each.pointer);
    if (!IsShown(json::Document::Parse(body)->root(), "", shown)) {
      FAIL("not shown: body " << i << ": " << body);
    }
  }
  CHECK(words > bodies);
}

}  // namespace
}  // namespace countersign::dialects::anthropic
