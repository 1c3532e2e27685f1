#include "tests/bench/paired_run.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "tests/bench/goals.h"
#include "tests/bench/process_tree.h"

namespace countersign::bench {
namespace {

constexpr absl::Duration kCommitTime = absl::Milliseconds(700);

absl::Status MeasureOnce(const PairedOptions& options, const Scenario& scenario,
                         const Target& target, Measured* measured) {
  LoadOptions load{target.port,     options.bearer,  scenario.connections,
                   options.warm_up, scenario.stream, target.headers};
  // Warms up connections, caches and branch predictors.
  CS_RETURN_IF_ERROR(RunLoad(load).status());
  load.duration = scenario.duration;
  // The database may or may not be a descendant of the gateway.
  std::vector<pid_t> all = target.processes;
  all.insert(all.end(), target.database.begin(), target.database.end());
  const MemoryWatch memory(all);
  const ProcessUse before = MeasureUse(all, false),
                   database_before = MeasureUse(target.database, false);
  CS_ASSIGN_OR_RETURN(const LoadResult result, RunLoad(load));
  const ProcessUse after = MeasureUse(all, false),
                   database_after = MeasureUse(target.database, false);
  measured->load.Add(result);
  measured->cpu_us += after.cpu_us - before.cpu_us;
  measured->database_cpu_us += database_after.cpu_us - database_before.cpu_us;
  measured->peak_memory_bytes = std::max(measured->peak_memory_bytes, memory.peak_bytes());
  measured->requests_per_second.push_back(static_cast<double>(result.requests) / result.seconds);
  return absl::OkStatus();
}

double Micros(const std::vector<std::int64_t>& ns, double share) {
  return static_cast<double>(Percentile(ns, share)) / 1000;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double Ratio(std::int64_t amount, std::int64_t count) {
  return static_cast<double>(amount) / static_cast<double>(std::max<std::int64_t>(count, 1));
}

double CpuPerRequest(const Measured& measured) {
  return Ratio(measured.cpu_us, measured.load.requests);
}

double DatabaseCpuPerRequest(const Measured& measured) {
  return Ratio(measured.database_cpu_us, measured.load.requests);
}

double Mebibytes(const Measured& measured) {
  return static_cast<double>(measured.peak_memory_bytes) / (1 << 20);
}

std::string Row(const Scenario& scenario, const Target& target, const Measured& measured) {
  const LoadResult& load = measured.load;
  std::string row =
      absl::StrFormat("  %-12s %9.0f %9.0f %9.0f", target.name, Micros(load.latency, 0.5),
                      Micros(load.latency, 0.99), Median(measured.requests_per_second));
  if (target.processes.empty()) {
    absl::StrAppendFormat(&row, " %9s %9s %9s", "-", "-", "-");
  } else {
    absl::StrAppendFormat(&row, " %9.0f %9.0f %9.1f", CpuPerRequest(measured),
                          DatabaseCpuPerRequest(measured), Mebibytes(measured));
  }
  if (scenario.stream) {
    absl::StrAppendFormat(&row, " %9.0f %9.0f %9.0f %9.0f %9.0f %9.0f",
                          Micros(load.first_text, 0.5), Micros(load.first_text, 0.99),
                          Micros(load.event_delay, 0.5), Micros(load.event_delay, 0.99),
                          Micros(load.text_delay, 0.5), Micros(load.text_delay, 0.99));
  }
  absl::StrAppendFormat(&row, " %7d\n", load.errors);
  return row;
}

// The cost of a stream's event, with the database's share separate.
std::string EventCosts(const Scenario& scenario, const std::vector<Target>& targets,
                       const std::vector<Measured>& measured) {
  std::string lines;
  for (std::size_t i = 0; scenario.stream && i < targets.size(); ++i) {
    if (targets[i].processes.empty() || measured[i].load.events == 0) continue;
    const std::int64_t events = measured[i].load.events;
    absl::StrAppendFormat(&lines, "  %s: %.1f us of CPU per event, %.1f of them PostgreSQL's\n",
                          targets[i].name, Ratio(measured[i].cpu_us, events),
                          Ratio(measured[i].database_cpu_us, events));
  }
  return lines;
}

// How much faster the mock is without a proxy: below 5 the mock itself would be measured.
std::string Headroom(const Scenario& scenario, const std::vector<Target>& targets,
                     const std::vector<Measured>& measured) {
  if (scenario.stream || scenario.connections == 1 || !targets[0].processes.empty()) return "";
  const double direct = Median(measured[0].requests_per_second);
  std::string line;
  for (std::size_t i = 1; i < targets.size(); ++i) {
    const double through = std::max(Median(measured[i].requests_per_second), 1.0);
    absl::StrAppendFormat(&line, "  %s reaches %.1f times the rate of %s\n", targets[0].name,
                          direct / through, targets[i].name);
  }
  return line;
}

void WriteTimes(absl::string_view name, const std::vector<std::int64_t>& ns, json::Writer* out) {
  out->Key(name).BeginObject();
  out->Key("p50Us").Number(Micros(ns, 0.5));
  out->Key("p99Us").Number(Micros(ns, 0.99));
  out->Key("count").Int(static_cast<std::int64_t>(ns.size()));
  out->EndObject();
}

void WriteMeasured(const Scenario& scenario, const Target& target, const Measured& measured,
                   json::Writer* out) {
  const LoadResult& load = measured.load;
  out->BeginObject().Key("target").String(target.name);
  out->Key("requests").Int(load.requests).Key("errors").Int(load.errors);
  out->Key("requestsPerSecond").Number(Median(measured.requests_per_second));
  WriteTimes("latency", load.latency, out);
  if (!target.processes.empty()) {
    out->Key("cpuUsPerRequest").Number(CpuPerRequest(measured));
    out->Key("databaseCpuUsPerRequest").Number(DatabaseCpuPerRequest(measured));
    if (scenario.stream) out->Key("cpuUsPerEvent").Number(Ratio(measured.cpu_us, load.events));
    out->Key("peakMemoryBytes").Int(measured.peak_memory_bytes);
  }
  if (scenario.stream) {
    WriteTimes("timeToFirstText", load.first_text, out);
    WriteTimes("eventDelay", load.event_delay, out);
    WriteTimes("textDelay", load.text_delay, out);
  }
  out->EndObject();
}

}  // namespace

absl::StatusOr<Results> RunPaired(const PairedOptions& options) {
  Results results;
  results.measured.assign(options.scenarios.size(), std::vector<Measured>(options.targets.size()));
  std::mt19937 random(options.seed);
  std::vector<std::size_t> order(options.targets.size());
  std::iota(order.begin(), order.end(), 0);
  for (int round = 0; round < options.rounds; ++round) {
    if (options.commits != nullptr) {
      CS_RETURN_IF_ERROR(options.commits->Run(kCommitTime));
    }
    for (std::size_t scenario = 0; scenario < options.scenarios.size(); ++scenario) {
      std::shuffle(order.begin(), order.end(), random);
      for (const std::size_t target : order) {
        if (options.scenarios[scenario].stream && !options.targets[target].streams) continue;
        const absl::Status run =
            MeasureOnce(options, options.scenarios[scenario], options.targets[target],
                        &results.measured[scenario][target]);
        if (!run.ok()) return Annotate(run, options.targets[target].name);
      }
    }
  }
  if (options.commits != nullptr) results.commits = options.commits->latency();
  return results;
}

std::string Table(const PairedOptions& options, const Results& results) {
  std::string table;
  for (std::size_t i = 0; i < options.scenarios.size(); ++i) {
    const Scenario& scenario = options.scenarios[i];
    absl::StrAppendFormat(&table, "%s (%d connection%s; times in us, memory in MiB)\n",
                          scenario.name, scenario.connections,
                          scenario.connections == 1 ? "" : "s");
    absl::StrAppendFormat(&table, "  %-12s %9s %9s %9s %9s %9s %9s", "", "p50", "p99", "req/s",
                          "CPU/req", "database", "memory");
    if (scenario.stream) {
      absl::StrAppendFormat(&table, " %9s %9s %9s %9s %9s %9s", "first p50", "p99", "event p50",
                            "p99", "text p50", "p99");
    }
    absl::StrAppendFormat(&table, " %7s\n", "errors");
    for (std::size_t j = 0; j < options.targets.size(); ++j) {
      if (results.measured[i][j].requests_per_second.empty()) continue;
      table += Row(scenario, options.targets[j], results.measured[i][j]);
    }
    table += EventCosts(scenario, options.targets, results.measured[i]);
    table += Headroom(scenario, options.targets, results.measured[i]) + "\n";
  }
  if (!results.commits.empty()) {
    absl::StrAppendFormat(&table, "one durable commit with one client: p50 %.0f us, p99 %.0f us\n",
                          Micros(results.commits, 0.5), Micros(results.commits, 0.99));
  }
  return table + GoalTable(Goals(options, results));
}

std::string Json(const PairedOptions& options, const Results& results) {
  json::Writer out;
  out.BeginObject().Key("rounds").Int(options.rounds).Key("scenarios").BeginArray();
  for (std::size_t i = 0; i < options.scenarios.size(); ++i) {
    const Scenario& scenario = options.scenarios[i];
    out.BeginObject().Key("scenario").String(scenario.name);
    out.Key("connections").Int(scenario.connections);
    out.Key("secondsPerRound").Number(absl::ToDoubleSeconds(scenario.duration));
    out.Key("targets").BeginArray();
    for (std::size_t j = 0; j < options.targets.size(); ++j) {
      if (results.measured[i][j].requests_per_second.empty()) continue;
      WriteMeasured(scenario, options.targets[j], results.measured[i][j], &out);
    }
    out.EndArray().EndObject();
  }
  out.EndArray();
  WriteTimes("commit", results.commits, &out);
  out.Key("goals").BeginArray();
  for (const Goal& goal : Goals(options, results)) {
    out.BeginObject().Key("name").String(goal.name).Key("value").Number(goal.value);
    out.Key("limit").Number(goal.limit).Key("reached").Bool(goal.reached()).EndObject();
  }
  out.EndArray().EndObject();
  return out.str();
}

}  // namespace countersign::bench
