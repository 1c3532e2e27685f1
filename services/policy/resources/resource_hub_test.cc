#include "services/policy/resources/resource_hub.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/base/status.h"
#include "libs/testing/fake_clock.h"
#include "services/policy/testing/fake_remote_part.h"
#include "services/policy/testing/fake_sealer.h"
#include "services/policy/testing/resource_store_memory.h"

namespace countersign::policy::resources {
namespace {

// Accepts everything unless told otherwise.
class FakeWatcher final : public domain::ResourceWatcher {
 public:
  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override {
    drafts.push_back(draft);
    return validate_answer;
  }
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override {
    if (serve_answer.ok()) served.push_back(std::move(set));
    return serve_answer;
  }

  absl::Status validate_answer;
  absl::Status serve_answer;
  std::vector<std::shared_ptr<const domain::ResourceSet>> drafts;
  std::vector<std::shared_ptr<const domain::ResourceSet>> served;
};

constexpr char kConnection[] =
    "apiVersion: countersign/v1\n"
    "kind: Connection\n"
    "metadata: {name: openai, labels: {team: core}}\n"
    "spec: {protocol: openai, url: 'https://api.openai.com/v1'}\n";
constexpr char kPolicy[] =
    "apiVersion: countersign/v1\n"
    "kind: Policy\n"
    "metadata: {name: chat}\n"
    "spec: {match: {connections: [openai]}, then: {allow: {}}}\n";
constexpr char kCredential[] =
    "apiVersion: countersign/v1\n"
    "kind: Credential\n"
    "metadata: {name: key}\n"
    "spec: {bearer: {env: API_KEY}}\n";

struct Fixture {
  testing::FakeClock clock;
  MemoryResourceStore store{clock};
  FakeSealer sealer;
  FakeWatcher watcher;
  HubOptions options;
  std::unique_ptr<ResourceHub> hub;

  explicit Fixture(HubOptions with = {}) : options(with) {
    options.poll_interval = absl::Hours(1);  // tests call Refresh
    hub = std::make_unique<ResourceHub>(store, sealer, clock, options);
    hub->Attach("policy", watcher);
    REQUIRE(hub->Start().ok());
  }

  absl::StatusOr<ApplyOutcome> Apply(const std::vector<std::string>& contents,
                                     config::ExternalValues values = {}, bool dry_run = false,
                                     bool no_wait = false) {
    ApplyCommand command;
    for (const std::string& content : contents) {
      command.files.push_back({"f" + std::to_string(command.files.size()) + ".yaml", content});
    }
    command.values = std::move(values);
    command.dry_run = dry_run;
    command.no_wait = no_wait;
    command.author = "ann";
    return hub->Apply(command);
  }
  // "result Kind/name" for each item.
  static std::vector<std::string> Results(const absl::StatusOr<ApplyOutcome>& outcome) {
    INFO(outcome.status().ToString());
    REQUIRE(outcome.ok());
    std::vector<std::string> lines;
    for (const ApplyItem& item : outcome->items) {
      lines.push_back(item.result + " " + item.kind + "/" + item.name);
    }
    return lines;
  }
};

using Lines = std::vector<std::string>;

TEST_CASE("ResourceHub: an empty store is version 0 and served", "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.watcher.served.size() == 1);
  CHECK(fixture.watcher.served[0]->version == 0);
  CHECK((*fixture.hub->Current())->resources.empty());
}

TEST_CASE("ResourceHub: apply reports created, configured and unchanged in the files' order",
          "[policy][hub]") {
  Fixture fixture;
  const auto first = fixture.Apply({kPolicy, kConnection});
  CHECK(Fixture::Results(first) == Lines{"created Policy/chat", "created Connection/openai"});
  CHECK(first->version == 1);
  CHECK(first->waiting_for.empty());

  std::string changed = kConnection;
  changed.replace(changed.find("core"), 4, "edge");
  const auto second = fixture.Apply({changed, kPolicy});
  CHECK(Fixture::Results(second) == Lines{"configured Connection/openai", "unchanged Policy/chat"});
  CHECK(second->version == 2);
}

TEST_CASE("ResourceHub: applying the same again creates no version", "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection}).ok());
  const auto again = fixture.Apply({kConnection});
  CHECK(Fixture::Results(again) == Lines{"unchanged Connection/openai"});
  CHECK(again->version == 1);
  CHECK(*fixture.store.Version() == 1);
  CHECK(fixture.watcher.drafts.size() == 1);
}

TEST_CASE("ResourceHub: serves the applied resources with their versions", "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection}).ok());
  REQUIRE(fixture.Apply({kPolicy}).ok());
  const auto& served = fixture.watcher.served.back();
  CHECK(served->version == 2);
  CHECK(served->connections.at("openai").version == 1);
  CHECK(served->policies.count("chat") == 1);
  CHECK(served == fixture.watcher.drafts.back());  // the same object that was validated
  CHECK((*fixture.hub->Current())->resources[0].labels.at("team") == "core");
}

TEST_CASE("ResourceHub: before and after are the specs as canonical JSON", "[policy][hub]") {
  Fixture fixture;
  const auto outcome = fixture.Apply({kConnection});
  CHECK(outcome->items[0].before.empty());
  CHECK(outcome->items[0].after == R"({"protocol":"openai","url":"https://api.openai.com/v1"})");
  CHECK(fixture.Apply({kConnection})->items[0].before == outcome->items[0].after);
}

TEST_CASE("ResourceHub: every mistake is reported with file and line, and nothing is changed",
          "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection}).ok());
  const auto refused =
      fixture.Apply({"apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: "
                     "bad}\nspec:\n  wehn: {}\n  then: {deny: {}, allow: {}}\n",
                     kPolicy});
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(GetReason(refused.status()) == "invalid_resource");
  const std::string message(refused.status().message());
  INFO(message);
  CHECK(message.find("f0.yaml:5: Policy/bad: spec.wehn") != std::string::npos);
  CHECK(message.find("exactly one of review, deny, allow") != std::string::npos);
  CHECK(*fixture.store.Version() == 1);
  CHECK(fixture.watcher.served.back()->policies.empty());
}

TEST_CASE("ResourceHub: a dangling reference is refused with its place", "[policy][hub]") {
  Fixture fixture;
  const auto refused = fixture.Apply({kPolicy});
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(refused.status().message() ==
        "f0.yaml:4: Policy/chat: spec.match.connections[0]: there is no Connection \"openai\"");
  CHECK(*fixture.store.Version() == 0);
}

TEST_CASE("ResourceHub: a watcher that refuses the draft stops the commit", "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection}).ok());
  fixture.watcher.validate_answer =
      absl::InvalidArgumentError("Policy/chat: spec.when.pattern.regex: no\nother");
  const auto refused = fixture.Apply({kPolicy});
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(refused.status().message() == "f0.yaml:4: Policy/chat: spec.when.pattern.regex: no\nother");
  CHECK(*fixture.store.Version() == 1);
  CHECK(fixture.watcher.served.back()->version == 1);
}

TEST_CASE("ResourceHub: a part's mistake is reported with its line, and once", "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection}).ok());
  FakeWatcher second;
  fixture.hub->Attach("edge", second);
  for (FakeWatcher* watcher : {&fixture.watcher, &second}) {
    watcher->validate_answer =
        absl::InvalidArgumentError("Policy/late: spec.when.pattern.regex: at byte 2: no");
  }
  const auto refused = fixture.Apply(
      {"apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: late}\nspec:\n  when:\n"
       "    pattern:\n      regex: abc\n  then: {allow: {}}\n"});
  CHECK(refused.status().message() ==
        "f0.yaml:7: Policy/late: spec.when.pattern.regex: at byte 2: no");
}

TEST_CASE("ResourceHub: a watcher that cannot serve keeps its previous version", "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection}).ok());
  fixture.watcher.serve_answer = absl::InternalError("out of memory");
  REQUIRE(fixture.Apply({kPolicy}, {}, false, /*no_wait=*/true).ok());
  const auto report = fixture.hub->ListParts();
  REQUIRE(report.ok());
  CHECK(report->version == 2);
  const auto& policy = report->parts.back();
  CHECK(policy.name == "policy");
  CHECK(policy.state == PartStatus::State::kLagging);
  CHECK(policy.version == 1);
}

TEST_CASE("ResourceHub: a dry run validates and changes nothing", "[policy][hub]") {
  Fixture fixture;
  const auto outcome = fixture.Apply({kConnection}, {}, /*dry_run=*/true);
  CHECK(Fixture::Results(outcome) == Lines{"created Connection/openai"});
  CHECK(outcome->version == 0);
  CHECK(fixture.watcher.drafts.size() == 1);
  CHECK(*fixture.store.Version() == 0);
  CHECK(fixture.watcher.served.back()->version == 0);
}

TEST_CASE("ResourceHub: a credential is sealed before anything is stored, and never shown",
          "[policy][hub]") {
  Fixture fixture;
  const auto outcome = fixture.Apply({kCredential}, {{"env:API_KEY", "sk-secret"}});
  CHECK(Fixture::Results(outcome) == Lines{"created Credential/key"});
  CHECK(outcome->items[0].after == R"({"sealed":"withheld"})");
  const auto stored = fixture.store.Load();
  REQUIRE(stored->resources.size() == 1);
  CHECK(stored->resources[0].spec == R"({"sealed":"sealed-1"})");
  CHECK(WithheldSpec(stored->resources[0]) == R"({"sealed":"withheld"})");
  CHECK(fixture.watcher.served.back()->credentials.at("key").sealed == "sealed-1");
  CHECK(fixture.sealer.last_spec == R"({"bearer":{"inline":"sk-secret"}})");
}

TEST_CASE(
    "ResourceHub: an equal secret is unchanged; a new one is configured and the old one erased",
    "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kCredential}, {{"env:API_KEY", "one"}}).ok());
  CHECK(Fixture::Results(fixture.Apply({kCredential}, {{"env:API_KEY", "one"}})) ==
        Lines{"unchanged Credential/key"});
  CHECK(Fixture::Results(fixture.Apply({kCredential}, {{"env:API_KEY", "two"}})) ==
        Lines{"configured Credential/key"});
  const auto old = fixture.store.LoadVersion(1);
  CHECK(old->resources.at(0).spec == R"({"sealed":"erased"})");
}

TEST_CASE("ResourceHub: a credential can be applied as it is shown, and keeps its stored value",
          "[policy][hub]") {
  Fixture test;
  REQUIRE(test.Apply({kCredential}, {{"env:API_KEY", "sk-1"}}).ok());
  const std::string before = test.hub->Current().value()->resources[0].spec;
  const std::string shown =
      "apiVersion: countersign/v1\nkind: Credential\nmetadata: {name: key}\nspec: " +
      WithheldSpec(test.hub->Current().value()->resources[0]) + "\n";
  CHECK(Fixture::Results(test.Apply({shown})) ==
        std::vector<std::string>{"unchanged Credential/key"});
  std::string labelled = shown;
  labelled.replace(labelled.find("{name: key}"), 11, "{name: key, labels: {a: b}}");
  CHECK(Fixture::Results(test.Apply({labelled})) ==
        std::vector<std::string>{"configured Credential/key"});
  CHECK(test.hub->Current().value()->resources[0].spec == before);

  std::string other = shown;
  other.replace(other.find("{name: key}"), 11, "{name: new}");
  const auto refused = test.Apply({other});
  CHECK(GetReason(refused.status()) == "invalid_resource");
  CHECK(refused.status().message().find("Credential/new: spec.sealed: there is no stored value") !=
        absl::string_view::npos);
}

TEST_CASE("ResourceHub: a dry run needs no secret, a change does", "[policy][hub]") {
  Fixture test;
  CHECK(Fixture::Results(test.Apply({kCredential}, {}, /*dry_run=*/true)) ==
        std::vector<std::string>{"created Credential/key"});
  REQUIRE(test.Apply({kCredential}, {{"env:API_KEY", "sk-1"}}).ok());
  CHECK(Fixture::Results(test.Apply({kCredential}, {}, /*dry_run=*/true)) ==
        std::vector<std::string>{"unchanged Credential/key"});
  CHECK(GetReason(test.Apply({kCredential}).status()) == "invalid_resource");
}

TEST_CASE("ResourceHub: a sealer that is away stops the change", "[policy][hub]") {
  Fixture fixture;
  fixture.sealer.failure = absl::UnavailableError("authn is away");
  const auto refused = fixture.Apply({kConnection, kCredential}, {{"env:API_KEY", "one"}});
  CHECK(refused.status().code() == absl::StatusCode::kUnavailable);
  CHECK(*fixture.store.Version() == 0);
}

TEST_CASE("ResourceHub: delete removes a resource without references to it", "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection, kPolicy}).ok());
  const auto outcome = fixture.hub->Delete("Policy", "chat", false, "ann");
  REQUIRE(outcome.ok());
  CHECK(outcome->version == 2);
  CHECK(fixture.watcher.served.back()->policies.empty());
  CHECK(fixture.store.Load()->resources.size() == 1);
}

TEST_CASE("ResourceHub: delete refuses a resource that others refer to, and names them",
          "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection, kPolicy}).ok());
  const auto refused = fixture.hub->Delete("Connection", "openai", false, "ann");
  CHECK(refused.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(GetReason(refused.status()) == "resource_in_use");
  CHECK(refused.status().message() ==
        "Connection \"openai\" is in use by Policy/chat (spec.match.connections[0]); change or "
        "delete that first");
  CHECK(*fixture.store.Version() == 1);
}

TEST_CASE("ResourceHub: deleting a missing resource is NOT_FOUND", "[policy][hub]") {
  Fixture fixture;
  CHECK(fixture.hub->Delete("Policy", "ghost", false, "ann").status().code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("ResourceHub: without the store the last version is served and changes are refused",
          "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection}).ok());
  fixture.store.FailWith(absl::UnavailableError("no database"));
  CHECK(fixture.Apply({kPolicy}).status().code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(fixture.hub->Refresh().ok());
  CHECK((*fixture.hub->Current())->version == 1);
  CHECK(fixture.watcher.served.back()->version == 1);
  fixture.store.FailWith(absl::OkStatus());
  CHECK(fixture.Apply({kPolicy}).ok());
}

TEST_CASE("ResourceHub: started without a store it serves as soon as the store is available",
          "[policy][hub]") {
  testing::FakeClock clock;
  MemoryResourceStore store(clock);
  store.FailWith(absl::UnavailableError("no database"));
  FakeSealer sealer;
  FakeWatcher watcher;
  HubOptions options;
  options.poll_interval = absl::Hours(1);
  ResourceHub hub(store, sealer, clock, options);
  hub.Attach("policy", watcher);
  CHECK(hub.Start().code() == absl::StatusCode::kUnavailable);
  CHECK(hub.Current().status().code() == absl::StatusCode::kUnavailable);
  CHECK(hub.Apply({{{"f", kConnection}}}).status().code() == absl::StatusCode::kUnavailable);
  CHECK(watcher.served.empty());
  store.FailWith(absl::OkStatus());
  CHECK(hub.Refresh().ok());
  CHECK(watcher.served.size() == 1);
}

TEST_CASE("ResourceHub: initial resources are applied to an empty store and never again",
          "[policy][hub]") {
  HubOptions options;
  options.initial = {{"initial.yaml", kConnection}};
  Fixture fixture(options);
  CHECK(fixture.watcher.served.back()->connections.count("openai") == 1);
  CHECK(*fixture.store.Version() == 1);
  REQUIRE(fixture.hub->Delete("Connection", "openai", false, "ann").ok());
  ResourceHub restarted(fixture.store, fixture.sealer, fixture.clock, fixture.options);
  REQUIRE(restarted.Start().ok());
  CHECK((*restarted.Current())->version == 2);
  CHECK((*restarted.Current())->resources.empty());
}

TEST_CASE("ResourceHub: a mistake in the initial resources fails Start", "[policy][hub]") {
  testing::FakeClock clock;
  MemoryResourceStore store(clock);
  FakeSealer sealer;
  HubOptions options;
  options.poll_interval = absl::Hours(1);
  options.initial = {{"initial.yaml", kPolicy}};
  ResourceHub hub(store, sealer, clock, options);
  CHECK(hub.Start().code() == absl::StatusCode::kInvalidArgument);
  CHECK(*store.Version() == 0);
}

TEST_CASE("ResourceHub: a change builds on the newest commit of another replica", "[policy][hub]") {
  Fixture fixture;
  ResourceHub other(fixture.store, fixture.sealer, fixture.clock, fixture.options);
  REQUIRE(other.Start().ok());
  REQUIRE(other.Apply({{{"f", kConnection}}}).ok());
  const auto outcome = fixture.Apply({kPolicy});
  REQUIRE(outcome.ok());
  CHECK(outcome->version == 2);
  CHECK(fixture.watcher.served.back()->connections.count("openai") == 1);
}

TEST_CASE("ResourceHub: concurrent changes by two replicas lose nothing", "[policy][hub]") {
  Fixture fixture;
  ResourceHub other(fixture.store, fixture.sealer, fixture.clock, fixture.options);
  REQUIRE(other.Start().ok());
  const auto apply_four = [](ResourceHub& hub, const std::string& prefix) {
    absl::Status first_failure;
    for (int i = 0; i < 4; ++i) {
      std::string content = kConnection;
      content.replace(content.find("openai"), 6, prefix + std::to_string(i));
      first_failure.Update(hub.Apply({{{"f", content}}}).status());
    }
    return first_failure;
  };
  auto others = std::async(std::launch::async, [&] { return apply_four(other, "b"); });
  CHECK(apply_four(*fixture.hub, "a").ok());
  CHECK(others.get().ok());
  CHECK(*fixture.store.Version() == 8);
  CHECK(fixture.store.Load()->resources.size() == 8);
}

TEST_CASE("ResourceHub: a watcher that attaches late gets the served version", "[policy][hub]") {
  Fixture fixture;
  REQUIRE(fixture.Apply({kConnection}).ok());
  FakeWatcher late;
  fixture.hub->Attach("masking", late);
  REQUIRE(late.served.size() == 1);
  CHECK(late.served[0]->version == 1);
}

TEST_CASE("ResourceHub: a watcher that cannot serve is named and retried", "[policy][hub]") {
  Fixture fixture;
  fixture.watcher.serve_answer = absl::InternalError("out of memory");
  const auto outcome = fixture.Apply({kConnection});
  REQUIRE(outcome.ok());
  CHECK(outcome->version == 1);
  CHECK(outcome->waiting_for == Lines{"policy"});
  fixture.watcher.serve_answer = absl::OkStatus();
  CHECK(fixture.hub->Refresh().ok());
  CHECK(fixture.watcher.served.back()->version == 1);
}

TEST_CASE("ResourceHub: apply returns when a remote part has validated and serves the version",
          "[policy][hub]") {
  Fixture fixture;
  const auto part = std::make_shared<FakeRemotePart>("masking");
  RemoteParts& parts = fixture.hub->remote_parts();
  parts.Connect(part);
  auto applied = std::async(std::launch::async, [&] { return fixture.Apply({kConnection}); });
  const auto [id, draft] = part->Draft();
  CHECK(draft->version == 1);
  CHECK(*fixture.store.Version() == 0);  // not before it is validated
  parts.OnValidated(*part, id, {});
  CHECK(part->Committed(2)->version == 1);
  parts.OnServing(*part, 1);
  const auto outcome = applied.get();
  REQUIRE(outcome.ok());
  CHECK(outcome->waiting_for.empty());
}

TEST_CASE("ResourceHub: a remote part that refuses stops the commit", "[policy][hub]") {
  Fixture fixture;
  const auto part = std::make_shared<FakeRemotePart>("masking");
  RemoteParts& parts = fixture.hub->remote_parts();
  parts.Connect(part);
  auto applied = std::async(std::launch::async, [&] { return fixture.Apply({kConnection}); });
  parts.OnValidated(*part, part->Draft().first, {"Connection/openai: spec.url: no"});
  const auto refused = applied.get();
  CHECK(refused.status().message() == "f0.yaml:4: Connection/openai: spec.url: no");
  CHECK(*fixture.store.Version() == 0);
  CHECK(part->committed() == 1);  // version 0, sent before
}

TEST_CASE("ResourceHub: apply does not wait for a slow part longer than asked", "[policy][hub]") {
  HubOptions options;
  options.serve_timeout = absl::Milliseconds(1);
  Fixture fixture(options);
  const auto part = std::make_shared<FakeRemotePart>("masking");
  RemoteParts& parts = fixture.hub->remote_parts();
  parts.Connect(part);
  for (const bool no_wait : {false, true}) {
    auto applied = std::async(std::launch::async, [&] {
      std::string content = kConnection;
      if (no_wait) content.replace(content.find("core"), 4, "edge");
      return fixture.Apply({content}, {}, false, no_wait);
    });
    parts.OnValidated(*part, part->Draft(no_wait ? 2 : 1).first, {});
    const auto outcome = applied.get();
    REQUIRE(outcome.ok());
    CHECK(outcome->waiting_for == Lines{"masking"});
  }
}

TEST_CASE("ResourceHub: concurrent changes are made one after the other", "[policy][hub]") {
  Fixture fixture;
  std::vector<std::future<absl::Status>> changes;
  for (int i = 0; i < 8; ++i) {
    changes.push_back(std::async(std::launch::async, [&fixture, i] {
      std::string content = kConnection;
      content.replace(content.find("openai"), 6, "c" + std::to_string(i));
      return fixture.Apply({content}).status();
    }));
  }
  for (auto& change : changes) CHECK(change.get().ok());
  CHECK(*fixture.store.Version() == 8);
  CHECK(fixture.watcher.served.back()->connections.size() == 8);
}

}  // namespace
}  // namespace countersign::policy::resources
