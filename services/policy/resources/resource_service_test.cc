#include "services/policy/resources/resource_service.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "libs/testing/fake_clock.h"
#include "services/policy/testing/fake_remote_part.h"
#include "services/policy/testing/fake_sealer.h"
#include "services/policy/testing/resource_store_memory.h"
#include "services/policy/testing/service_fixture.h"

namespace countersign::policy::resources {
namespace {

std::string Document(const std::string& kind, const std::string& name, const std::string& spec) {
  return "apiVersion: countersign/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         ", labels: {team: core}}\nspec: " + spec + "\n---\n";
}
std::string Dictionary(const std::string& name) {
  return Document("Dictionary", name, "{terms: [x]}");
}
const std::string kConnection =
    Document("Connection", "openai", "{protocol: openai, url: 'https://api.openai.com/v1'}");
const std::string kPolicy =
    Document("Policy", "chat", "{match: {connections: [openai]}, then: {allow: {}}}");

struct Fixture {
  testing::FakeClock clock;
  MemoryResourceStore store{clock};
  FakeSealer sealer;
  ResourceHub hub{store, sealer, clock};
  FakeCallers callers;
  ThreadPool pool{2, 4};
  PartExamination examination{
      hub.remote_parts(), clock, "policy", [](absl::Duration) {
        return std::vector<HealthCheck>{
            {"database", HealthCheck::State::kFailed, "is away", "start it"}};
      }};
  ResourceService service{hub, examination, callers, pool};
  InProcessServer server{&service};
  std::unique_ptr<v1::ResourceService::Stub> stub = v1::ResourceService::NewStub(server.channel());
  v1::ApplyResponse applied;
  v1::GetResourcesResponse got;
  v1::DeleteResourceResponse deleted;

  Fixture() { REQUIRE(hub.Start().ok()); }

  absl::Status Apply(const std::string& content, const std::string& token = "admin") {
    v1::ApplyRequest request;
    auto& file = *request.add_files();
    file.set_name("a.yaml");
    file.set_content(content);
    (*request.mutable_values())["env:KEY"] = "sk-secret";
    return rpc::FromGrpc(stub->Apply(As(token).get(), request, &applied));
  }
  absl::Status Get(const std::string& kind, const std::string& name = "",
                   const std::string& token = "admin", std::uint32_t page_size = 0,
                   const std::string& page_token = "") {
    v1::GetResourcesRequest request;
    request.set_kind(kind);
    request.set_name(name);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return rpc::FromGrpc(stub->GetResources(As(token).get(), request, &got));
  }
  absl::Status Delete(const std::string& kind, const std::string& name,
                      const std::string& token = "admin") {
    v1::DeleteResourceRequest request;
    request.set_kind(kind);
    request.set_name(name);
    return rpc::FromGrpc(stub->DeleteResource(As(token).get(), request, &deleted));
  }
};

TEST_CASE("ResourceService: applied resources are reported and can be read", "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.Apply(kConnection + kPolicy).ok());
  CHECK(fixture.applied.version() == 1);
  REQUIRE(fixture.applied.items_size() == 2);
  CHECK(fixture.applied.items(0).kind() == "Connection");
  CHECK(fixture.applied.items(0).result() == "created");
  CHECK(fixture.applied.waiting_for().empty());

  REQUIRE(fixture.Get("connections", "openai").ok());
  REQUIRE(fixture.got.items_size() == 1);
  const v1::Resource& resource = fixture.got.items(0);
  CHECK(resource.api_version() == "countersign/v1");
  CHECK(resource.kind() == "Connection");
  CHECK(resource.labels().at("team") == "core");
  CHECK(resource.spec() == R"({"protocol":"openai","url":"https://api.openai.com/v1"})");
  CHECK(resource.version() == 1);
  CHECK(resource.updated_at().seconds() == absl::ToUnixSeconds(fixture.clock.Now()));
}

TEST_CASE("ResourceService: an examination is for administrators", "[policy][rpc]") {
  Fixture fixture;
  v1::ExaminePartsResponse seen;
  const auto examine = [&](const std::string& token) {
    return rpc::FromGrpc(fixture.stub->ExamineParts(As(token).get(), {}, &seen));
  };
  REQUIRE(examine("admin").ok());
  REQUIRE(seen.items_size() == 1);
  CHECK(seen.items(0).part() == "policy");
  CHECK(seen.items(0).check() == "database");
  CHECK(seen.items(0).result() == "failed");
  CHECK(seen.items(0).advice() == "start it");
  for (const char* token : {"auditor", "admin-of-openai", "caller"}) {
    CHECK(absl::IsPermissionDenied(examine(token)));
  }
}

TEST_CASE("ResourceService: a mistake is INVALID_ARGUMENT with file, line and path",
          "[policy][rpc]") {
  Fixture fixture;
  const absl::Status status = fixture.Apply(Document("Dictionary", "d", "{words: [x]}"));
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(GetReason(status) == "invalid_resource");
  CHECK(status.message().find("a.yaml:4: Dictionary/d: spec.words") != absl::string_view::npos);
}

TEST_CASE("ResourceService: a truncated list of mistakes ends with their number", "[policy][rpc]") {
  Fixture fixture;
  std::string content;
  for (int i = 0; i < 300; ++i) {
    content += Document("Dictionary", "d" + std::to_string(i), "{words: [x]}");
  }
  const absl::Status status = fixture.Apply(content);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(GetReason(status) == "invalid_resource");
  CHECK(status.message().find(" more") != absl::string_view::npos);
  CHECK(status.message().size() < 6000);
}

TEST_CASE("ResourceService: an apply without files is INVALID_ARGUMENT", "[policy][rpc]") {
  Fixture fixture;
  v1::ApplyRequest request;
  const absl::Status status =
      rpc::FromGrpc(fixture.stub->Apply(As("admin").get(), request, &fixture.applied));
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("ResourceService: every method needs the role admin on all connections",
          "[policy][rpc]") {
  Fixture fixture;
  for (const char* token : {"caller", "admin-of-openai"}) {
    INFO(token);
    for (const absl::Status& status :
         {fixture.Apply(kConnection, token), fixture.Get("Policy", "", token),
          fixture.Delete("Policy", "chat", token)}) {
      CHECK(status.code() == absl::StatusCode::kPermissionDenied);
      CHECK(GetReason(status) == "permission_denied");
    }
  }
  for (const absl::Status& status :
       {fixture.Apply(kConnection, ""), fixture.Get("Policy", "", "forged"),
        fixture.Delete("Policy", "chat", "")}) {
    CHECK(status.code() == absl::StatusCode::kUnauthenticated);
  }
  CHECK(*fixture.store.Version() == 0);
}

TEST_CASE("ResourceService: an auditor of all connections may read, and only that",
          "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.Apply(kConnection + kPolicy).ok());
  CHECK(fixture.Get("Policy", "", "auditor").ok());
  CHECK(fixture.got.items_size() == 1);
  for (const absl::Status& status :
       {fixture.Get("Policy", "", "auditor-of-openai"), fixture.Apply(kPolicy, "auditor"),
        fixture.Delete("Policy", "chat", "auditor")}) {
    CHECK(status.code() == absl::StatusCode::kPermissionDenied);
    CHECK(GetReason(status) == "permission_denied");
  }
}

TEST_CASE("ResourceService: without the store changes are UNAVAILABLE and reading works",
          "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.Apply(kConnection).ok());
  fixture.store.FailWith(absl::UnavailableError("no database"));
  CHECK(fixture.Apply(kPolicy).code() == absl::StatusCode::kUnavailable);
  CHECK(fixture.Delete("Connection", "openai").code() == absl::StatusCode::kUnavailable);
  CHECK(fixture.Get("Connection", "openai").ok());
}

TEST_CASE("ResourceService: ListParts has local, remote and missing parts", "[policy][rpc]") {
  Fixture fixture;
  const auto masking = std::make_shared<FakeRemotePart>("masking", "9.8.7");
  const auto edge = std::make_shared<FakeRemotePart>("edge");
  RemoteParts& parts = fixture.hub.remote_parts();
  parts.Connect(masking);
  auto applying = std::async(std::launch::async, [&] { return fixture.Apply(kConnection); });
  parts.OnValidated(*masking, masking->Draft().first, {});
  masking->Committed(2);
  parts.OnServing(*masking, 1);
  REQUIRE(applying.get().ok());
  parts.Connect(edge);  // it has served nothing yet

  v1::ListPartsResponse listed;
  REQUIRE(fixture.stub->ListParts(As("admin").get(), {}, &listed).ok());
  CHECK(listed.version() == 1);
  std::vector<std::string> lines;
  for (const v1::Part& part : listed.items()) {
    lines.push_back(part.name() + " " + v1::Part::State_Name(part.state()) + " " +
                    std::to_string(part.version()) + " " + part.release());
  }
  CHECK(lines == std::vector<std::string>{"approval AWAY 0 ", "authn AWAY 0 ", "edge LAGGING 0 ",
                                          "masking SERVING 1 9.8.7", "policy AWAY 0 "});
  CHECK(rpc::FromGrpc(fixture.stub->ListParts(As("caller").get(), {}, &listed)).code() ==
        absl::StatusCode::kPermissionDenied);
}

TEST_CASE("ResourceService: a credential is never shown", "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.Apply(Document("Credential", "key", "{bearer: {env: KEY}}")).ok());
  REQUIRE(fixture.Get("Credential").ok());
  REQUIRE(fixture.got.items_size() == 1);
  for (const std::string& shown : {fixture.got.DebugString(), fixture.applied.DebugString()}) {
    CHECK(shown.find("sk-secret") == std::string::npos);
    CHECK(shown.find("sealed-1") == std::string::npos);
  }
}

TEST_CASE("ResourceService: pages have no gaps or overlaps", "[policy][rpc]") {
  Fixture fixture;
  std::string content = kConnection;
  for (int i = 0; i < 5; ++i) content += Dictionary("d" + std::to_string(i));
  REQUIRE(fixture.Apply(content).ok());
  std::vector<std::string> names;
  std::string token;
  int pages = 0;
  do {
    REQUIRE(fixture.Get("dictionary", "", "admin", 2, token).ok());
    for (const v1::Resource& resource : fixture.got.items()) names.push_back(resource.name());
    token = fixture.got.next_page_token();
    ++pages;
  } while (!token.empty());
  CHECK(names == std::vector<std::string>{"d0", "d1", "d2", "d3", "d4"});
  CHECK(pages == 3);
  REQUIRE(fixture.Get("").ok());
  CHECK(fixture.got.items_size() == 6);
}

TEST_CASE("ResourceService: unknown kinds, names and page tokens have their own errors",
          "[policy][rpc]") {
  Fixture fixture;
  CHECK(fixture.Get("Gadget").code() == absl::StatusCode::kInvalidArgument);
  CHECK(fixture.Get("", "x").code() == absl::StatusCode::kInvalidArgument);
  CHECK(fixture.Get("Policy", "", "admin", 0, "???").code() == absl::StatusCode::kInvalidArgument);
  CHECK(fixture.Get("Policy", "ghost").code() == absl::StatusCode::kNotFound);
  CHECK(fixture.Get("Policy").ok());
  CHECK(fixture.got.items().empty());
}

TEST_CASE(
    "ResourceService: delete removes a resource, refuses one in use and reports a missing one",
    "[policy][rpc]") {
  Fixture fixture;
  REQUIRE(fixture.Apply(kConnection + kPolicy).ok());
  const absl::Status in_use = fixture.Delete("Connection", "openai");
  CHECK(in_use.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(GetReason(in_use) == "resource_in_use");
  CHECK(in_use.message().find("Policy/chat") != absl::string_view::npos);
  REQUIRE(fixture.Delete("policies", "chat").ok());
  CHECK(fixture.deleted.version() == 2);
  CHECK(fixture.Delete("policy", "chat").code() == absl::StatusCode::kNotFound);
  CHECK(fixture.Delete("Gadget", "x").code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace countersign::policy::resources
