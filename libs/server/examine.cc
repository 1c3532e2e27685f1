#include "libs/server/examine.h"

#include <string>
#include <utility>

#include "libs/base/build_version.h"
#include "libs/crypto/examine_certificate.h"
#include "libs/pg/examine.h"

namespace countersign::server {
namespace {

using State = HealthCheck::State;

}  // namespace

std::vector<HealthCheck> ExamineProcess(App& app) {
  std::vector<HealthCheck> checks;
  checks.push_back({"version", State::kOk, std::string(BuildVersion()), ""});
  if (app.config().tls) {
    checks.push_back(crypto::ExamineCertificate("certificate", app.config().tls->certificate,
                                                app.clock().Now()));
  }
  const std::string missing = app.NotReady();
  checks.push_back(missing.empty()
                       ? HealthCheck{"readiness", State::kOk, "ready", ""}
                       : HealthCheck{"readiness", State::kFailed, missing, "look at its log"});
  return checks;
}

HealthExaminer App::Examiner(pg::Pool* database, HealthExaminer more) {
  return [this, database, more = std::move(more)](absl::Duration timeout) {
    std::vector<HealthCheck> checks = ExamineProcess(*this);
    if (database != nullptr) Append(checks, pg::Examine(*database, clock()));
    if (more) Append(checks, more(timeout));
    return checks;
  };
}

}  // namespace countersign::server
