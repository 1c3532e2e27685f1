#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/cli/invocation.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

// Runs `up` and `down` with the standalone gateway's program, which is installed beside this one.
absl::Status RunStandalone(const std::vector<std::string>& arguments) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string program = self.parent_path() / "countersign-standalone";
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  return absl::NotFoundError(absl::StrCat("cannot start ", program, ": ", std::strerror(errno)));
}

absl::Status WhoAmI(const Invocation& invocation) {
  CS_ASSIGN_OR_RETURN(const std::unique_ptr<GatewayClient> gateway, invocation.Connect());
  CS_ASSIGN_OR_RETURN(const json::Document answer,
                      gateway->Call("authn.v1.IdentityService/WhoAmI", "{}"));
  const json::Value me = answer.root();
  PrintObject(invocation, me, [&] {
    for (const char* name :
         {"identity", "issuer", "subject", "name", "actor", "kind", "groups", "expiresAt"}) {
      const bool rare = std::strcmp(name, "name") == 0 || std::strcmp(name, "actor") == 0;
      if (rare && me[name].text().empty()) continue;
      invocation.out << name << std::string(12 - std::strlen(name), ' ')
                     << output::Printable(output::Cell(me[name])) << "\n";
    }
    for (std::size_t i = 0; i < me["roles"].size(); ++i) {
      const json::Value role = me["roles"].at(i);
      invocation.out << "role        " << output::Printable(role["role"].text()) << " on "
                     << (role["connections"].size() == 0
                             ? "all connections"
                             : output::Printable(output::Cell(role["connections"])))
                     << "\n";
    }
  });
  return absl::OkStatus();
}

}  // namespace

void AddGatewayVerbs(CLI::App& app, Invocation& invocation) {
  for (const char* name : {"up", "down"}) {
    CLI::App* verb =
        app.add_subcommand(name, std::string(name) == "up"
                                     ? "Run the gateway with everything it needs under one folder"
                                     : "Stop a gateway that `up` started");
    // Passes all options on: `countersign up --help` shows the other program's.
    verb->prefix_command();
    verb->fallthrough(false);
    verb->set_help_flag();
    verb->callback([&invocation, verb, name] {
      std::vector<std::string> arguments = verb->remaining();
      arguments.insert(arguments.begin(), name);
      invocation.action = [arguments] { return RunStandalone(arguments); };
    });
  }
  app.add_subcommand("whoami", "Show who the gateway takes you for")->callback([&invocation] {
    invocation.action = [&invocation] { return WhoAmI(invocation); };
  });
}

}  // namespace countersign::cli::verbs
