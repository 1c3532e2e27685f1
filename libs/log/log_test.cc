#include "libs/log/log.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "libs/base/utf8.h"

namespace countersign::log {
namespace {

const absl::Time kTime = absl::FromUnixSeconds(1'700'000'000);

std::string Text(absl::string_view event, Fields fields) {
  return FormatLine(Format::kText, Level::kInfo, kTime, "policy", event, fields);
}
std::string Json(absl::string_view event, Fields fields) {
  return FormatLine(Format::kJson, Level::kWarning, kTime, "policy", event, fields);
}

static_assert(!std::is_constructible_v<Value, const SecretString&>,
              "a secret must not become a field");

TEST_CASE("FormatLine: a text line contains time, level, service, event and fields", "[log]") {
  CHECK(Text("listening", {{"address", "127.0.0.1:1"}, {"count", 3}}) ==
        "2023-11-14T22:13:20.000Z info policy listening address=127.0.0.1:1 count=3");
}

TEST_CASE("FormatLine: a JSON line keeps numbers and booleans unquoted", "[log]") {
  CHECK(Json("applied", {{"version", std::uint64_t{7}}, {"result", true}, {"name", "a\"b"}}) ==
        R"({"time":"2023-11-14T22:13:20.000Z","level":"warning","service":"policy",)"
        R"("event":"applied","version":7,"result":true,"name":"a\"b"})");
}

TEST_CASE("FormatLine: a newline in a value cannot forge a second line", "[log]") {
  const std::string line = Text("refused", {{"reason", "x\n2023 info forged"}});
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find("\\u000a") != std::string::npos);
  CHECK(Json("refused", {{"reason", "x\r\n"}}).find('\n') == std::string::npos);
}

TEST_CASE("FormatLine: a status shows its code, message and reason", "[log]") {
  const absl::Status status = WithReason(absl::UnavailableError("gone"), "peer_down");
  CHECK(Json("x", {{"status", status}}).find("UNAVAILABLE: gone [peer_down]") != std::string::npos);
}

TEST_CASE("FormatLine: bytes that are not UTF-8 are replaced, so that a line is JSON", "[log]") {
  CHECK(Json("x", {{"name", "a\xff\xc3"}}).find("\"a\xef\xbf\xbd\xef\xbf\xbd\"") !=
        std::string::npos);
  CHECK(Json("x", {{"name", "\xc3\xa9"}}).find("\"\xc3\xa9\"") != std::string::npos);
}

TEST_CASE("FormatLine: a truncated value is still UTF-8", "[log]") {
  const std::string line = Text("x", {{"name", std::string(511, 'a') + "\xc3\xa9"}});
  CHECK(IsUtf8(line));
  CHECK(line.find("a\xef\xbf\xbd") != std::string::npos);
}

TEST_CASE("FormatLine: a value cannot control a terminal", "[log]") {
  // ESC and the one-character form of ESC [ (U+009B).
  const std::string line = Text("x", {{"name", "\x1b[2J\xc2\x9b"}});
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(line.find("\\u001b[2J\\u009b") != std::string::npos);
}

TEST_CASE("FormatLine: a text value with spaces, quotes or nothing in it is quoted", "[log]") {
  CHECK(Text("x", {{"name", "a b"}}).ends_with(" name=\"a b\""));
  CHECK(Text("x", {{"name", "a=b"}}).ends_with(" name=\"a=b\""));
  CHECK(Text("x", {{"name", "a\"b"}}).ends_with(" name=\"a\\\"b\""));
  CHECK(Text("x", {{"name", ""}}).ends_with(" name=\"\""));
}

TEST_CASE("Value: durations, times and fractions are readable", "[log]") {
  CHECK(Value(absl::Milliseconds(1500)).text() == "1.5s");
  CHECK(Value(kTime).text() == "2023-11-14T22:13:20.000Z");
  CHECK(Value(0.5).text() == "0.5");
  CHECK(Value(absl::OkStatus()).text() == "OK");
  CHECK(Value(-3).text() == "-3");
}

TEST_CASE("Value: a long text is truncated", "[log]") {
  CHECK(Value(std::string(5000, 'a')).text().size() == 512);
}

TEST_CASE("LevelFromString: an unknown level is refused", "[log]") {
  CHECK(LevelFromString("debug").value() == Level::kDebug);
  CHECK_FALSE(LevelFromString("verbose").ok());
  CHECK_FALSE(FormatFromString("xml").ok());
}

}  // namespace
}  // namespace countersign::log
