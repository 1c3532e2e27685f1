#include "services/standalone/process/own_certificate.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/config/secret_file.h"
#include "libs/crypto/certificate.h"
#include "libs/crypto/self_signed.h"
#include "services/standalone/process/listen_host.h"

namespace countersign::standalone::process {
namespace {

// Some clients refuse certificates of servers that are valid for longer than 825 days.
constexpr absl::Duration kValid = absl::Hours(24 * 820);
constexpr absl::Duration kLeastLeft = absl::Hours(24 * 30);
constexpr absl::Duration kClocksDiffer = absl::Hours(1);

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool Names(const crypto::Certificate& certificate, const std::string& host) {
  const auto has = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), host) != names.end();
  };
  return IsEveryAddress(host) || has(certificate.dns_names) || has(certificate.ip_addresses);
}

// Why the certificate in the folder cannot be served any more; "" when it can.
std::string WhyUnusable(const DataDirectory& directory, const std::string& pem,
                        const std::string& host, absl::Time now) {
  const auto certificate = crypto::ReadCertificate(pem);
  const auto key = config::ReadSecretFile(directory.certificate_key());
  if (!certificate.ok() || !key.ok() || !crypto::CheckKeyPair(pem, *key).ok()) {
    return "it could not be read with its key";
  }
  if (certificate->not_after < now + kLeastLeft) {
    return absl::StrCat("it ends at ", absl::FormatTime(absl::RFC3339_sec, certificate->not_after,
                                                        absl::UTCTimeZone()));
  }
  return Names(*certificate, host) ? "" : absl::StrCat("it does not name ", host);
}

}  // namespace

absl::StatusOr<std::string> EnsureOwnCertificate(const DataDirectory& directory,
                                                 const std::string& host, absl::Time now) {
  CS_RETURN_IF_ERROR(directory.MakeKeyFolder("edge").status());
  const std::string before = Contents(directory.certificate());
  const std::string why = WhyUnusable(directory, before, host, now);
  if (why.empty()) return "";
  const crypto::SelfSigned made =
      crypto::MakeSelfSigned(ReachableNames(host), now - kClocksDiffer, now + kValid);
  unlink(directory.certificate_key().c_str());
  CS_RETURN_IF_ERROR(config::CreateSecretFile(directory.certificate_key(), made.key_pem));
  CS_RETURN_IF_ERROR(WriteWhole(directory.certificate(), made.certificate_pem));
  if (before.empty()) return "";
  return absl::StrCat(directory.certificate(), " was replaced, because ", why,
                      ": give it to the clients again");
}

}  // namespace countersign::standalone::process
