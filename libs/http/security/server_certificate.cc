#include "libs/http/security/server_certificate.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"

namespace countersign::http::security {
namespace {

absl::StatusOr<std::string> Digest(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  }
  return crypto::Sha256(content);
}

}  // namespace

absl::StatusOr<TlsContext> ServerCertificate::LoadIfChanged() {
  CS_ASSIGN_OR_RETURN(std::string digest, Digest(certificate_file_));
  CS_ASSIGN_OR_RETURN(const std::string key, Digest(key_file_));
  digest += key;
  if (digest == loaded_) return TlsContext();
  CS_ASSIGN_OR_RETURN(TlsContext context, ServerTls(certificate_file_, key_file_));
  loaded_ = std::move(digest);
  return context;
}

}  // namespace countersign::http::security
