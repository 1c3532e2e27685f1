// Measures the verification of SAML messages of tests/testdata/saml, from bytes to assertion: CPU
// time of one thread. Exits with 1 when a limit is exceeded. Run it in the root of the tree.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "services/authn/saml/assertion.h"
#include "tests/bench/timing.h"

namespace countersign::bench {
namespace {

namespace saml = authn::saml;

constexpr int kRounds = 500;
constexpr double kMostMicroseconds = 1000;

std::string Read(const std::string& name) {
  std::ifstream file("tests/testdata/saml/" + name + ".xml", std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

bool Accepts(const std::string& xml, const saml::IdpMetadata& provider) {
  const auto message = saml::UnverifiedMessage::Parse(xml);
  return message.ok() && saml::VerifyMessage(*message, provider,
                                             {"https://countersign.example", {}, absl::Seconds(60)},
                                             absl::FromUnixSeconds(1'800'000'000))
                             .ok();
}

int Measure() {
  const auto provider = saml::ParseMetadata(Read("metadata"));
  if (!provider.ok()) return std::fputs("no metadata: run this in the root of the tree\n", stderr);
  bool within = true;
  for (const char* const name : {"good_assertion", "good_assertion_in_response", "good_response",
                                 "good_both", "key_none", "xsw3_assertion"}) {
    const std::string xml = Read(name);
    std::vector<double> times;
    bool accepted = false;
    for (int round = 0; round < kRounds; ++round) {
      const double begin = CpuNow();
      accepted = Accepts(xml, *provider);
      times.push_back((CpuNow() - begin) * 1e6);
    }
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    std::printf("%-28s %6zu bytes  %s  median %.0f us, p99 %.0f us\n", name, xml.size(),
                accepted ? "accepted" : "refused ", median, times[times.size() * 99 / 100]);
    within = within && median <= kMostMicroseconds;
  }
  return within ? 0 : 1;
}

}  // namespace
}  // namespace countersign::bench

int main() { return countersign::bench::Measure(); }
