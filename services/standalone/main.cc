// countersign-standalone up|down: what `countersign up` and `countersign down` run.

#include <filesystem>
#include <iostream>
#include <memory>

#include "services/standalone/data_directory.h"
#include "services/standalone/detach.h"
#include "services/standalone/down.h"
#include "services/standalone/main_options.h"
#include "services/standalone/run_gateway.h"
#include "services/standalone/start_report.h"

namespace countersign::standalone {
namespace {

int Fail(const absl::Status& status) {
  std::cerr << "countersign: " << status.message() << "\n";
  return 1;
}

int Up(Options options) {
  const auto directory = DataDirectory::Make(options.data);
  if (!directory.ok()) return Fail(directory.status());
  // A detached gateway works elsewhere.
  for (std::string& path : options.config) path = std::filesystem::absolute(path);
  auto report = std::make_unique<StartReport>();
  if (options.detach) {
    int exit_status = 0;
    auto detached = Detach(directory->log(), exit_status);
    if (!detached.ok()) return Fail(detached.status());
    if (*detached == nullptr) return exit_status;
    report = *std::move(detached);
  }
  return RunGateway(*directory, std::move(options), *report);
}

int Stop(const Options& options) {
  const auto directory = DataDirectory::Open(options.data);
  if (!directory.ok()) return Fail(directory.status());
  const absl::Status status = Down(*directory);
  return status.ok() ? 0 : Fail(status);
}

int Run(int argc, char** argv) {
  Options options;
  int exit_status = 0;
  if (!ReadOptions(argc, argv, options, exit_status)) return exit_status;
  return options.verb == Verb::kUp ? Up(std::move(options)) : Stop(options);
}

}  // namespace
}  // namespace countersign::standalone

int main(int argc, char** argv) { return countersign::standalone::Run(argc, argv); }
