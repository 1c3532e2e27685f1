#include "tests/bench/process_tree.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace countersign::bench {
namespace {

struct Stat {
  pid_t parent = 0;
  std::int64_t ticks = 0;
};

// Empty when the process ends during the read, which a stream iterator would report by an
// exception.
std::string Contents(const std::string& path) {
  std::ostringstream contents;
  contents << std::ifstream(path).rdbuf();
  return contents.str();
}

// False when the process has ended.
bool ReadStat(pid_t pid, Stat* stat) {
  const std::string line = Contents(absl::StrCat("/proc/", pid, "/stat"));
  // The program's name is in parentheses and may contain any character.
  const std::size_t name_end = line.rfind(") ");
  if (name_end == std::string::npos) return false;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(line).substr(name_end + 2), ' ');
  constexpr std::size_t kParent = 1;
  constexpr std::size_t kFirstTime = 11;  // utime, stime, cutime, cstime
  if (fields.size() < kFirstTime + 4 || !absl::SimpleAtoi(fields[kParent], &stat->parent)) {
    return false;
  }
  for (std::size_t i = kFirstTime; i < kFirstTime + 4; ++i) {
    std::int64_t ticks = 0;
    if (absl::SimpleAtoi(fields[i], &ticks)) stat->ticks += ticks;
  }
  return true;
}

std::map<pid_t, Stat> AllProcesses() {
  std::map<pid_t, Stat> all;
  DIR* const proc = opendir("/proc");
  if (proc == nullptr) return all;
  while (const dirent* const entry = readdir(proc)) {
    pid_t pid = 0;
    Stat stat;
    if (absl::SimpleAtoi(entry->d_name, &pid) && ReadStat(pid, &stat)) all[pid] = stat;
  }
  closedir(proc);
  return all;
}

std::int64_t ProportionalBytes(pid_t pid) {
  const std::string rollup = Contents(absl::StrCat("/proc/", pid, "/smaps_rollup"));
  for (absl::string_view line : absl::StrSplit(rollup, '\n')) {
    std::int64_t kilobytes = 0;
    if (!absl::ConsumePrefix(&line, "Pss:") || !absl::ConsumeSuffix(&line, " kB")) continue;
    if (absl::SimpleAtoi(line, &kilobytes)) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

ProcessUse MeasureUse(const std::vector<pid_t>& roots, bool with_memory) {
  const std::map<pid_t, Stat> all = AllProcesses();
  std::multimap<pid_t, pid_t> children;
  for (const auto& [pid, stat] : all) children.emplace(stat.parent, pid);
  std::set<pid_t> members;
  std::vector<pid_t> next = roots;
  while (!next.empty()) {
    const pid_t pid = next.back();
    next.pop_back();
    if (all.count(pid) == 0 || !members.insert(pid).second) continue;
    const auto [begin, end] = children.equal_range(pid);
    std::transform(begin, end, std::back_inserter(next),
                   [](const auto& pair) { return pair.second; });
  }
  ProcessUse use;
  const std::int64_t us_per_tick = 1'000'000 / sysconf(_SC_CLK_TCK);
  for (const pid_t pid : members) {
    use.cpu_us += all.at(pid).ticks * us_per_tick;
    if (with_memory) use.memory_bytes += ProportionalBytes(pid);
    ++use.processes;
  }
  return use;
}

// Reading the memory of a process tree takes milliseconds.
constexpr absl::Duration kInterval = absl::Milliseconds(400);

MemoryWatch::MemoryWatch(std::vector<pid_t> roots)
    : roots_(std::move(roots)),
      peak_(MeasureUse(roots_, true).memory_bytes),
      task_(kInterval,
            {[this] {
               peak_ = std::max(peak_.load(), MeasureUse(roots_, true).memory_bytes);
               return absl::OkStatus();
             },
             nullptr},
            async::PeriodicTask::First::kAfterInterval) {}

}  // namespace countersign::bench
