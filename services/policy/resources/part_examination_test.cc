#include "services/policy/resources/part_examination.h"

#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/status.h"
#include "libs/testing/fake_clock.h"
#include "services/policy/testing/fake_remote_part.h"

namespace countersign::policy::resources {
namespace {

using State = HealthCheck::State;

// A part that answers at once, with a clock that may be wrong.
class Answering final : public RemotePart {
 public:
  Answering(RemoteParts& parts, const Clock& clock, absl::Duration off)
      : parts_(parts), clock_(clock), off_(off) {}
  ~Answering() override {
    if (thread_.joinable()) thread_.join();
  }
  const std::string& name() const override { return name_; }
  const std::string& release() const override { return version; }
  void SendDraft(std::uint64_t /*id*/, std::shared_ptr<const domain::ResourceList>) override {}
  void SendCommitted(std::shared_ptr<const domain::ResourceList>) override {}
  void Close() override {}
  bool can_be_examined() const override { return true; }
  void SendExamination(std::uint64_t id) override {
    thread_ = std::thread([this, id] {
      parts_.OnExamined(*this, id, {{"version", State::kOk, version, ""}}, clock_.Now() + off_);
    });
  }

  std::string version = "1.2.3";

 private:
  const std::string name_ = "edge";
  RemoteParts& parts_;
  const Clock& clock_;
  const absl::Duration off_;
  std::thread thread_;
};

struct Fixture {
  testing::FakeClock clock;
  RemoteParts parts;
  PartExamination examination{parts, clock, "policy",
                              [](absl::Duration) {
                                return std::vector<HealthCheck>{
                                    {"version", State::kOk, "1.2.3", ""},
                                    {"database", State::kFailed, "is away", "start it"}};
                              },
                              absl::Milliseconds(50)};

  HealthCheck Find(const std::string& part, const std::string& name) {
    for (const PartCheck& one : seen) {
      if (one.part == part && one.check.name == name) return one.check;
    }
    FAIL("no check " + part + " " + name);
    return {};
  }
  void Run() {
    auto checks = examination.Run();
    REQUIRE(checks.ok());
    seen = *std::move(checks);
  }
  std::vector<PartCheck> seen;
};

TEST_CASE("PartExamination: what this process and others saw, and their clocks", "[policy]") {
  Fixture f;
  const auto edge = std::make_shared<Answering>(f.parts, f.clock, absl::ZeroDuration());
  f.parts.Connect(edge);
  f.Run();
  CHECK(f.Find("policy", "database").state == State::kFailed);
  CHECK(f.Find("edge", "version").state == State::kOk);
  CHECK(f.Find("edge", "clock").state == State::kOk);
  CHECK(f.seen.front().part == "edge");
}

TEST_CASE("PartExamination: a part's clock that is a minute off is a failure", "[policy]") {
  for (const absl::Duration off : {absl::Minutes(1), -absl::Minutes(1)}) {
    Fixture f;
    const auto edge = std::make_shared<Answering>(f.parts, f.clock, off);
    f.parts.Connect(edge);
    f.Run();
    CHECK(f.Find("edge", "clock").state == State::kFailed);
  }
}

TEST_CASE("PartExamination: another version is a warning", "[policy]") {
  Fixture f;
  const auto edge = std::make_shared<Answering>(f.parts, f.clock, absl::ZeroDuration());
  edge->version = "1.3.0";
  f.parts.Connect(edge);
  f.Run();
  CHECK(f.Find("edge", "version").state == State::kWarning);
  CHECK(f.Find("edge", "version").saw == "1.3.0, and policy's is 1.2.3");
  CHECK(f.Find("policy", "version").state == State::kOk);
}

TEST_CASE("PartExamination: a part of an older version is not asked", "[policy]") {
  Fixture f;
  f.parts.Connect(std::make_shared<FakeRemotePart>("masking"));
  f.Run();
  CHECK(f.Find("masking", "examination").state == State::kWarning);
}

TEST_CASE("PartExamination: one at a time", "[policy]") {
  testing::FakeClock clock;
  RemoteParts parts;
  PartExamination* self = nullptr;
  absl::Status second;
  PartExamination examination(parts, clock, "policy", [&](absl::Duration) {
    second = self->Run().status();
    return std::vector<HealthCheck>{};
  });
  self = &examination;
  CHECK(examination.Run().ok());
  CHECK(absl::IsResourceExhausted(second));
}

}  // namespace
}  // namespace countersign::policy::resources
