#pragma once

#include <string>
#include <vector>

namespace countersign::standalone::process {

inline constexpr char kDefaultHttp[] = "127.0.0.1:8080";
inline constexpr char kDefaultMetrics[] = "127.0.0.1:9464";

enum class Verb { kUp, kDown };

struct Options {
  Verb verb = Verb::kUp;
  std::string data;
  std::string http = kDefaultHttp;
  bool http_given =
      false;  // a taken default port is replaced by a free one; a given one is an error
  std::string metrics = kDefaultMetrics;  // empty: off
  bool metrics_given = false;
  std::vector<std::string> config;               // files and folders of resources
  std::vector<std::string> publish_checkpoints;  // files for the record's newest checkpoint
  std::string masking;                           // a file with masking's analyzers; may be empty
  std::string tls_certificate;  // PEM files; both empty: plain HTTP, or the gateway's own
  std::string tls_key;
  bool tls_self_signed = false;
  bool detach = false;
  bool print_config = false;  // instead of running

  bool tls() const { return tls_self_signed || !tls_certificate.empty(); }
};

// Reads the command line of countersign-standalone. Returns false when the program should exit
// (--help, a mistake), after it has printed why and set `exit_status` to 0 or 2.
bool ReadOptions(int argc, const char* const* argv, Options& options, int& exit_status);

}  // namespace countersign::standalone::process
