#include "tests/bench/paired_run.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "tests/bench/process_tree.h"

namespace countersign::bench {
namespace {

absl::Status MeasureOnce(const PairedOptions& options, const Scenario& scenario,
                         const Target& target, Measured* measured) {
  LoadOptions load{target.port, options.bearer, scenario.connections, options.warm_up,
                   scenario.stream};
  // Connections, caches and branch predictors warm up first.
  CS_RETURN_IF_ERROR(RunLoad(load).status());
  load.duration = scenario.duration;
  const MemoryWatch memory(target.processes);
  const ProcessUse before = UseOf(target.processes, false);
  CS_ASSIGN_OR_RETURN(const LoadResult result, RunLoad(load));
  const ProcessUse after = UseOf(target.processes, false);
  measured->load.Add(result);
  measured->cpu_us += after.cpu_us - before.cpu_us;
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

double CpuPerRequest(const Measured& measured) {
  return static_cast<double>(measured.cpu_us) /
         static_cast<double>(std::max<std::int64_t>(measured.load.requests, 1));
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
    absl::StrAppendFormat(&row, " %9s %9s", "-", "-");
  } else {
    absl::StrAppendFormat(&row, " %9.0f %9.1f", CpuPerRequest(measured), Mebibytes(measured));
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

// How much faster the mock is than what it is reached through: below 5 it would be what is
// measured.
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
  Results results(options.scenarios.size(), std::vector<Measured>(options.targets.size()));
  std::mt19937 random(options.seed);
  std::vector<std::size_t> order(options.targets.size());
  std::iota(order.begin(), order.end(), 0);
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t scenario = 0; scenario < options.scenarios.size(); ++scenario) {
      std::shuffle(order.begin(), order.end(), random);
      for (const std::size_t target : order) {
        const absl::Status run = MeasureOnce(options, options.scenarios[scenario],
                                             options.targets[target], &results[scenario][target]);
        if (!run.ok()) return Annotate(run, options.targets[target].name);
      }
    }
  }
  return results;
}

std::string Table(const PairedOptions& options, const Results& results) {
  std::string table;
  for (std::size_t i = 0; i < options.scenarios.size(); ++i) {
    const Scenario& scenario = options.scenarios[i];
    absl::StrAppendFormat(&table, "%s (%d connection%s; times in us, memory in MiB)\n",
                          scenario.name, scenario.connections,
                          scenario.connections == 1 ? "" : "s");
    absl::StrAppendFormat(&table, "  %-12s %9s %9s %9s %9s %9s", "", "p50", "p99", "req/s",
                          "CPU/req", "memory");
    if (scenario.stream) {
      absl::StrAppendFormat(&table, " %9s %9s %9s %9s %9s %9s", "first p50", "p99", "event p50",
                            "p99", "text p50", "p99");
    }
    absl::StrAppendFormat(&table, " %7s\n", "errors");
    for (std::size_t j = 0; j < options.targets.size(); ++j) {
      table += Row(scenario, options.targets[j], results[i][j]);
    }
    table += Headroom(scenario, options.targets, results[i]) + "\n";
  }
  return table;
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
      WriteMeasured(scenario, options.targets[j], results[i][j], &out);
    }
    out.EndArray().EndObject();
  }
  out.EndArray().EndObject();
  return out.str();
}

}  // namespace countersign::bench
