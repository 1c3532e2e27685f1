#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/policy/rules/evaluator.h"
#include "services/policy/rules/rule_compiler.h"
#include "services/policy/rules/text_engine.h"
#include "services/policy/testing/rule_fixture.h"

// Tests every evasion in docs/policy-reference.md against every way to search for a term, so that
// the published table is true.
namespace countersign::policy::rules {
namespace {

struct Trick {
  const char* name;
  const char* term;
  std::string text;  // with the hidden term
};

std::vector<Trick> Tricks() {
  const std::string sentence = "the secret plan for next week";
  std::string percent, spaced, colons, prefixed, wide;
  for (const char byte : sentence) {
    const std::string hex = absl::BytesToHexString({&byte, 1});
    absl::StrAppend(&percent, "%", hex);
    absl::StrAppend(&spaced, hex, " ");
    absl::StrAppend(&colons, hex, ":");
    absl::StrAppend(&prefixed, "0x", hex, ", ");
    wide += {byte, '\0'};
  }
  std::string noise;
  for (int i = 0; i < 99; ++i) noise += static_cast<char>(128 + i * i % 101);
  std::string lines = absl::Base64Escape(absl::StrCat(sentence, ", ", sentence, ", ", sentence));
  lines.insert(76, "\n");
  return {
      {"as it is", "secret", "secret"},
      {"upper case", "secret", "SeCReT"},
      {"white space of another kind", "top secret", "top \n\u00a0secret"},
      {"a blank of Braille between words", "top secret", "top\u2800secret"},
      {"zero bytes in the word", "secret", std::string("se\0cret", 7)},
      {"full-width letters", "secret", "ｓｅｃｒｅｔ"},
      {"mathematical letters", "secret", "𝐬𝐞𝐜𝐫𝐞𝐭"},
      {"circled letters", "secret", "ⓢⓔⓒⓡⓔⓣ"},
      {"squared letters", "secret", "🅂🄴🄲🅁🄴🅃"},
      {"white letters in black circles or squares", "secret", "🅢🅔🅒🆁🅴🆃"},
      {"letters in parentheses", "secret", "🄢🄔🄒⒭⒠⒯"},
      {"superscript letters", "secret", "ˢᵉᶜʳᵉᵗ"},
      {"small capitals", "secret", "ꜱᴇᴄʀᴇᴛ"},
      {"ligatures", "office", "oﬃce"},
      {"long s", "secret", "ſecret"},
      {"Cyrillic look-alikes", "secret", "ѕесrеt"},
      {"Greek look-alikes", "token", "τοκεn"},
      {"Cherokee look-alikes", "secret", "\u13da\u13ac\u13df\u13d2\u13ac\u13a2"},
      {"turned letters", "secret", "s\u01dd\u0254\u0279\u01dd\u0287"},
      {"Cyrillic capitals", "bethany", "ВЕТНАNY"},
      {"accents", "secret", "sécrèt"},
      {"struck through with combining marks", "secret",
       "s\u0336e\u0336c\u0336r\u0336e\u0336t\u0336"},
      {"zero-width space", "secret", "se\u200bcret"},
      {"soft hyphen", "secret", "se\u00adcret"},
      {"bidi control", "secret", "se\u202ecret"},
      {"variation selector", "secret", "se\ufe0fcret"},
      {"tag characters", "secret", "se\U000e0041cret"},
      {"other dashes", "top-secret", "top\u2011secret"},
      {"Arabic-Indic digits", "agent 47", "agent ٤٧"},
      {"l for 1, o for 0", "unit 100", "unit lo0"},
      {"rn for m", "modem", "rnodern"},
      {"digits for letters", "secret", "s3cr3t"},
      {"signs for letters", "password", "p@$$word"},
      {"spaces between letters", "secret", "s e c r e t"},
      {"dots between letters", "secret", "s.e.c.r.e.t"},
      {"broken by a line or a hyphen", "secret", "sec-\nret"},
      {"Markdown inside", "secret", "se**cr**et"},
      {"digits and spaces at once", "secret", "s 3 c r 3 t"},
      {"base64", "secret", absl::Base64Escape(sentence)},
      {"hex digits", "secret", absl::BytesToHexString(sentence)},
      {"percent-encoding", "secret", percent},
      {"base64url, not padded", "secret", absl::WebSafeBase64Escape(sentence)},
      {"base64 in lines of 76", "secret", lines},
      {"base64 behind noise", "secret", absl::Base64Escape(noise + sentence)},
      {"base64 of UTF-16", "secret", absl::Base64Escape(wide)},
      {"hex with spaces", "secret", spaced},
      {"hex with colons", "secret", colons},
      {"hex with 0x", "secret", prefixed},
      {"hex in base64", "secret", absl::Base64Escape(absl::BytesToHexString(sentence))},
      {"base64 in base64", "secret", absl::Base64Escape(absl::Base64Escape(sentence))},
      {"rot13", "secret", "frperg"},
      {"reversed", "secret", "terces"},
      {"HTML entities", "secret", "s&#101;cret"},
      {"regional indicators", "secret", "🇸🇪🇨🇷🇪🇹"},
      {"part of a longer word", "secret", "secretariat"},
      {"a synonym", "secret", "confidential"},
  };
}

bool Caught(const Trick& trick, const domain::Dictionary& kind) {
  static const LocalTextEngine engine;
  auto set = MakeSet({Allow("everyone"), When(Deny("d"), Keywords("hidden"))});
  set->connections["other"].tokenizer = "cl100k_base";
  set->dictionaries["hidden"] = kind;
  set->dictionaries["hidden"].terms = {trick.term};
  const auto snapshot = CompileSnapshot(set, engine, nullptr);
  REQUIRE(snapshot.ok());
  const domain::Principal ann = Ann();
  const std::string connection = "openai";
  const domain::Prompt prompt = UserSays(absl::StrCat("Tell me: ", trick.text, " now"));
  const auto decision = Evaluate(**snapshot, {ann, connection, prompt});
  REQUIRE(decision.ok());
  return decision->policy == "d";
}

std::string Row(const Trick& trick) {
  std::vector<domain::Dictionary> kinds(5);
  kinds[0].normalize = domain::Normalize::kNone;
  kinds[1].normalize = domain::Normalize::kCaseless;
  kinds[3].leet = true;
  kinds[4].spaced = true;
  std::string row = absl::StrCat("| ", trick.name);
  for (const domain::Dictionary& kind : kinds) {
    absl::StrAppend(&row, " | ", Caught(trick, kind) ? "caught" : "–");
  }
  return row + " |";
}

std::vector<std::string> PublishedRows() {
  std::ifstream file(CS_POLICY_REFERENCE);
  std::ostringstream content;
  content << file.rdbuf();
  std::vector<std::string> rows;
  bool in_table = false;
  for (const absl::string_view line : absl::StrSplit(content.str(), '\n')) {
    if (line.substr(0, 8) == "| trick ") {
      in_table = true;
    } else if (in_table && line.substr(0, 2) != "| " && line.substr(0, 3) != "|--") {
      in_table = false;
    } else if (in_table && line.substr(0, 2) == "| ") {
      rows.emplace_back(line);
    }
  }
  return rows;
}

TEST_CASE("Evasion: the published table is what the engine catches", "[policy]") {
  const std::vector<Trick> tricks = Tricks();
  const std::vector<std::string> published = PublishedRows();
  for (const Trick& trick : tricks) {
    const std::string row = Row(trick);
    INFO("the table of docs/policy-reference.md lacks this row:\n" << row);
    CHECK(std::find(published.begin(), published.end(), row) != published.end());
  }
  CHECK(published.size() == tricks.size());
}

}  // namespace
}  // namespace countersign::policy::rules
