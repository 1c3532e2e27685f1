// A mock model for benchmarks: prints its address and serves until its standard input is closed.
//   bench_mock_upstream [EVENTS [INTERVAL_MS]]
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/bench/mock_upstream.h"

int main(int argc, char** argv) {
  using countersign::bench::MockUpstream;
  MockUpstream::Options options;
  if (argc > 1) options.events = std::atoi(argv[1]);
  if (argc > 2) options.interval = absl::Milliseconds(std::atoi(argv[2]));
  auto mock = MockUpstream::Create(options);
  absl::Status status = mock.status();
  if (mock.ok()) {
    std::printf("http://127.0.0.1:%d\n", (*mock)->port());
    std::fflush(stdout);
    status = (*mock)->Run(STDIN_FILENO);
  }
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
