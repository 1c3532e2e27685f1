// Checks the record after a process was killed during calls, at any step: nothing was sent without
// its intent, and no caller has an answer or refusal that is not recorded.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <thread>

#include "libs/base/mutex.h"
#include "libs/json/document.h"
#include "tests/faults/gateway_process.h"
#include "tests/faults/gateway_resources.h"

namespace countersign::faults {
namespace {

namespace fs = std::filesystem;

constexpr char kForbidden[] = R"(---
apiVersion: countersign/v1
kind: Policy
metadata: {name: but-this}
spec:
  priority: 1000
  when: {pattern: {regex: 'forbidden'}}
  then: {deny: {message: "no"}}
)";

// An answered call, by the number in its prompt.
struct Answered {
  int status = 0;
  std::string session;
};

struct Recorded {
  std::string id;
  std::string outcome;
  bool intends_to_send = false;
};

// The number in "call 17."; -1 if there is none.
int CallNumber(absl::string_view text) {
  const std::size_t at = text.find("call ");
  return at == absl::string_view::npos ? -1 : std::atoi(std::string(text.substr(at + 5)).c_str());
}

class LoadedGateway {
 public:
  LoadedGateway() : key_(StartForOneCaller(gateway_, model_, kForbidden)) {}

  Gateway& gateway() { return gateway_; }
  void Up() {
    const Finished up = gateway_.Up();
    INFO(up.output);
    REQUIRE(up.status == 0);
  }

  // Makes calls on several threads, every third one forbidden, until `enough` returns true. Numbers
  // continue from one invocation to the next.
  std::map<int, Answered> Call(const std::function<bool(int answered, int failed)>& enough) {
    std::map<int, Answered> answers;
    Mutex mutex;
    std::atomic<int> failed{0};
    std::atomic<bool> done{false};
    const std::string address = gateway_.address();
    const auto caller = [&] {
      while (!done) {
        const int number = next_++;
        const std::string text =
            "call " + std::to_string(number) + (number % 3 == 0 ? ". forbidden" : ".");
        const HttpReply reply =
            Post(address, "/v1/chat/completions", key_,
                 R"({"model":"demo-1","messages":[{"role":"user","content":")" + text + "\"}]}");
        const MutexLock lock(mutex);
        if (reply.status == 200 || reply.status == 403) {
          const auto session = reply.headers.find("x-countersign-session");
          answers[number] = {reply.status, session == reply.headers.end() ? "" : session->second};
        } else {
          ++failed;
        }
        if (enough(static_cast<int>(answers.size()), failed)) done = true;
      }
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) callers.emplace_back(caller);
    for (std::thread& thread : callers) thread.join();
    return answers;
  }

  // The recorded sessions, by call number, as soon as none is running any more: what the killed
  // process had sent to PostgreSQL may be committed after the new one has closed what it found.
  std::map<int, Recorded> Record() {
    for (const absl::Time deadline = absl::Now() + absl::Seconds(30);;) {
      std::map<int, Recorded> record = ReadRecord();
      const bool running = std::any_of(record.begin(), record.end(), [](const auto& entry) {
        return entry.second.outcome.empty();
      });
      if (!running || absl::Now() > deadline) return record;
    }
  }

  // The numbers of the calls that the model received.
  std::vector<int> Sent() const {
    std::vector<int> numbers;
    std::ifstream log(log_);
    for (std::string line; std::getline(log, line);) {
      if (CallNumber(line) >= 0) numbers.push_back(CallNumber(line));
    }
    return numbers;
  }

 private:
  std::map<int, Recorded> ReadRecord() {
    std::map<int, Recorded> record;
    std::string token;
    do {
      const HttpReply page = gateway_.Admin("recorder.v1.SessionService/ListSessions",
                                            R"({"pageSize":500,"pageToken":")" + token + "\"}");
      const auto list = json::Document::Parse(page.body);
      REQUIRE(list.ok());
      const json::Value items = list->root()["items"];
      for (std::size_t i = 0; i < items.size(); ++i) Read(items.at(i), record);
      token = std::string(list->root()["nextPageToken"].text());
    } while (!token.empty());
    return record;
  }

  fs::path folder() const { return fs::path(gateway_.data()).parent_path(); }

  void Read(const json::Value& item, std::map<int, Recorded>& record) {
    Recorded session{std::string(item["id"].text()), std::string(item["outcome"].text())};
    const HttpReply reply = gateway_.Admin("recorder.v1.SessionService/GetSession",
                                           R"({"id":")" + session.id + R"("})");
    const auto detail = json::Document::Parse(reply.body);
    REQUIRE(detail.ok());
    const json::Value events = detail->root()["events"];
    REQUIRE(events.size() > 0);
    for (std::size_t i = 0; i < events.size(); ++i) {
      session.intends_to_send |= events.at(i)["type"].text() == "forward";
    }
    record[CallNumber(events.at(0)["payload"].text())] = session;
  }

  Gateway gateway_;
  const std::string log_ = folder() / "model.jsonl";
  DemoModel model_{1, log_};
  const std::string key_;
  std::atomic<int> next_{0};
};

}  // namespace

TEST_CASE("kill -9 among calls: nothing was sent without its intent, and every answer is on record",
          "[faults]") {
  LoadedGateway loaded;
  const bool database = GENERATE(false, true);
  CAPTURE(database);
  bool killed = false;
  std::map<int, Answered> answers = loaded.Call([&](int answered, int failed) {
    if (answered >= 40 && !std::exchange(killed, true)) {
      if (database) {
        REQUIRE(kill(loaded.gateway().postgres(), SIGKILL) == 0);
      } else {
        loaded.gateway().Kill();
      }
    }
    return killed && failed >= 4;
  });
  if (database) {
    // The gateway restarts its server; interrupted calls are closed when it is back.
    answers.merge(loaded.Call([](int answered, int) { return answered >= 3; }));
    CHECK(loaded.gateway().Down().status == 0);
  }
  loaded.Up();

  const std::map<int, Recorded> record = loaded.Record();
  for (const auto& [number, answer] : answers) {
    INFO("call " << number);
    REQUIRE(record.count(number) == 1);
    CHECK(record.at(number).id == answer.session);
    CHECK(record.at(number).outcome == (answer.status == 200 ? "completed" : "blocked"));
  }
  CHECK_FALSE(loaded.Sent().empty());
  for (const int number : loaded.Sent()) {
    INFO("call " << number);
    REQUIRE(record.count(number) == 1);
    CHECK(record.at(number).intends_to_send);
    CHECK(number % 3 != 0);
  }
  for (const auto& [number, session] : record) {
    INFO("call " << number << " " << session.outcome);
    CHECK(session.outcome != "");  // no session is left running
    if (number % 3 == 0) CHECK_FALSE(session.intends_to_send);
  }
}

}  // namespace countersign::faults
