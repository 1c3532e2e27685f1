// Failures of the standalone gateway: killed processes, taken addresses, unreachable folders.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "libs/json/document.h"
#include "libs/testing/taken_port.h"
#include "tests/faults/gateway_process.h"
#include "tests/faults/gateway_resources.h"

namespace countersign::faults {
namespace {

namespace fs = std::filesystem;

void MustBeUp(const Finished& up) {
  INFO(up.output);
  REQUIRE(up.status == 0);
}

std::string Question(bool stream) {
  return std::string(R"({"model":"demo-1","stream":)") + (stream ? "true" : "false") +
         R"(,"messages":[{"role":"user","content":"tell me a long story"}]})";
}

}  // namespace

TEST_CASE("up --detach: returns when ready, holds nothing of its caller, and down stops everything",
          "[faults]") {
  Gateway gateway;
  const Finished up = gateway.Up();  // returns only when no process holds its output
  MustBeUp(up);
  CHECK(up.output.find("http://" + gateway.address()) != std::string::npos);
  CHECK(Get(gateway.address(), "/readyz").status == 200);
  CHECK(Get(gateway.address(), "/livez").status == 200);
  struct stat key {};
  REQUIRE(stat((gateway.data() + "/admin.key").c_str(), &key) == 0);
  CHECK((key.st_mode & 0777) == 0600);
  const pid_t process = gateway.pid();
  const pid_t postgres = gateway.postgres();
  REQUIRE(Runs(process));
  REQUIRE(Runs(postgres));
  CHECK(gateway.Down().status == 0);
  CHECK_FALSE(Runs(process));
  CHECK_FALSE(Runs(postgres));
  CHECK_FALSE(fs::exists(gateway.data() + "/addresses.json"));
  CHECK(gateway.Down().status == 0);  // nothing to do is not a failure
}

TEST_CASE("up: a second gateway on the same folder is refused, and the first one continues",
          "[faults]") {
  Gateway gateway;
  MustBeUp(gateway.Up());
  const pid_t first = gateway.pid();
  const Finished second = gateway.Up();
  CHECK(second.status == 1);
  CHECK(second.output.find("in use by another gateway (process " + std::to_string(first)) !=
        std::string::npos);
  CHECK(gateway.pid() == first);
  CHECK(Get(gateway.address(), "/readyz").status == 200);
}

TEST_CASE("kill -9: the next start recovers everything", "[faults]") {
  DemoModel model(1);
  Gateway gateway;
  const std::string key = StartForOneCaller(gateway, model);
  const std::string admin = gateway.admin_key();
  REQUIRE(Post(gateway.address(), "/v1/chat/completions", key, Question(false)).status == 200);
  const pid_t left = gateway.postgres();
  gateway.Kill();
  REQUIRE(Runs(left));  // the database outlives a killed gateway
  MustBeUp(gateway.Up());
  CHECK_FALSE(Runs(left));
  CHECK(Runs(gateway.postgres()));
  CHECK(gateway.admin_key() == admin);
  CHECK(Post(gateway.address(), "/v1/chat/completions", key, Question(false)).status == 200);
  const HttpReply sessions = gateway.Admin("recorder.v1.SessionService/ListSessions", "{}");
  const auto document = json::Document::Parse(sessions.body);
  REQUIRE(document.ok());
  CHECK(document->root()["items"].size() == 2);
}

TEST_CASE("kill -9, then down: the remaining database is stopped", "[faults]") {
  Gateway gateway;
  MustBeUp(gateway.Up());
  const pid_t left = gateway.postgres();
  gateway.Kill();
  REQUIRE(Runs(left));
  CHECK(gateway.Down().status == 0);
  CHECK_FALSE(Runs(left));
}

TEST_CASE("kill -9 in mid-stream: the record holds every byte that the caller received",
          "[faults]") {
  DemoModel model(5);
  Gateway gateway;
  const std::string key = StartForOneCaller(gateway, model);
  Stream stream(gateway.address(), "/v1/chat/completions", key, Question(true));
  stream.ReadUntil("data: ", 4);
  REQUIRE(stream.body().find("[DONE]") == std::string::npos);
  gateway.Kill();
  stream.ReadAll();  // the rest that was in flight
  const std::string received = stream.body();
  REQUIRE_FALSE(received.empty());
  MustBeUp(gateway.Up());

  const HttpReply sessions = gateway.Admin("recorder.v1.SessionService/ListSessions", "{}");
  const auto list = json::Document::Parse(sessions.body);
  REQUIRE(list.ok());
  REQUIRE(list->root()["items"].size() == 1);
  CHECK(list->root()["items"].at(0)["outcome"].text() == "truncated");
  const std::string id(list->root()["items"].at(0)["id"].text());
  const HttpReply session =
      gateway.Admin("recorder.v1.SessionService/GetSession", R"({"id":")" + id + R"("})");
  const auto detail = json::Document::Parse(session.body);
  REQUIRE(detail.ok());
  std::string recorded;
  const json::Value events = detail->root()["events"];
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events.at(i)["type"].text() != "response.data") continue;
    const auto payload = json::Document::Parse(events.at(i)["payload"].text());
    REQUIRE(payload.ok());
    recorded += std::string(payload->root()["text"].text());
  }
  INFO("received: " << received << "\nrecorded: " << recorded);
  CHECK(recorded.substr(0, received.size()) == received);

  const std::string file = fs::path(gateway.data()).parent_path() / "export.jsonl";
  const Finished exported =
      Run("countersign", {"--addr", gateway.address(), "--token", gateway.admin_key(), "sessions",
                          "export", "-o", file});
  INFO(exported.output);
  REQUIRE(exported.status == 0);
  const Finished verified =
      Run("countersign", {"verify", file, "--public-key", gateway.data() + "/record.pub"});
  INFO(verified.output);
  CHECK(verified.status == 0);
  CHECK(verified.output.find("truncated") != std::string::npos);
}

TEST_CASE("PostgreSQL is killed: calls are UNAVAILABLE until it is restarted", "[faults]") {
  DemoModel model(1);
  Gateway gateway;
  const std::string key = StartForOneCaller(gateway, model);
  const pid_t first = gateway.postgres();
  REQUIRE(kill(first, SIGKILL) == 0);
  int answered = 0;
  for (bool restarted = false; answered == 0 || !restarted;) {
    const HttpReply reply = Post(gateway.address(), "/v1/chat/completions", key, Question(false));
    INFO(reply.body);
    // Only success or 503, at whatever time the server was killed.
    REQUIRE((reply.status == 200 || reply.status == 503));
    restarted = gateway.postgres() != first && gateway.postgres() != 0;
    if (reply.status == 200 && restarted) ++answered;
  }
  CHECK(Get(gateway.address(), "/readyz").status == 200);
}

TEST_CASE("up: a given address that is taken is an error, and nothing is left running",
          "[faults]") {
  const countersign::testing::TakenPort taken;
  Gateway gateway;
  const Finished up = gateway.Up({"--http", taken.address()});
  CHECK(up.status == 1);
  CHECK(up.output.find(taken.address()) != std::string::npos);
  CHECK(gateway.postgres() == 0);
  MustBeUp(gateway.Up());
}

TEST_CASE("up: a mistake in resources prevents the start and is reported", "[faults]") {
  Gateway gateway;
  const std::string file = fs::path(gateway.data()).parent_path() / "wrong.yaml";
  std::ofstream(file) << "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: p}\n"
                         "spec:\n  thn: {allow: {}}\n";
  const Finished up = gateway.Up({"--config", file});
  CHECK(up.status == 1);
  CHECK(up.output.find("thn") != std::string::npos);
  CHECK(gateway.postgres() == 0);
}

TEST_CASE("up: a folder that PostgreSQL's user cannot reach is named, with what to do",
          "[faults]") {
  if (geteuid() != 0) return;  // only root switches to another user
  Gateway gateway;
  const fs::path closed = fs::path(gateway.data()).parent_path() / "closed";
  fs::create_directories(closed);
  REQUIRE(chmod(closed.c_str(), 0700) == 0);
  const Finished up = Run(
      "countersign-standalone",
      {"up", "--data", closed / "data", "--http", "127.0.0.1:0", "--metrics", "off", "--detach"});
  CHECK(up.status == 1);
  CHECK(up.output.find("cannot enter " + closed.string()) != std::string::npos);
  CHECK(up.output.find("/var/lib/countersign") != std::string::npos);
}

}  // namespace countersign::faults
