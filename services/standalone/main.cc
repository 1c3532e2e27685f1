// countersign-standalone up|down: the program behind `countersign up` and `countersign down`.

#include <iostream>
#include <memory>

#include "services/standalone/data_directory.h"
#include "services/standalone/process/detach.h"
#include "services/standalone/process/down.h"
#include "services/standalone/process/gateway_config.h"
#include "services/standalone/process/main_options.h"
#include "services/standalone/process/run_gateway.h"
#include "services/standalone/process/start_report.h"

namespace countersign::standalone {
namespace {

int Fail(const absl::Status& status) {
  std::cerr << "countersign: " << status.message() << "\n";
  return 1;
}

int Up(process::Options options) {
  if (options.print_config) {
    std::cout << process::DescribeConfig(DataDirectory::At(options.data), options);
    return std::cout.flush() ? 0 : Fail(absl::DataLossError("cannot write to standard output"));
  }
  const auto directory = DataDirectory::Make(options.data);
  if (!directory.ok()) return Fail(directory.status());
  auto report = std::make_unique<process::StartReport>();
  if (options.detach) {
    int exit_status = 0;
    auto detached = process::Detach(directory->log(), exit_status);
    if (!detached.ok()) return Fail(detached.status());
    if (*detached == nullptr) return exit_status;
    report = *std::move(detached);
  }
  return process::RunGateway(*directory, std::move(options), *report);
}

int Stop(const process::Options& options) {
  const auto directory = DataDirectory::Open(options.data);
  if (!directory.ok()) return Fail(directory.status());
  const absl::Status status = process::Down(*directory);
  return status.ok() ? 0 : Fail(status);
}

int Run(int argc, char** argv) {
  process::Options options;
  int exit_status = 0;
  if (!process::ReadOptions(argc, argv, options, exit_status)) return exit_status;
  return options.verb == process::Verb::kUp ? Up(std::move(options)) : Stop(options);
}

}  // namespace
}  // namespace countersign::standalone

int main(int argc, char** argv) { return countersign::standalone::Run(argc, argv); }
