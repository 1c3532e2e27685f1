#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "libs/base/status.h"
#include "services/policy/resources/resource_store.h"

namespace countersign::policy::resources {

// Makes an empty store. The returned store may be used until the next call.
using MakeStore = std::function<ResourceStore&()>;

inline ResourceChange Put(std::string kind, std::string name, std::string spec) {
  return {std::move(kind), std::move(name), std::move(spec), {}, ""};
}

// "Kind/name=spec@version" for each resource, in the store's order.
inline std::vector<std::string> Shown(const absl::StatusOr<domain::ResourceList>& set) {
  INFO(set.status().ToString());
  REQUIRE(set.ok());
  std::vector<std::string> lines;
  for (const domain::Resource& resource : set->resources) {
    lines.push_back(resource.kind + "/" + resource.name + "=" + resource.spec + "@" +
                    std::to_string(resource.version));
  }
  return lines;
}

using Lines = std::vector<std::string>;

// What every ResourceStore must do. Call it in one TEST_CASE per store.
inline void CheckReadsAndCommits(const MakeStore& make) {
  SECTION("an empty store is at version 0 and has no resources") {
    ResourceStore& store = make();
    CHECK(*store.Version() == 0);
    CHECK(store.Load()->version == 0);
    CHECK(Shown(store.Load()).empty());
    CHECK(Shown(store.LoadVersion(0)).empty());
  }
  SECTION("a commit creates one version with all changes, ordered by kind and name") {
    ResourceStore& store = make();
    const auto committed = store.Commit(
        0, {Put("Policy", "b", "{1}"), Put("Connection", "z", "{2}"), Put("Policy", "a", "{3}")},
        "ann");
    REQUIRE(committed.ok());
    CHECK(committed->version == 1);
    CHECK(*store.Version() == 1);
    CHECK(Shown(store.Load()) == Lines{"Connection/z={2}@1", "Policy/a={3}@1", "Policy/b={1}@1"});
    CHECK(store.Load()->resources[0].updated_at == committed->at);
  }
  SECTION("a resource that does not change keeps its version and time") {
    ResourceStore& store = make();
    const auto first = store.Commit(0, {Put("Policy", "a", "{1}"), Put("Policy", "b", "{1}")}, "x");
    REQUIRE(store.Commit(1, {Put("Policy", "b", "{2}")}, "x").ok());
    CHECK(Shown(store.Load()) == Lines{"Policy/a={1}@1", "Policy/b={2}@2"});
    CHECK(store.Load()->resources[0].updated_at == first->at);
  }
  SECTION("a deleted resource is gone and may be created again") {
    ResourceStore& store = make();
    REQUIRE(store.Commit(0, {Put("Policy", "a", "{1}"), Put("Policy", "b", "{1}")}, "x").ok());
    REQUIRE(store.Commit(1, {Put("Policy", "a", "")}, "x").ok());
    CHECK(Shown(store.Load()) == Lines{"Policy/b={1}@1"});
    REQUIRE(store.Commit(2, {Put("Policy", "a", "{3}")}, "x").ok());
    CHECK(Shown(store.Load()) == Lines{"Policy/a={3}@3", "Policy/b={1}@1"});
  }
  SECTION("a resource keeps the version of its creation until it is deleted") {
    ResourceStore& store = make();
    const auto created = [&] { return store.Load()->resources.at(0).created_version; };
    REQUIRE(store.Commit(0, {Put("Policy", "z", "{1}")}, "x").ok());
    REQUIRE(store.Commit(1, {Put("Identity", "a", "{1}")}, "x").ok());
    CHECK(created() == 2);
    REQUIRE(store.Commit(2, {Put("Identity", "a", "{2}")}, "x").ok());
    CHECK(created() == 2);
    REQUIRE(store.Commit(3, {Put("Identity", "a", "")}, "x").ok());
    REQUIRE(store.Commit(4, {Put("Identity", "a", "{2}")}, "x").ok());
    CHECK(created() == 5);
    REQUIRE(store.Commit(5, {Put("Policy", "z", "{2}")}, "x").ok());
    CHECK(created() == 5);
    CHECK(store.LoadVersion(3)->resources.at(0).created_version == 2);
  }
  SECTION("specs and labels are returned byte for byte") {
    ResourceStore& store = make();
    ResourceChange change = Put("Dictionary", "d", "{\"t\":\"\xE2\x82\xAC '\\u0000' \\\\ $1\"}");
    change.labels = {{"team", "x \"y\" \xC3\xA9"}, {"a", ""}};
    REQUIRE(store.Commit(0, {change}, "o'hara").ok());
    const auto set = store.Load();
    REQUIRE(set->resources.size() == 1);
    CHECK(set->resources[0].spec == change.spec);
    CHECK(set->resources[0].labels == change.labels);
  }
}

inline void CheckHistory(const MakeStore& make) {
  SECTION("every version stays readable unchanged") {
    ResourceStore& store = make();
    REQUIRE(store.Commit(0, {Put("Policy", "a", "{1}")}, "x").ok());
    REQUIRE(store.Commit(1, {Put("Policy", "a", "{2}"), Put("Policy", "b", "{2}")}, "x").ok());
    REQUIRE(store.Commit(2, {Put("Policy", "a", "")}, "x").ok());
    CHECK(Shown(store.LoadVersion(1)) == Lines{"Policy/a={1}@1"});
    CHECK(Shown(store.LoadVersion(2)) == Lines{"Policy/a={2}@2", "Policy/b={2}@2"});
    CHECK(Shown(store.LoadVersion(3)) == Lines{"Policy/b={2}@2"});
    CHECK(store.LoadVersion(2)->version == 2);
  }
  SECTION("a version that never existed is NOT_FOUND") {
    CHECK(make().LoadVersion(1).status().code() == absl::StatusCode::kNotFound);
  }
  SECTION("a replaced secret does not stay in old versions") {
    ResourceStore& store = make();
    REQUIRE(store.Commit(0, {Put("Credential", "c", "{old}")}, "x").ok());
    REQUIRE(store.Commit(1, {Put("Policy", "p", "{}")}, "x").ok());
    ResourceChange rotate = Put("Credential", "c", "{new}");
    rotate.replaced_spec = "{erased}";
    REQUIRE(store.Commit(2, {rotate}, "x").ok());
    CHECK(Shown(store.LoadVersion(1)) == Lines{"Credential/c={erased}@1"});
    CHECK(Shown(store.LoadVersion(2)) == Lines{"Credential/c={erased}@1", "Policy/p={}@2"});
    CHECK(Shown(store.Load()) == Lines{"Credential/c={new}@3", "Policy/p={}@2"});
    ResourceChange remove = Put("Credential", "c", "");
    remove.replaced_spec = "{erased}";
    REQUIRE(store.Commit(3, {remove}, "x").ok());
    CHECK(Shown(store.LoadVersion(3)) == Lines{"Credential/c={erased}@3", "Policy/p={}@2"});
  }
}

inline void CheckConflicts(const MakeStore& make) {
  SECTION("a commit on an old version is refused and changes nothing") {
    ResourceStore& store = make();
    REQUIRE(store.Commit(0, {Put("Policy", "a", "{1}")}, "x").ok());
    for (const std::uint64_t wrong : {0, 2}) {
      const auto refused = store.Commit(wrong, {Put("Policy", "a", "{2}")}, "x");
      CHECK(refused.status().code() == absl::StatusCode::kAborted);
      CHECK(GetReason(refused.status()) == "version_conflict");
    }
    CHECK(Shown(store.Load()) == Lines{"Policy/a={1}@1"});
    CHECK(*store.Version() == 1);
  }
  SECTION("of concurrent commits on one version exactly one succeeds") {
    ResourceStore& store = make();
    constexpr int kWriters = 6;
    std::vector<absl::Status> outcomes(kWriters);
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&store, &outcomes, i] {
        const std::string name = "w" + std::to_string(i);
        outcomes[static_cast<std::size_t>(i)] =
            store.Commit(0, {Put("Policy", name, "{}")}, name).status();
      });
    }
    for (std::thread& writer : writers) writer.join();
    int won = 0;
    for (const absl::Status& outcome : outcomes) {
      INFO(outcome.ToString());
      won += outcome.ok();
      CHECK((outcome.ok() || outcome.code() == absl::StatusCode::kAborted));
    }
    CHECK(won == 1);
    CHECK(store.Load()->version == 1);
    CHECK(store.Load()->resources.size() == 1);
  }
}

}  // namespace countersign::policy::resources
