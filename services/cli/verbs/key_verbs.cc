#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

struct CreateOptions {
  std::string identity;
  std::string ttl;
  bool adopt = false;
};

// authn accepts no longer lifetime.
constexpr absl::Duration kMaxTtl = absl::Hours(10 * 366 * 24);

absl::Status CheckTtl(const std::string& text) {
  absl::Duration ttl;
  if (absl::ParseDuration(text, &ttl) && ttl >= absl::Seconds(1)) {
    if (ttl <= kMaxTtl) return absl::OkStatus();
    return absl::InvalidArgumentError("is over ten years; leave it out for no expiry");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("must be a duration such as 12h or 720h, not \"", text, "\""));
}

// The seconds of `text`; 0 (no expiry) when empty. REQUIRES: `text` is empty or CheckTtl(text) is
// OK.
std::int64_t TtlSeconds(const std::string& text) {
  absl::Duration ttl;
  (void)absl::ParseDuration(text, &ttl);
  return absl::ToInt64Seconds(ttl);
}

// Adds an expiry member when there is none, so that scripts can always read it.
absl::StatusOr<json::Document> WithExpiry(const json::Document& answer) {
  std::string text = output::ToJson(answer.root());
  if (!answer.root()["expiresAt"].exists()) {
    text = absl::StrCat(text.substr(0, text.size() - 1), ",\"expiresAt\":null}");
  }
  return json::Document::Parse(text);
}

absl::Status Create(const Invocation& invocation, const CreateOptions& options) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject()
      .Key("identity")
      .String(options.identity)
      .Key("ttlSeconds")
      .Int(TtlSeconds(options.ttl));
  if (options.adopt) {
    CS_ASSIGN_OR_RETURN(std::string key, ReadFile("-"));
    while (absl::EndsWith(key, "\n") || absl::EndsWith(key, "\r")) key.pop_back();
    if (key.empty()) return command_line::Misuse("--adopt reads the key from standard input");
    request.Key("adopt").String(key);
  }
  request.EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      gateway->Call("authn.v1.KeyService/CreateKey", request.str()));
  CS_ASSIGN_OR_RETURN(const json::Document whole, WithExpiry(answer));
  const json::Value key = whole.root();
  PrintObject(invocation, key, [&] {
    if (options.adopt) {
      invocation.out << "adopted the key of " << output::Printable(key["identity"].text()) << " as "
                     << key["id"].text() << "\n";
      return;
    }
    invocation.out << key["key"].text() << "\n";
    invocation.err << "key " << key["id"].text() << " of "
                   << output::Printable(key["identity"].text())
                   << ": keep it now, it is not shown again\n";
  });
  return absl::OkStatus();
}

absl::Status List(const Invocation& invocation) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      ListAll(*gateway, "authn.v1.KeyService/ListKeys", "{}", 0));
  if (invocation.output() == output::Format::kTable && answer.root()["items"].size() == 0) {
    invocation.err << "countersign: there are no keys\n";
  }
  return PrintListing(invocation, answer,
                      {{.heading = "ID", .member = "id"},
                       {.heading = "IDENTITY", .member = "identity", .least = output::kShortName},
                       {.heading = "STATE", .member = "state", .state = true},
                       {.heading = "CREATED", .member = "createdAt"},
                       {.heading = "EXPIRES", .member = "expiresAt"},
                       {.heading = "REVOKED", .member = "revokedAt", .wide = true}});
}

absl::Status Revoke(const Invocation& invocation, const std::string& id) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  json::Writer request;
  request.BeginObject().Key("id").String(id).EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      gateway->Call("authn.v1.KeyService/RevokeKey", request.str()));
  PrintObject(invocation, answer.root(), [&] { invocation.out << "revoked " << id << "\n"; });
  return absl::OkStatus();
}

}  // namespace

void AddKeyVerbs(CLI::App& app, Invocation& invocation) {
  CLI::App* keys = app.add_subcommand("keys", "Access keys, for callers that cannot get tokens");
  keys->require_subcommand(1);

  auto options = std::make_shared<CreateOptions>();
  CLI::App* verb = keys->add_subcommand("create", "Make a key; it is shown once");
  verb->add_option("identity", options->identity, "The Identity that the key stands for")
      ->required();
  verb->add_option("--ttl", options->ttl, "How long it is valid, e.g. 720h (default: for ever)")
      ->check(command_line::Checked(CheckTtl));
  verb->add_flag("--adopt", options->adopt, "Register the key on standard input instead");
  verb->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Create(invocation, *options); };
  });

  verb = keys->add_subcommand("list", "List all keys");
  AddListingOptions(*verb, invocation);
  verb->callback([&invocation] { invocation.action = [&invocation] { return List(invocation); }; });

  auto id = std::make_shared<std::string>();
  verb = keys->add_subcommand("revoke", "Revoke a key; effective when this returns");
  verb->add_option("id", *id, "The key's id")->required();
  verb->callback([&invocation, id] {
    invocation.action = [&invocation, id] { return Revoke(invocation, *id); };
  });
}

}  // namespace countersign::cli::verbs
