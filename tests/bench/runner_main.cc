// Measures several ways to one mock upstream, interleaved, and prints their costs. scripts/bench
// starts them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/bench/commit_loop.h"
#include "tests/bench/paired_run.h"

namespace countersign::bench {
namespace {

bool ParseProcesses(const std::string& text, std::vector<pid_t>* processes) {
  for (const absl::string_view number : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    if (!absl::SimpleAtoi(number, &processes->emplace_back())) return false;
  }
  return true;
}

// Parses NAME=PORT, NAME=PORT/PID,PID… or NAME=PORT/PID…/PID…, where the last ones are a
// database's.
bool ParseTarget(const std::string& argument, Target* target) {
  const std::vector<std::string> halves = absl::StrSplit(argument, absl::MaxSplits('=', 1));
  if (halves.size() != 2) return false;
  target->name = halves[0];
  std::vector<std::string> parts = absl::StrSplit(halves[1], '/');
  parts.resize(3);
  int port = 0;
  if (!absl::SimpleAtoi(parts[0], &port) || port <= 0 || port > 65535) return false;
  target->port = static_cast<std::uint16_t>(port);
  return ParseProcesses(parts[1], &target->processes) &&
         ParseProcesses(parts[2], &target->database);
}

int Run(const PairedOptions& options, const std::string& json_file) {
  const auto results = RunPaired(options);
  if (!results.ok()) {
    std::fprintf(stderr, "bench: %s\n", std::string(results.status().message()).c_str());
    return 1;
  }
  std::fputs(Table(options, *results).c_str(), stdout);
  std::ofstream(json_file) << Json(options, *results) << "\n";
  std::int64_t errors = 0;
  for (const auto& scenario : results->measured) {
    for (std::size_t i = 0; i < scenario.size(); ++i) {
      errors += scenario[i].load.errors;
      if (scenario[i].load.errors == 0) continue;
      std::fprintf(stderr, "bench: %s: %s\n", options.targets[i].name.c_str(),
                   scenario[i].load.first_error.c_str());
    }
  }
  return errors == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  CLI::App app("Measures several ways to one mock upstream");
  std::vector<std::string> targets;
  std::vector<std::string> headers, plain;
  std::string bearer_file, json_file = "bench.json", commit_conninfo;
  double seconds = 3;
  PairedOptions options;
  app.add_option("--target", targets, "NAME=PORT[/PID,…[/PID,…]]")->required();
  app.add_option("--header", headers, "NAME=a header that this target alone is sent");
  app.add_option("--plain", plain, "a target that is measured without streams");
  app.add_option("--commits", commit_conninfo, "a database whose commits are measured as well");
  app.add_option("--bearer-file", bearer_file, "the key that is sent to every target");
  app.add_option("--rounds", options.rounds);
  app.add_option("--seconds", seconds, "of each scenario, target and round");
  app.add_option("--json", json_file);
  CLI11_PARSE(app, argc, argv);
  for (const std::string& target : targets) {
    if (!ParseTarget(target, &options.targets.emplace_back())) {
      std::fprintf(stderr, "bench: not a target: %s\n", target.c_str());
      return 2;
    }
  }
  for (const std::string& header : headers) {
    const std::vector<std::string> halves = absl::StrSplit(header, absl::MaxSplits('=', 1));
    for (Target& target : options.targets) {
      if (target.name == halves[0]) absl::StrAppend(&target.headers, halves.back(), "\r\n");
    }
  }
  for (Target& target : options.targets) {
    target.streams = std::find(plain.begin(), plain.end(), target.name) == plain.end();
  }
  std::unique_ptr<CommitLoop> commits;
  if (!commit_conninfo.empty()) {
    auto created = CommitLoop::Create(commit_conninfo);
    if (!created.ok()) {
      std::fprintf(stderr, "bench: %s\n", std::string(created.status().message()).c_str());
      return 1;
    }
    commits = *std::move(created);
    options.commits = commits.get();
  }
  if (!bearer_file.empty()) std::getline(std::ifstream(bearer_file), options.bearer);
  const absl::Duration duration = absl::Seconds(seconds);
  options.scenarios = {{"plain, latency", false, 1, duration},
                       {"plain, throughput", false, 16, duration},
                       {"stream, 40 events every 10 ms", true, 8, duration}};
  return Run(options, json_file);
}

}  // namespace
}  // namespace countersign::bench

int main(int argc, char** argv) { return countersign::bench::Main(argc, argv); }
