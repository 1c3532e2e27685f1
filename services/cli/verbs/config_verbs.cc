#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/text/edit_distance.h"
#include "libs/command_line/usage.h"
#include "libs/config/user_context.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

using config::UserContext;
using config::UserContexts;

struct SetOptions {
  std::string name;
  bool use = false;
};

absl::StatusOr<UserContexts> Load() {
  const absl::StatusOr<std::string> text = ReadFile(ConfigPath());
  if (absl::IsNotFound(text.status())) return UserContexts{};
  CS_RETURN_IF_ERROR(text.status());
  return config::ReadUserContexts(ConfigPath(), *text);
}

// The first context makes the folder, which may come to hold tokens.
absl::Status Store(const UserContexts& contexts) {
  const std::filesystem::path folder = std::filesystem::path(ConfigPath()).parent_path();
  std::error_code error;
  if (std::filesystem::create_directories(folder, error)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  return WriteFile(ConfigPath(), config::WriteUserContexts(contexts));
}

UserContexts::Named* Find(UserContexts& contexts, const std::string& name) {
  const auto found = std::find_if(contexts.contexts.begin(), contexts.contexts.end(),
                                  [&](const auto& one) { return one.name == name; });
  return found == contexts.contexts.end() ? nullptr : &*found;
}

absl::Status NoContext(const UserContexts& contexts, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& one : contexts.contexts) names.push_back(one.name);
  const std::string meant = ProbablyMeant(name, names);
  return absl::NotFoundError(absl::StrCat("there is no context \"", name, "\" in ", ConfigPath(),
                                          meant.empty()
                                              ? "; countersign config get-contexts lists them"
                                              : absl::StrCat("; did you mean ", meant, "?")));
}

// Tokens are never printed: only where they come from.
std::string TokenSource(const UserContext& context) {
  if (!context.token_file.empty()) return context.token_file;
  return context.token.empty() ? "-" : "(in the config file)";
}

absl::Status GetContexts(const Invocation& invocation) {
  CS_ASSIGN_OR_RETURN(const UserContexts contexts, Load());
  json::Writer listing;
  listing.BeginObject().Key("items").BeginArray();
  for (const auto& one : contexts.contexts) {
    listing.BeginObject().Key("current").Bool(one.name == contexts.current);
    listing.Key("name").String(one.name).Key("addr").String(one.context.address);
    listing.Key("token").String(TokenSource(one.context));
    listing.Key("caFile").String(one.context.ca_file).EndObject();
  }
  listing.EndArray().Key("nextPageToken").String("").EndObject();
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(listing.str()));
  const auto mark = [](json::Value item) {
    return item["current"].boolean().value_or(false) ? std::string("*") : std::string();
  };
  return PrintListing(invocation, document,
                      {{.heading = "CURRENT", .cell = mark},
                       {.heading = "NAME", .member = "name"},
                       {.heading = "ADDRESS", .member = "addr", .least = output::kShortName},
                       {.heading = "TOKEN", .member = "token", .least = output::kShortName},
                       {.heading = "CA", .member = "caFile", .wide = true}},
                      {.member = "name"});
}

absl::Status CurrentContext(const Invocation& invocation) {
  CS_ASSIGN_OR_RETURN(const UserContexts contexts, Load());
  if (contexts.current.empty()) {
    return absl::NotFoundError(
        "no context is in use; countersign config use-context NAME sets one");
  }
  invocation.out << output::Printable(contexts.current) << "\n";
  return absl::OkStatus();
}

absl::Status UseContext(const Invocation& invocation, const std::string& name) {
  CS_ASSIGN_OR_RETURN(UserContexts contexts, Load());
  if (Find(contexts, name) == nullptr) return NoContext(contexts, name);
  contexts.current = name;
  CS_RETURN_IF_ERROR(Store(contexts));
  invocation.out << "using " << output::Printable(name) << "\n";
  return absl::OkStatus();
}

// The global options say what the context has: --addr, --token-file, --token, --ca-file.
absl::Status SetContext(const Invocation& invocation, const SetOptions& options) {
  CS_ASSIGN_OR_RETURN(UserContexts contexts, Load());
  UserContexts::Named* context = Find(contexts, options.name);
  const bool fresh = context == nullptr;
  if (fresh) context = &contexts.contexts.emplace_back(UserContexts::Named{options.name, {}});
  const std::pair<std::string UserContext::*, const std::string&> members[] = {
      {&UserContext::address, invocation.address},
      {&UserContext::token, invocation.token},
      {&UserContext::token_file, invocation.token_file},
      {&UserContext::ca_file, invocation.ca_file}};
  bool any = false;
  for (const auto& [member, value] : members) {
    if (value.empty()) continue;
    context->context.*member = value;
    any = true;
  }
  if (!any && !options.use) {
    return command_line::Misuse(
        "say what the context has: --addr HOST:PORT, --token-file FILE, --ca-file FILE");
  }
  if (options.use || contexts.current.empty()) contexts.current = options.name;
  CS_RETURN_IF_ERROR(Store(contexts));
  invocation.out << "context " << output::Printable(options.name)
                 << (fresh ? " created" : " changed")
                 << (contexts.current == options.name ? ", in use" : "") << "\n";
  return absl::OkStatus();
}

absl::Status DeleteContext(const Invocation& invocation, const std::string& name) {
  CS_ASSIGN_OR_RETURN(UserContexts contexts, Load());
  if (Find(contexts, name) == nullptr) return NoContext(contexts, name);
  contexts.contexts.erase(std::remove_if(contexts.contexts.begin(), contexts.contexts.end(),
                                         [&](const auto& one) { return one.name == name; }),
                          contexts.contexts.end());
  if (contexts.current == name) contexts.current.clear();
  CS_RETURN_IF_ERROR(Store(contexts));
  invocation.out << "context " << output::Printable(name) << " deleted\n";
  return absl::OkStatus();
}

void AddNamed(CLI::App& parent, Invocation& invocation, const std::string& verb_name,
              const std::string& help, absl::Status (*run)(const Invocation&, const std::string&)) {
  auto name = std::make_shared<std::string>();
  CLI::App* verb = parent.add_subcommand(verb_name, help);
  verb->add_option("name", *name, "The context's name")->required();
  verb->callback([&invocation, name, run] {
    invocation.action = [&invocation, name, run] { return run(invocation, *name); };
  });
}

}  // namespace

void AddConfigVerbs(CLI::App& app, Invocation& invocation) {
  CLI::App* config = app.add_subcommand("config", "Gateways that this command line knows");
  config->require_subcommand(1);
  CLI::App* verb = config->add_subcommand("get-contexts", "List them");
  AddListingOptions(*verb, invocation);
  verb->callback(
      [&invocation] { invocation.action = [&invocation] { return GetContexts(invocation); }; });
  config->add_subcommand("current-context", "Print the one in use")->callback([&invocation] {
    invocation.action = [&invocation] { return CurrentContext(invocation); };
  });
  AddNamed(*config, invocation, "use-context", "Use one from now on", UseContext);
  AddNamed(*config, invocation, "delete-context", "Forget one", DeleteContext);

  auto set = std::make_shared<SetOptions>();
  verb = config->add_subcommand("set-context", "Make or change one");
  verb->add_option("name", set->name, "The context's name")->required();
  verb->add_flag("--use", set->use, "Use it from now on");
  verb->footer(
      "Examples:\n"
      "  countersign config set-context prod --addr https://gateway.example "
      "--token-file ~/.countersign/prod.token --use");
  verb->callback([&invocation, set] {
    invocation.action = [&invocation, set] { return SetContext(invocation, *set); };
  });
}

}  // namespace countersign::cli::verbs
