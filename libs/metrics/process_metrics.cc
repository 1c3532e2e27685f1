#include "libs/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

namespace countersign::metrics {
namespace {

// The members of /proc/self/stat that are used, in its units: clock ticks and pages.
struct Stat {
  double user_ticks = 0;
  double system_ticks = 0;
  double threads = 0;
  double start_ticks = 0;  // since the machine's start
  double resident_pages = 0;
};

std::optional<Stat> ReadStat(const std::string& proc) {
  std::ifstream file(proc + "/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The second field, the program's name in parentheses, may contain anything.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  const auto skip = [&](int count) {
    while (count-- > 0) fields >> skipped;
  };
  Stat stat;
  skip(11);  // 3 to 13, as proc(5) counts
  fields >> stat.user_ticks >> stat.system_ticks;
  skip(4);
  fields >> stat.threads;
  skip(1);
  fields >> stat.start_ticks;
  skip(1);
  fields >> stat.resident_pages;
  if (!fields) return std::nullopt;
  return stat;
}

// When the machine started: seconds since 1970.
std::optional<double> ReadBootTime(const std::string& proc) {
  std::ifstream file(proc + "/stat");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string key;
    double seconds = 0;
    if (fields >> key >> seconds && key == "btime") return seconds;
  }
  return std::nullopt;
}

std::optional<double> CountOpenFiles(const std::string& proc) {
  std::error_code error;
  std::filesystem::directory_iterator file(proc + "/self/fd", error);
  double count = 0;
  while (!error && file != std::filesystem::directory_iterator()) {
    ++count;
    file.increment(error);
  }
  if (error) return std::nullopt;
  return count - 1;  // without the one that reads the folder
}

std::optional<double> MaxOpenFiles() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void ExposeProcess(Registry& registry, const std::string& proc) {
  const auto gauge = [&](const std::string& name, const std::string& help) {
    return registry.Gauges(name, help).With({});
  };
  const Counter cpu =
      registry.Counters("process_cpu_seconds_total", "User and system CPU time.").With({});
  const Gauge memory = gauge("process_resident_memory_bytes", "Resident memory.");
  const Gauge start = gauge("process_start_time_seconds", "Start, since 1970.");
  const Gauge files = gauge("process_open_fds", "Open file descriptors.");
  const Gauge max_files = gauge("process_max_fds", "Most file descriptors that may be open.");
  const Gauge threads = gauge("process_threads", "Threads.");
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  const auto shown = std::make_shared<std::atomic<double>>(0);
  registry.BeforeExpose([=] {
    if (const auto stat = ReadStat(proc)) {
      const double seconds = (stat->user_ticks + stat->system_ticks) / ticks;
      cpu.Increment(seconds - shown->exchange(seconds));
      memory.Set(stat->resident_pages * page);
      threads.Set(stat->threads);
      if (const auto boot = ReadBootTime(proc)) start.Set(*boot + stat->start_ticks / ticks);
    }
    if (const auto open = CountOpenFiles(proc)) files.Set(*open);
    if (const auto most = MaxOpenFiles()) max_files.Set(*most);
  });
}

}  // namespace countersign::metrics
