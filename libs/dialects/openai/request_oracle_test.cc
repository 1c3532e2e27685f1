// Random requests against two oracles that share no code with the partition: policies see
// everything that a model might read, and reviewers are shown the whole body.
// CS_ORACLE_BODIES=1000000 runs that many; CS_ORACLE_SEED=… repeats a run.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/openai/dialect.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "libs/text/documents/decoded_text.h"

namespace countersign::dialects::openai {
namespace {

// Writes valid requests with words planted at every place for a string or a name.
class RequestWriter {
 public:
  explicit RequestWriter(std::uint64_t seed) : random_(seed) {}

  std::string Write() {
    planted_.clear();
    std::string body = absl::StrCat("{", Space(), R"("model":"gpt-4o")");
    absl::StrAppend(&body, ",\"messages\":[", List([&] { return Message(); }, 3), "]");
    if (Chance(3)) absl::StrAppend(&body, ",\"tools\":[", List([&] { return Tool(); }, 2), "]");
    for (const char* choice : {"tool_choice", "service_tier", "verbosity", "reasoning_effort",
                               "response_format", "audio", "prediction", "metadata", "stop",
                               "prompt_cache_key", "user", "modalities", "web_search_options"}) {
      if (Chance(10)) absl::StrAppend(&body, ",\"", choice, "\":", Anything(2));
    }
    if (Chance(6)) absl::StrAppend(&body, ",\"seed\":", Number());
    if (Chance(6)) absl::StrAppend(&body, ",\"temperature\":0.5");
    if (Chance(8)) absl::StrAppend(&body, ",\"stream\":", Chance(2) ? "true" : "false");
    if (Chance(8)) absl::StrAppend(&body, ",\"logit_bias\":{\"", Below(100000), "\":-5}");
    if (Chance(6)) absl::StrAppend(&body, ",", Name(), ":", Anything(3));
    return absl::StrCat(body, Space(), "}");
  }

  std::string WriteResponse() {
    planted_.clear();
    std::string body = absl::StrCat("{", Space(), R"("model":"gpt-5","input":)");
    const bool text = Chance(4);
    absl::StrAppend(&body,
                    text ? String() : absl::StrCat("[", List([&] { return Item(); }, 4), "]"));
    for (const char* member :
         {"instructions", "prompt", "text", "tools", "tool_choice", "reasoning", "metadata",
          "include", "previous_response_id", "conversation", "truncation", "user", "store"}) {
      if (Chance(8)) absl::StrAppend(&body, ",\"", member, "\":", Anything(3));
    }
    if (Chance(6)) absl::StrAppend(&body, R"(,"max_output_tokens":)", Number());
    if (Chance(6)) absl::StrAppend(&body, ",", Name(), ":", Anything(3));
    return absl::StrCat(body, Space(), "}");
  }

  // A request with one text, or several, as its `member`.
  std::string WriteTexts(absl::string_view member) {
    planted_.clear();
    std::string body = absl::StrCat(R"({"model":"m",")", member, "\":");
    const bool text = Chance(2);
    absl::StrAppend(&body,
                    text ? String() : absl::StrCat("[", List([&] { return String(); }, 4), "]"));
    for (const char* other : {"suffix", "stop", "user", "encoding_format", "logit_bias"}) {
      if (Chance(6)) absl::StrAppend(&body, ",\"", other, "\":", Anything(2));
    }
    if (Chance(4)) absl::StrAppend(&body, ",", Name(), ":", Anything(2));
    return body + "}";
  }

  // The words of the last request: policies must see each of them.
  const std::vector<std::string>& planted() const { return planted_; }

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }
  bool Chance(std::size_t n) { return Below(n) == 0; }
  std::string Space() { return Chance(8) ? " \n" : ""; }
  const char* Pick(std::initializer_list<const char*> from) {
    return *(from.begin() + Below(from.size()));
  }

  template <typename Make>
  std::string List(Make make, std::size_t most) {
    std::string list;
    const std::size_t size = Below(most + 1);
    for (std::size_t i = 0; i < size; ++i)
      absl::StrAppend(&list, i > 0 ? "," : "", Space(), make());
    return list;
  }

  // A unique word.
  std::string Word() {
    std::string word = "w";
    for (int i = 0; i < 11; ++i) word += static_cast<char>('a' + Below(26));
    planted_.push_back(word);
    return word;
  }

  // `text` as a JSON string, with some characters escaped.
  std::string Spelled(absl::string_view text) {
    std::string json = "\"";
    for (const char c : text) {
      if (Chance(7)) {
        absl::StrAppend(&json, "\\u00", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
      } else if (c == '"' || c == '\\') {
        json += {'\\', c};
      } else {
        json += c;
      }
    }
    return json + "\"";
  }

  std::string Name() { return Spelled(Word()); }

  std::string DataUrl(absl::string_view text) {
    const char* const type =
        Pick({"text/plain", "", "application/json", "image/svg+xml", "image/png",
              "text/html;charset=utf-8", "application/octet-stream"});
    const bool base64 = Chance(2);
    return absl::StrCat(
        Pick({"data:", "DATA:"}), type, base64 ? ";base64," : ",",
        base64 ? absl::Base64Escape(text)
               : absl::StrCat("%", absl::BytesToHexString(text.substr(0, 1)), text.substr(1)));
  }

  // A JSON document in a string.
  std::string Document(int depth) {
    if (depth == 0) return Spelled(Word());
    const std::string inner = Chance(3) ? Spelled(Document(depth - 1)) : Document(depth - 1);
    switch (Below(3)) {
      case 0: return absl::StrCat("{", Name(), ":", inner, "}");
      case 1: return absl::StrCat("[1,", inner, ",", Spelled(Word()), "]");
      default: return inner;
    }
  }

  std::string String() {
    switch (Below(8)) {
      case 0: return Spelled(DataUrl(Word()));
      case 1: return Spelled(Document(2));
      case 2: return "\"\"";
      case 3: return Spelled(absl::StrCat("see ", Document(1)));
      default: return Spelled(Word());
    }
  }

  std::string Number() {
    if (Chance(2)) return absl::StrCat(Below(1000));
    // A number with as many digits as a card number, plain or with an exponent.
    std::string digits = absl::StrCat(4 + Below(5));
    for (int i = 0; i < 15; ++i) absl::StrAppend(&digits, i == 14 ? 1 + Below(9) : Below(10));
    planted_.push_back(digits);
    return Chance(2) ? digits : absl::StrCat(digits.substr(0, 1), ".", digits.substr(1), "e15");
  }

  std::string Anything(int depth) {
    switch (Below(depth > 0 ? 7 : 5)) {
      case 0: return Pick({"true", "false", "null", "{}", "[]"});
      case 1: return Number();
      case 5: return absl::StrCat("[", List([&] { return Anything(depth - 1); }, 3), "]");
      case 6: {
        std::string object = "{";
        // Names that have a meaning elsewhere.
        std::vector<std::string> names = {"type", "id", "format", "voice", "url", "file_data"};
        std::shuffle(names.begin(), names.end(), random_);
        const std::size_t size = Below(4);
        for (std::size_t i = 0; i < size; ++i) {
          absl::StrAppend(&object, i > 0 ? "," : "",
                          Chance(2) ? absl::StrCat("\"", names[i], "\"") : Name(), ":",
                          Anything(depth - 1));
        }
        return object + "}";
      }
      default: return String();
    }
  }

  // An item of a response's input: a message, or any members of any kind.
  std::string Item() {
    if (Chance(2)) {
      const bool text = Chance(2);
      const std::string content =
          text ? String() : absl::StrCat("[", List([&] { return ItemPart(); }, 3), "]");
      return absl::StrCat(R"({"role":")", Pick({"user", "assistant", "developer"}),
                          R"(","content":)", content, "}");
    }
    std::string item =
        absl::StrCat(R"({"type":")",
                     Pick({"function_call", "function_call_output", "reasoning", "mcp_call",
                           "computer_call", "web_search_call", "custom_tool_call"}),
                     "\"");
    for (const char* member : {"id",
                               "status",
                               "call_id",
                               "name",
                               "arguments",
                               "input",
                               "output",
                               "summary",
                               "content",
                               "action",
                               "encrypted_content",
                               "queries",
                               "results",
                               "code",
                               "outputs",
                               "operation",
                               "error",
                               "result",
                               "server_label",
                               "acknowledged_safety_checks"}) {
      if (Chance(6)) absl::StrAppend(&item, ",\"", member, "\":", Anything(3));
    }
    return item + "}";
  }

  std::string ItemPart() {
    switch (Below(3)) {
      case 0: return absl::StrCat(R"({"type":"input_image","image_url":")", Picture(), "\"}");
      case 1: return Anything(2);
      default: return absl::StrCat(R"({"type":"input_text","text":)", String(), "}");
    }
  }

  std::string Picture() {
    std::string bytes = "\x89PNG\r\n\x1a\n";
    for (std::size_t i = Below(2) == 0 ? Below(30) : 200 + Below(30); i > 0; --i)
      bytes += static_cast<char>(128 + Below(128));
    return absl::StrCat(Chance(2) ? "data:image/png;base64," : "", absl::Base64Escape(bytes));
  }

  std::string Media() {
    switch (Below(9)) {
      case 0: return Spelled(Word() + " ");
      case 1: return Spelled(absl::Base64Escape(absl::StrCat("the ", Word())));
      case 2: return Spelled(DataUrl(Word()));
      case 3: return absl::StrCat("\"data:x,", Word(), "\\tand\"");
      case 4: {
        std::string word = Word();
        while (word.size() % 4 != 0) word += '/';
        return absl::StrCat("\"", Chance(2) ? "data:image/png;base64," : "", word, "\"");
      }
      case 5: {
        const std::string url = DataUrl(Word());
        return absl::StrCat("\"", url, Chance(2) ? "#part" : "%20", "\"");
      }
      default: return absl::StrCat("\"", Picture(), "\"");
    }
  }

  std::string Part() {
    switch (Below(7)) {
      case 0: return absl::StrCat(R"({"type":"image_url","image_url":{"url":)", Media(), "}}");
      case 1:
        return absl::StrCat(R"({"type":"input_audio","input_audio":{"data":)", Media(),
                            R"(,"format":"wav"}})");
      case 2:
        return absl::StrCat(R"({"type":"file","file":{"file_data":)", Media(), R"(,"filename":)",
                            String(), "}}");
      case 3:
        return absl::StrCat(R"({"type":)", Chance(2) ? "\"text\"" : String(), ",", Name(), ":",
                            Anything(2), "}");
      case 4: return String();
      default: return absl::StrCat(R"({"type":"text","text":)", String(), "}");
    }
  }

  // A word split over two or three parts.
  std::string SplitParts() {
    const std::string word = Word();
    const std::size_t a = 1 + Below(5), b = 6 + Below(5);
    const auto part = [&](const std::string& text) {
      return Chance(3) ? Spelled(text)
                       : absl::StrCat(R"({"type":"text","text":)", Spelled(text), "}");
    };
    return absl::StrCat(part(word.substr(0, a)), ",", part(word.substr(a, b - a)), ",",
                        part(word.substr(b)));
  }

  std::string Message() {
    std::string message =
        absl::StrCat(R"({"role":")",
                     Pick({"system", "developer", "user", "assistant", "tool", "function"}), "\"");
    switch (Below(5)) {
      case 0: absl::StrAppend(&message, ",\"content\":", String()); break;
      case 1: absl::StrAppend(&message, ",\"content\":null"); break;
      case 2: absl::StrAppend(&message, ",\"content\":[", SplitParts(), "]"); break;
      default: absl::StrAppend(&message, ",\"content\":[", List([&] { return Part(); }, 4), "]");
    }
    if (Chance(5)) {
      absl::StrAppend(&message, R"(,"tool_calls":[{"id":)",
                      Chance(2) ? "\"call_a1b2c3d4e5\"" : String(),
                      R"(,"type":"function","function":{"name":)", String(), R"(,"arguments":)",
                      Spelled(Document(3)), "}}]");
    }
    for (const char* name : {"tool_call_id", "name", "refusal", "reasoning_content"}) {
      if (Chance(10)) absl::StrAppend(&message, ",\"", name, "\":", String());
    }
    if (Chance(8)) absl::StrAppend(&message, ",", Name(), ":", Anything(2));
    return message + "}";
  }

  std::string Tool() {
    return absl::StrCat(R"({"type":"function","function":{"name":)", String(), R"(,"description":)",
                        String(), R"(,"parameters":{"type":"object","properties":{)", Name(),
                        R"(:{"type":)", Chance(2) ? "\"string\"" : String(), R"(,"format":)",
                        String(), R"(,"enum":)", Anything(2), "}}}}}");
  }

  std::mt19937_64 random_;
  std::vector<std::string> planted_;
};

// The texts that policies see.
std::vector<std::string> SeenTexts(const domain::Prompt& prompt) {
  std::vector<std::string> seen;
  const auto see = [&](const std::string& text) {
    seen.push_back(text);
    if (const auto decoded = text::documents::DecodeText(text)) seen.push_back(decoded->text());
  };
  for (const domain::TextPart& part : prompt.parts) see(part.text);
  for (const domain::JoinedText& text : domain::JoinParts(prompt)) see(text.text);
  return seen;
}

std::string Escaped(absl::string_view name) {
  std::string step;
  for (const char c : name)
    absl::StrAppend(&step, c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c));
  return step;
}

// Everything that reviewers are shown, by pointer.
struct Shown {
  std::multimap<std::string, std::string> texts;
  std::map<std::string, std::string> media;  // digest
  std::map<std::string, std::string> plain;
};

// Removes `value` from the shown values; false if it is not there exactly.
bool Account(const json::Value& value, const std::string& body, const std::string& pointer,
             Shown& shown) {
  if (value.size() > 0) {
    bool all = true;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const bool object = value.is(json::Type::kObject);
      const std::string below =
          absl::StrCat(pointer, "/", object ? Escaped(value.key(i)) : absl::StrCat(i));
      // A name is shown as a text, or in the pointer of a value below.
      for (auto at = shown.texts.lower_bound(below); object && at != shown.texts.upper_bound(below);
           ++at) {
        if (at->second == value.key(i) && value.at(i).text() != value.key(i)) {
          shown.texts.erase(at);
          break;
        }
      }
      all &= Account(value.at(i), body, below, shown);
    }
    return all;
  }
  const std::string literal = body.substr(value.begin(), value.end() - value.begin());
  if (const auto plain = shown.plain.find(pointer); plain != shown.plain.end()) {
    const bool same = plain->second == literal;
    shown.plain.erase(plain);
    return same;
  }
  if (const auto media = shown.media.find(pointer); media != shown.media.end()) {
    std::string bytes;
    const absl::string_view text = value.text();
    const bool decoded = absl::Base64Unescape(
        absl::StartsWith(text, "data:") ? text.substr(text.find(',') + 1) : text, &bytes);
    const bool same = decoded && media->second == HexEncode(crypto::Sha256(bytes));
    shown.media.erase(media);
    // Short media is shown as it stands, too.
    const auto as_text = shown.texts.find(pointer);
    if (as_text != shown.texts.end() && as_text->second == text) shown.texts.erase(as_text);
    return same;
  }
  const auto [first, last] = shown.texts.equal_range(pointer);
  const std::string raw(value.text());
  const bool same = std::any_of(first, last, [&](const auto& text) {
    double shown_number = 0, number = 0;
    std::string bytes;
    const bool is_number = value.is(json::Type::kNumber) &&
                           absl::SimpleAtod(text.second, &shown_number) &&
                           absl::SimpleAtod(literal, &number) && shown_number == number;
    // A decoded text: its encoding is known to be undone, for a data: URL by its header.
    return text.second == raw || is_number || absl::StartsWithIgnoreCase(raw, "data:") ||
           (absl::Base64Unescape(raw, &bytes) && bytes == text.second);
  });
  shown.texts.erase(first, last);
  return same;
}

std::size_t Setting(const char* name, std::size_t standard) {
  const char* const value = std::getenv(name);
  std::size_t number = standard;
  return value != nullptr && absl::SimpleAtoi(value, &number) ? number : standard;
}

// The path and the body of one request in turn.
std::pair<std::string, std::string> WriteRequest(RequestWriter& writer, std::size_t turn) {
  switch (turn % 5) {
    case 0: return {"/v1/responses", writer.WriteResponse()};
    case 1: return {"/v1/completions", writer.WriteTexts("prompt")};
    case 2: return {"/v1/embeddings", writer.WriteTexts("input")};
    default: return {"/v1/chat/completions", writer.Write()};
  }
}

TEST_CASE("OpenAiDialect: policies see all that models might read, reviewers all that is sent",
          "[dialects]") {
  const std::size_t seed = Setting("CS_ORACLE_SEED", std::random_device()());
  const std::size_t bodies = Setting("CS_ORACLE_BODIES", 3000);
  CAPTURE(seed);
  RequestWriter writer(seed);
  std::size_t words = 0;
  for (std::size_t i = 0; i < bodies; ++i) {
    const auto [path, body] = WriteRequest(writer, i);
    const auto call = OpenAiDialect().Read({"POST", path, "", {}, body});
    if (!call.ok()) {
      INFO(body);
      FAIL(call.status());
    }
    const std::vector<std::string> seen = SeenTexts(*call->prompt);
    for (const std::string& word : writer.planted()) {
      const bool found = std::any_of(seen.begin(), seen.end(), [&](const std::string& text) {
        return absl::StrContains(text, word);
      });
      if (!found) FAIL("unseen: " << word << " of body " << i << ": " << body);
      ++words;
    }
    Shown shown;
    for (const auto& part : call->prompt->parts) shown.texts.emplace(part.pointer, part.text);
    for (const auto& part : call->prompt->media) shown.media.emplace(part.pointer, part.sha256);
    for (const auto& each : call->prompt->members) shown.plain.emplace(each.pointer, each.json);
    const auto document = json::Document::Parse(body);
    if (!Account(document->root(), body, "", shown)) FAIL("not shown: body " << i << ": " << body);
    const std::size_t left = shown.texts.size() + shown.media.size() + shown.plain.size();
    if (left > 0) FAIL("shown, but not there: " << left << " of body " << i << ": " << body);
  }
  CHECK(words > bodies);
  if (bodies > 100'000) std::cout << bodies << " bodies, " << words << " words, all seen\n";
}

}  // namespace
}  // namespace countersign::dialects::openai
