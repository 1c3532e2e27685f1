#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "services/cli/testing/fake_gateway.h"

// Resources as the gateway lists them.
namespace countersign::cli {

inline constexpr char kGetResources[] = "ResourceService/GetResources";

// A resource without a time, so that its age does not change.
inline std::string Item(const std::string& kind, const std::string& name, const std::string& spec,
                        const std::string& labels = "{}") {
  return absl::StrCat(R"({"apiVersion":"countersign/v1","kind":")", kind, R"(","name":")", name,
                      R"(","labels":)", labels, R"(,"version":7,"spec":)", json::Quote(spec), "}");
}

inline std::string Listing(const std::vector<std::string>& items) {
  return absl::StrCat(R"({"items":[)", absl::StrJoin(items, ","), R"(],"nextPageToken":""})");
}

// Answers as the gateway does: the items of the kind, and of the name if there is one.
inline void Serve(FakeGateway& gateway, std::vector<std::pair<std::string, std::string>> items) {
  gateway.AnswerBy(kGetResources,
                   [items](const std::string& request) -> absl::StatusOr<std::string> {
                     std::vector<std::string> found;
                     const auto asked = json::Document::Parse(request);
                     for (const auto& [kind, item] : items) {
                       const auto document = json::Document::Parse(item);
                       const absl::string_view name = asked->root()["name"].text();
                       if (asked->root()["kind"].text() != kind) continue;
                       if (name.empty() || document->root()["name"].text() == name)
                         found.push_back(item);
                     }
                     if (found.empty() && !asked->root()["name"].text().empty()) {
                       return absl::NotFoundError("there is no such resource");
                     }
                     return Listing(found);
                   });
}

// One resource of every kind.
inline std::vector<std::pair<std::string, std::string>> SampleResources() {
  const std::pair<const char*, std::pair<const char*, const char*>> all[] = {
      {"IdentityProvider",
       {"company",
        R"({"oidc":{"issuer":"https://login.example.com/realms/company","audiences":["countersign"],
            "profile":"keycloak"}})"}},
      {"Identity",
       {"release-bot",
        R"({"kind":"ci","match":{"provider":"company","subject":"sa-1"},"groups":["ci","build"],
            "owner":"build-team"})"}},
      {"RoleBinding",
       {"reviews", R"({"role":"reviewer","groups":["security"],"identities":["ann"]})"}},
      {"Credential", {"openai", R"({"sealed":"withheld"})"}},
      {"Connection",
       {"openai",
        R"({"protocol":"openai","url":"https://api.openai.com/v1","credential":"openai",
            "models":["gpt-4o*"],"default":true})"}},
      {"Dictionary", {"codenames", R"({"terms":["bluebird","project atlas"]})"}},
      {"MaskingProfile", {"standard", R"({"response":[{"entity":"tier1"}]})"}},
      {"Policy",
       {"regulated",
        R"({"priority":100,"match":{"connections":["openai"],"groups":["agents","ci"]},
            "when":{"any":[{"keywords":{"dictionary":"codenames"}},{"tokens":{"over":4000}}]},
            "then":{"review":{"reviewers":["security"]},"masking":"standard"}})"}},
  };
  std::vector<std::pair<std::string, std::string>> items;
  for (const auto& [kind, named] : all) {
    items.emplace_back(kind, Item(kind, named.first, named.second));
  }
  return items;
}

}  // namespace countersign::cli
