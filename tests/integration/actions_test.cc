// Every action of a masking profile on every text of an answer: streamed character by character and
// in any pieces of bytes, the caller reads the same as from the whole answer.

#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "services/masking/placeholders.h"
#include "tests/integration/masked_stream_testing.h"

namespace countersign::integration {
namespace {

using Action = domain::MaskingRule::Action;

constexpr char kCard[] = "4111 1111 1111 1111";
constexpr char kMail[] = "jane.doe@example.com";

masking::CompiledProfile MakeProfile(Action action, Action prompt = Action::kPlaceholder) {
  domain::MaskingProfile profile;
  profile.name = "p";
  for (const char* const entity : {"credit_card", "email"}) {
    domain::MaskingRule rule;
    rule.entity = entity;
    rule.action = action;
    profile.response.push_back(rule);
    rule.action = prompt;
    profile.prompt.push_back(rule);
  }
  domain::MaskingRule own;
  own.pattern = "PRJ-[0-9]{4}";
  own.label = "PROJECT";
  own.action = action;
  profile.response.push_back(own);
  return masking::CompileProfile(profile, {}, SecretString("key")).value();
}

// A text of an answer: its place in a delta and in a whole message.
struct Place {
  std::string name;
  int choice = 0;
  bool arguments = false;  // the text is a document
  std::string (*members)(absl::string_view text, bool streamed) = nullptr;
  std::string (*read)(const json::Value& message) = nullptr;
};

const std::vector<Place>& Places() {
  static const auto& places = *new std::vector<Place>{
      {"content", 0, false,
       [](absl::string_view text, bool) { return "\"content\":" + json::Quote(text); },
       [](const json::Value& message) { return std::string(message["content"].text()); }},
      {"content of another choice", 2, false,
       [](absl::string_view text, bool) { return "\"content\":" + json::Quote(text); },
       [](const json::Value& message) { return std::string(message["content"].text()); }},
      {"refusal", 0, false,
       [](absl::string_view text, bool) { return "\"refusal\":" + json::Quote(text); },
       [](const json::Value& message) { return std::string(message["refusal"].text()); }},
      {"reasoning", 1, false,
       [](absl::string_view text, bool) { return "\"reasoning_content\":" + json::Quote(text); },
       [](const json::Value& message) { return std::string(message["reasoning_content"].text()); }},
      {"arguments", 0, true,
       [](absl::string_view text, bool streamed) {
         return absl::StrCat("\"tool_calls\":[{", streamed ? "\"index\":0," : "",
                             "\"function\":{\"arguments\":", json::Quote(text), "}}]");
       },
       [](const json::Value& message) {
         return std::string(message["tool_calls"].at(0)["function"]["arguments"].text());
       }},
      {"function call", 1, true,
       [](absl::string_view text, bool) {
         return absl::StrCat("\"function_call\":{\"arguments\":", json::Quote(text), "}");
       },
       [](const json::Value& message) {
         return std::string(message["function_call"]["arguments"].text());
       }},
      {"audio transcript", 0, false,
       [](absl::string_view text, bool) {
         return absl::StrCat("\"audio\":{\"transcript\":", json::Quote(text), "}");
       },
       [](const json::Value& message) {
         return std::string(message["audio"]["transcript"].text());
       }},
  };
  return places;
}

std::string TextFor(const Place& place, const std::string& text) {
  return place.arguments ? absl::StrCat("{\"a\":[", json::Quote(text), "],\"b\":{}}") : text;
}

// What the caller reads for `text` in that place.
std::string Whole(const Place& place, const std::string& text, const Rules& rules,
                  const Rules& restoring) {
  std::string choices;
  for (int i = 0; i <= place.choice; ++i) {
    absl::StrAppend(&choices, i > 0 ? "," : "", "{\"index\":", i, ",\"message\":{",
                    i == place.choice ? place.members(text, false) : "\"content\":\"x\"", "}}");
  }
  dialects::openai::DocumentAnswer reader({});
  masking::FieldMasker masker(rules, restoring);
  REQUIRE(reader.Feed(absl::StrCat("{\"choices\":[", choices, "]}")).ok());
  const auto deliveries = reader.Release(masker.Feed(reader.Finish().value()).value());
  INFO(deliveries.status());
  REQUIRE(deliveries.ok());
  const auto document = json::Document::Parse(deliveries->at(0).bytes);
  REQUIRE(document.ok());
  const json::Value choice = document->root()["choices"].at(static_cast<std::size_t>(place.choice));
  return place.read(choice["message"]);
}

std::string Streamed(const Place& place, const std::string& text, const Rules& rules,
                     const Rules& restoring, std::mt19937& random) {
  std::string bytes;
  for (const std::string& character : Characters(text)) {
    bytes += Delta(place.members(character, true), place.choice);
  }
  absl::StrAppend(&bytes, Finished(place.choice), kDone);
  MaskedStream stream(rules, restoring);
  for (const std::string& piece : RandomPieces(bytes, 1 + random() % 60, random)) {
    stream.Feed(piece);
  }
  const Passed passed = stream.Finish();
  INFO(passed.status);
  REQUIRE(passed.status.ok());
  dialects::sse::Parser parser(64u << 20);
  std::vector<dialects::sse::Event> events;
  REQUIRE(parser.Feed(passed.caller, events).ok());
  std::string joined;
  for (const dialects::sse::Event& event : events) {
    const auto document = json::Document::Parse(event.data);
    if (!document.ok()) continue;
    const json::Value choice = document->root()["choices"].at(0);
    CHECK(choice["index"].integer() == place.choice);
    joined += place.read(choice["delta"]);
  }
  return joined;
}

struct Case {
  Action action;
  std::string card, mail, project;
};

TEST_CASE("actions: each one gives the same result in every text, whole and streamed",
          "[actions]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::vector<Case> cases = {
      {Action::kReplace, "<CREDIT_CARD>", "<EMAIL>", "<PROJECT>"},
      {Action::kRedact, "[REDACTED]", "[REDACTED]", "[REDACTED]"},
      {Action::kKeepLast, "**** **** **** 1111", "****.***@******e.com", "***-1234"},
      {Action::kHash, "", "", ""},
  };
  for (const Case& each : cases) {
    const Rules rules = MakeProfile(each.action).response;
    for (const Place& place : Places()) {
      const std::string said = absl::StrCat("é ", kCard, ", ", kMail, "; PRJ-1234 PRJ-12");
      const std::string text = TextFor(place, said);
      CAPTURE(place.name, static_cast<int>(each.action));
      const std::string whole = Whole(place, text, rules, nullptr);
      CHECK(Streamed(place, text, rules, nullptr, random) == whole);
      CHECK(!absl::StrContains(whole, kCard));
      CHECK(!absl::StrContains(whole, kMail));
      if (place.arguments) CHECK(json::Document::Parse(whole).ok());
      if (each.action == Action::kHash) {
        // Equal values give equal replacements, in every place.
        const std::string again = Whole(Places()[0], said, rules, nullptr);
        CHECK(whole == TextFor(place, again));
        CHECK(absl::StrContains(whole, "<CREDIT_CARD:"));
      } else {
        CHECK(whole == TextFor(place, absl::StrCat("é ", each.card, ", ", each.mail, "; ",
                                                   each.project, " PRJ-12")));
      }
    }
  }
}

TEST_CASE("actions: a placeholder is restored in every text, whole and streamed", "[actions]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const masking::CompiledProfile profile = MakeProfile(Action::kReplace);
  const masking::PlaceholderMaker maker(profile.placeholders, domain::Principal(), "openai");
  masking::FieldMasker prompt(profile.prompt, nullptr);
  auto sent = prompt.Feed({{"messages/0/content", absl::StrCat(kMail, " ", kCard), true}}).value();
  maker.FillIn(sent[0]);
  const std::string to_model = sent[0].text;
  CHECK(!absl::StrContains(to_model, kMail));
  CHECK(!absl::StrContains(to_model, "4111"));
  const Rules restoring = masking::RestoringRules(sent[0].placeholders).value();
  for (const Place& place : Places()) {
    CAPTURE(place.name);
    // Values that the model itself writes are masked.
    const std::string text =
        TextFor(place, absl::StrCat("to ", to_model, "\nnot 5555 5555 5555 4444"));
    const std::string expected =
        TextFor(place, absl::StrCat("to ", kMail, " ", kCard, "\nnot <CREDIT_CARD>"));
    CHECK(Whole(place, text, profile.response, restoring) == expected);
    CHECK(Streamed(place, text, profile.response, restoring, random) == expected);
  }
}

TEST_CASE("actions: probabilities of masked or restored text are removed", "[actions]") {
  const auto tokens = [](const std::vector<std::string>& parts) {
    std::string list;
    for (const std::string& part : parts) {
      absl::StrAppend(&list, list.empty() ? "" : ",", "{\"token\":", json::Quote(part),
                      ",\"logprob\":-0.5,\"bytes\":null,\"top_logprobs\":[]}");
    }
    return absl::StrCat("{\"content\":[", list, "],\"refusal\":null}");
  };
  for (const Action action :
       {Action::kReplace, Action::kRedact, Action::kKeepLast, Action::kHash}) {
    const Rules rules = MakeProfile(action).response;
    for (const bool masked : {false, true}) {
      const std::string said = masked ? kMail : "nothing";
      const std::string body =
          absl::StrCat("{\"choices\":[{\"index\":0,\"message\":{\"content\":", json::Quote(said),
                       "},\"logprobs\":", tokens({said.substr(0, 3), said.substr(3)}), "}]}");
      dialects::openai::DocumentAnswer reader({});
      masking::FieldMasker masker(rules, nullptr);
      REQUIRE(reader.Feed(body).ok());
      const auto whole = reader.Release(masker.Feed(reader.Finish().value()).value());
      CHECK((whole->at(0).bytes == body) == !masked);
      CHECK(absl::StrContains(whole->at(0).bytes, "\"logprobs\":null") == masked);

      std::string stream;
      for (const std::string& part : {said.substr(0, 3), said.substr(3)}) {
        stream += Event(absl::StrCat("{\"index\":0,\"delta\":{\"content\":", json::Quote(part),
                                     "},\"logprobs\":", tokens({part}), "}"));
      }
      absl::StrAppend(&stream, Finished(), kDone);
      const Passed passed = PassPieces({stream}, rules);
      if (masked) CHECK(!absl::StrContains(passed.caller, "\"token\""));
    }
  }
}

}  // namespace
}  // namespace countersign::integration
