#include "libs/metrics/process_metrics.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace countersign::metrics {
namespace {

// The value of a metric without labels.
double Value(Registry& registry, const std::string& name) {
  const std::string text = "\n" + registry.Expose();
  const std::size_t line = text.find("\n" + name + " ");
  REQUIRE(line != std::string::npos);
  return std::stod(text.substr(line + name.size() + 2));
}

// A folder like /proc with this content.
class Proc {
 public:
  Proc() {
    char path[] = "/tmp/countersign-proc-XXXXXX";
    REQUIRE(mkdtemp(path) != nullptr);
    path_ = path;
    std::filesystem::create_directories(path_ + "/self/fd");
  }
  ~Proc() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ + "/" + name) << content;
  }

 private:
  std::string path_;
};

TEST_CASE("ExposeProcess: the fields of /proc in their units", "[metrics]") {
  const Proc proc;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  proc.Write("stat", "cpu 1 2 3\nbtime 1000000\n");
  proc.Write("self/stat",
             "7 (a ) b) S 1 7 7 0 -1 0 10 0 0 0 300 200 0 0 20 0 11 0 500 4096 25 0 0 0\n");
  for (const char* name : {"0", "1", "2", "3"}) proc.Write(std::string("self/fd/") + name, "");
  Registry registry;
  ExposeProcess(registry, proc.path());
  CHECK(Value(registry, "process_cpu_seconds_total") == Approx(500 / ticks));
  CHECK(Value(registry, "process_threads") == 11);
  CHECK(Value(registry, "process_start_time_seconds") == Approx(1000000 + 500 / ticks));
  CHECK(Value(registry, "process_resident_memory_bytes") == Approx(25 * page));
  CHECK(Value(registry, "process_open_fds") == 3);

  proc.Write("self/stat",
             "7 (a ) b) S 1 7 7 0 -1 0 10 0 0 0 400 200 0 0 20 0 12 0 500 4096 26 0 0 0\n");
  CHECK(Value(registry, "process_cpu_seconds_total") == Approx(600 / ticks));
  CHECK(Value(registry, "process_threads") == 12);
}

TEST_CASE("ExposeProcess: what cannot be read keeps its last value", "[metrics]") {
  const Proc proc;
  proc.Write("self/stat", "7 (name");
  Registry registry;
  ExposeProcess(registry, proc.path());
  CHECK(Value(registry, "process_cpu_seconds_total") == 0);
  CHECK(Value(registry, "process_start_time_seconds") == 0);
}

TEST_CASE("ExposeProcess: this process", "[metrics]") {
  Registry registry;
  ExposeProcess(registry);
  const double before = Value(registry, "process_open_fds");
  const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(file >= 0);
  CHECK(Value(registry, "process_open_fds") == before + 1);
  ::close(file);
  CHECK(Value(registry, "process_resident_memory_bytes") > 0);
  CHECK(Value(registry, "process_max_fds") >= before);
  CHECK(Value(registry, "process_threads") >= 1);
}

}  // namespace
}  // namespace countersign::metrics
