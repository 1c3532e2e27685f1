#include "services/standalone/process/start_report.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

namespace countersign::standalone::process {
namespace {

// Captures what is printed to a stream.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Captured() { stream_.rdbuf(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* const before_;
};

struct Pipe {
  Pipe() { REQUIRE(pipe2(ends, O_CLOEXEC) == 0); }
  ~Pipe() { close(ends[0]); }
  int ends[2];  // a StartReport owns the second
};

// The output and result of PrintReport for what `say` reports.
struct Printed {
  bool ready = false;
  std::string out;
  std::string err;
};
template <typename Say>
Printed Report(Say say) {
  Pipe pipe;
  {
    StartReport report(pipe.ends[1]);
    say(report);
  }
  Printed printed;
  const Captured out(std::cout);
  const Captured err(std::cerr);
  printed.ready = PrintReport(pipe.ends[0]);
  printed.out = out.text();
  printed.err = err.text();
  return printed;
}

TEST_CASE("StartReport: on a terminal, warnings and failures go to standard error",
          "[standalone]") {
  const Captured out(std::cout);
  const Captured err(std::cerr);
  StartReport report;
  report.Warn("a port was taken");
  report.Failed("no database");
  report.Ready("gateway http://127.0.0.1:1");
  CHECK(out.text() == "gateway http://127.0.0.1:1\n");
  CHECK(err.text() == "countersign: a port was taken\ncountersign: no database\n");
}

TEST_CASE("StartReport: through a pipe, Ready is printed and counts as success", "[standalone]") {
  const Printed printed = Report([](StartReport& report) {
    report.Warn("a port was taken");
    report.Ready("two\nlines");
  });
  CHECK(printed.ready);
  CHECK(printed.out == "two\nlines\n");
  CHECK(printed.err == "countersign: a port was taken\n");
}

TEST_CASE("StartReport: through a pipe, Failed is printed and counts as failure", "[standalone]") {
  const Printed printed = Report([](StartReport& report) { report.Failed("no database"); });
  CHECK_FALSE(printed.ready);
  CHECK(printed.out.empty());
  CHECK(printed.err == "countersign: no database\n");
}

TEST_CASE("StartReport: a child that ends without a final message has failed", "[standalone]") {
  CHECK_FALSE(Report([](StartReport&) {}).ready);
  CHECK_FALSE(Report([](StartReport& report) { report.Warn("a port was taken"); }).ready);
}

TEST_CASE("StartReport: closes its pipe after the final message", "[standalone]") {
  Pipe pipe;
  StartReport report(pipe.ends[1]);
  report.Ready("up");
  CHECK(fcntl(pipe.ends[1], F_GETFD) == -1);
}

TEST_CASE("StartReport: a parent that is gone does not stop the child", "[standalone]") {
  const auto before = signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  close(ends[0]);
  {
    StartReport report(ends[1]);
    report.Warn("nobody reads this");
    report.Ready("nor this");
  }
  signal(SIGPIPE, before);
  CHECK(fcntl(ends[1], F_GETFD) == -1);
}

}  // namespace
}  // namespace countersign::standalone::process
