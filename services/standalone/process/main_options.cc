#include "services/standalone/process/main_options.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "libs/command_line/usage.h"
#include "libs/http/address.h"

namespace countersign::standalone::process {
namespace {

absl::Status CheckAddress(const std::string& text) {
  if (http::ParseHostPort(text).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("must be HOST:PORT such as 127.0.0.1:8080, not \"", text, "\""));
}

absl::Status CheckAddressOrOff(const std::string& text) {
  return text == "off" ? absl::OkStatus() : CheckAddress(text);
}

absl::Status CheckPath(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no file or folder ", path));
}

absl::Status CheckParentFolder(const std::string& path) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(path, error).parent_path();
  if (!error && std::filesystem::is_directory(folder, error)) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no folder for ", path));
}

void MakeAbsolute(std::string& path) {
  if (!path.empty()) path = std::filesystem::absolute(path).string();
}

void AddTls(CLI::App& up, Options& options) {
  CLI::Option* certificate = up.add_option("--tls-cert", options.tls_certificate,
                                           "Serve HTTPS with this certificate (chain), PEM")
                                 ->check(command_line::Checked(CheckPath));
  CLI::Option* key = up.add_option("--tls-key", options.tls_key,
                                   "The key of --tls-cert, PEM; both are read again "
                                   "when they change")
                         ->check(command_line::Checked(CheckPath));
  certificate->needs(key);
  key->needs(certificate);
  up.add_flag("--tls-self-signed", options.tls_self_signed,
              "Serve HTTPS with a certificate that it makes once, DIR/tls.crt, which clients then "
              "trust")
      ->excludes(certificate)
      ->excludes(key);
}

void AddUp(CLI::App& program, Options& options) {
  CLI::App* up = program.add_subcommand("up", "Run the gateway with everything it needs");
  up->add_option("--data", options.data, "The folder that holds everything")->required();
  up->add_option("--http", options.http, "Where callers reach it, HOST:PORT")
      ->capture_default_str()
      ->check(command_line::Checked(CheckAddress))
      ->each([&options](const std::string&) { options.http_given = true; });
  up->add_option("--metrics", options.metrics, "Where /metrics and /readyz are, HOST:PORT or off")
      ->capture_default_str()
      ->check(command_line::Checked(CheckAddressOrOff))
      ->each([&options](const std::string&) { options.metrics_given = true; });
  up->add_option("--config", options.config, "Resources to apply at the start: a file or a folder")
      ->check(command_line::Checked(CheckPath))
      ->take_all();
  up->add_option("--publish-checkpoints", options.publish_checkpoints,
                 "Files, better outside of DIR, that always hold the record's newest checkpoint")
      ->check(command_line::Checked(CheckParentFolder))
      ->take_all();
  up->add_option("--masking", options.masking,
                 "A file with the analyzers of masking profiles: service: {analyzers: [...]}")
      ->check(command_line::Checked(CheckPath));
  AddTls(*up, options);
  up->add_flag("--print-config", options.print_config,
               "Print what it would run with, and run nothing");
  up->add_flag("--detach", options.detach, "Return once it is ready; output goes to DIR/log");
  up->footer(
      "Examples:\n"
      "  countersign up --data ~/countersign\n"
      "  countersign up --data /srv/cs --http 0.0.0.0:8443 --tls-self-signed --detach\n"
      "  countersign up --data /srv/cs --config gateway/resources --print-config");
  up->callback([&options] { options.verb = Verb::kUp; });
}

}  // namespace

bool ReadOptions(int argc, const char* const* argv, Options& options, int& exit_status) {
  CLI::App program("The standalone gateway: every service in one process, with its own PostgreSQL.",
                   "countersign");
  program.require_subcommand(1);
  AddUp(program, options);
  CLI::App* down = program.add_subcommand("down", "Stop the gateway that runs on a folder");
  down->add_option("--data", options.data, "The folder that `up` was given")->required();
  down->footer("Examples:\n  countersign down --data ~/countersign");
  down->callback([&options] { options.verb = Verb::kDown; });
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      exit_status = program.exit(error);  // --help
      if (!std::cout.flush()) {
        std::cerr << "countersign: cannot write to standard output: " << std::strerror(errno)
                  << "\n";
        exit_status = 1;
      }
      return false;
    }
    std::cerr << "countersign: " << command_line::UsageMessage(program, error) << "\n";
    exit_status = command_line::kMisuse;
    return false;
  }
  if (options.metrics == "off") options.metrics.clear();
  // A detached gateway has another working directory.
  for (std::string& path : options.publish_checkpoints) MakeAbsolute(path);
  MakeAbsolute(options.masking);
  for (std::string& path : options.config) MakeAbsolute(path);
  MakeAbsolute(options.tls_certificate);
  MakeAbsolute(options.tls_key);
  return true;
}

}  // namespace countersign::standalone::process
