#include "services/standalone/main_options.h"

#include <CLI/CLI.hpp>

namespace countersign::standalone {
namespace {

constexpr int kMisuse = 2;

void AddUp(CLI::App& cli, Options& options) {
  CLI::App* up = cli.add_subcommand("up", "Run the gateway with everything it needs");
  up->add_option("--data", options.data, "The folder that holds everything")->required();
  up->add_option("--http", options.http, "Where callers reach it, HOST:PORT")
      ->capture_default_str()
      ->each([&options](const std::string&) { options.http_given = true; });
  up->add_option("--metrics", options.metrics, "Where /metrics and /readyz are, HOST:PORT or off")
      ->capture_default_str()
      ->each([&options](const std::string&) { options.metrics_given = true; });
  up->add_option("--config", options.config, "Resources to apply at the start: a file or a folder")
      ->take_all();
  up->add_flag("--detach", options.detach, "Return once it is ready; output goes to DIR/log");
  up->callback([&options] { options.verb = Verb::kUp; });
}

}  // namespace

bool ReadOptions(int argc, const char* const* argv, Options& options, int& exit_status) {
  CLI::App cli("The standalone gateway: every service in one process, with its own PostgreSQL.",
               "countersign");
  cli.require_subcommand(1);
  AddUp(cli, options);
  CLI::App* down = cli.add_subcommand("down", "Stop the gateway that runs on a folder");
  down->add_option("--data", options.data, "The folder that `up` was given")->required();
  down->callback([&options] { options.verb = Verb::kDown; });
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_status = cli.exit(error) == 0 ? 0 : kMisuse;
    return false;
  }
  if (options.metrics == "off") options.metrics.clear();
  return true;
}

}  // namespace countersign::standalone
