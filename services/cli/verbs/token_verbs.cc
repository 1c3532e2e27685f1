#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/command_line/usage.h"
#include "services/cli/invocation.h"
#include "services/cli/token_client.h"
#include "services/cli/user_files.h"
#include "services/cli/verbs/verbs.h"

namespace countersign::cli::verbs {
namespace {

constexpr char kType[] = "urn:ietf:params:oauth:token-type:";

struct ExchangeOptions {
  std::string saml_file;
  std::string jwt_file;
  std::string key_file;
  std::string actor_file;
};

absl::StatusOr<std::string> ReadText(const std::string& path) {
  CS_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return std::string(absl::StripAsciiWhitespace(text));
}

// A file has the assertion as XML, or in base64 as providers post it.
absl::StatusOr<std::string> ReadAssertion(const std::string& path) {
  CS_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
  return absl::StartsWith(text, "<") ? Base64UrlEncode(text) : text;
}

absl::StatusOr<FormMembers> MakeForm(const ExchangeOptions& options) {
  const int subjects = int{!options.saml_file.empty()} + int{!options.jwt_file.empty()} +
                       int{!options.key_file.empty()};
  if (subjects != 1) {
    return command_line::Misuse("give exactly one of --saml, --jwt and --key");
  }
  FormMembers form = {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"}};
  if (!options.saml_file.empty()) {
    CS_ASSIGN_OR_RETURN(std::string assertion, ReadAssertion(options.saml_file));
    form.emplace_back("subject_token", std::move(assertion));
    form.emplace_back("subject_token_type", absl::StrCat(kType, "saml2"));
  } else {
    const bool jwt = !options.jwt_file.empty();
    CS_ASSIGN_OR_RETURN(std::string token, ReadText(jwt ? options.jwt_file : options.key_file));
    form.emplace_back("subject_token", std::move(token));
    form.emplace_back("subject_token_type", absl::StrCat(kType, jwt ? "jwt" : "access_token"));
  }
  if (!options.actor_file.empty()) {
    CS_ASSIGN_OR_RETURN(std::string actor, ReadText(options.actor_file));
    form.emplace_back("actor_token", std::move(actor));
    form.emplace_back("actor_token_type", absl::StrCat(kType, "access_token"));
  }
  return form;
}

absl::Status Exchange(const Invocation& invocation, const ExchangeOptions& options) {
  CS_ASSIGN_OR_RETURN(const FormMembers form, MakeForm(options));
  CS_ASSIGN_OR_RETURN(const GatewayAddress address, invocation.FindGateway());
  CS_ASSIGN_OR_RETURN(const json::Document answer, RequestToken(address, form));
  PrintObject(invocation, answer.root(), [&] {
    invocation.out << output::Printable(answer.root()["access_token"].text()) << "\n";
  });
  return absl::OkStatus();
}

}  // namespace

void AddTokenVerbs(CLI::App& app, Invocation& invocation) {
  CLI::App* const token = app.add_subcommand("token", "Get tokens for calls");
  token->require_subcommand(1);
  CLI::App* const exchange = token->add_subcommand(
      "exchange", "Exchange a credential for a short-lived token, and print the token");
  const auto options = std::make_shared<ExchangeOptions>();
  exchange->add_option("--saml", options->saml_file,
                       "File with a SAML response or assertion, as XML or in base64; - is standard "
                       "input. It is spent by the exchange");
  exchange->add_option("--jwt", options->jwt_file, "File with a JWT of an identity provider");
  exchange->add_option("--key", options->key_file, "File with an access key");
  exchange->add_option("--actor", options->actor_file,
                       "File with the access key or JWT of the agent that will act for the "
                       "credential's holder");
  exchange->callback([&invocation, options] {
    invocation.action = [&invocation, options] { return Exchange(invocation, *options); };
  });
}

}  // namespace countersign::cli::verbs
