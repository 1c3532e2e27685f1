#include "services/cli/output/progress.h"

#include <catch2/catch.hpp>
#include <sstream>

namespace countersign::cli::output {
namespace {

TEST_CASE("Progress: replaces its line, and leaves none behind", "[cli]") {
  std::ostringstream err;
  {
    Progress progress(err, true);
    progress.Show("1 of 2");
    progress.Show("1 of 2");
    progress.Show("2 of 2");
  }
  CHECK(err.str() == "\r\x1b[K1 of 2\r\x1b[K2 of 2\r\x1b[K");
}

TEST_CASE("Progress: is silent where nobody watches, or nothing was shown", "[cli]") {
  std::ostringstream err;
  Progress(err).Show("1 of 2");
  { Progress(err, false).Show("1 of 2"); }
  { const Progress progress(err, true); }
  CHECK(err.str().empty());
}

TEST_CASE("FormatSize: three digits and a unit", "[cli]") {
  CHECK(FormatSize(0) == "0 B");
  CHECK(FormatSize(999) == "999 B");
  CHECK(FormatSize(3'400) == "3.4 kB");
  CHECK(FormatSize(12'000'000) == "12.0 MB");
  CHECK(FormatSize(5'600'000'000) == "5.6 GB");
}

}  // namespace
}  // namespace countersign::cli::output
