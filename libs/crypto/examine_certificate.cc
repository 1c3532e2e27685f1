#include "libs/crypto/examine_certificate.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/crypto/certificate.h"

namespace countersign::crypto {
namespace {

using State = HealthCheck::State;

constexpr absl::Duration kSoon = absl::Hours(24 * 14);

}  // namespace

HealthCheck ExamineCertificate(std::string name, const std::string& file, absl::Time now) {
  const std::string advice = absl::StrCat("replace ", file, "; it is read without a restart");
  std::ifstream stream(file, std::ios::binary);
  const std::string pem(std::istreambuf_iterator<char>(stream), {});
  const absl::StatusOr<Certificate> certificate = ReadCertificate(pem);
  if (!certificate.ok()) {
    return {std::move(name), State::kFailed,
            absl::StrCat(file, " cannot be read: ", certificate.status().message()), advice};
  }
  const absl::Duration left = certificate->not_after - now;
  if (left <= absl::ZeroDuration()) {
    return {std::move(name), State::kFailed,
            absl::StrCat("expired ", absl::ToInt64Hours(-left) / 24, " days ago"), advice};
  }
  const std::string saw = absl::StrCat("expires in ", absl::ToInt64Hours(left) / 24, " days");
  if (left < kSoon) return {std::move(name), State::kWarning, saw, advice};
  return {std::move(name), State::kOk, saw, ""};
}

}  // namespace countersign::crypto
