#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/base/encoding.h"
#include "libs/crypto/testing/test_signer.h"

// Makes tokens of any form, for tests.
namespace countersign::jose {

inline std::string SignToken(const crypto::TestSigner& signer, absl::string_view algorithm,
                             absl::string_view header, absl::string_view payload) {
  const std::string input = absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(payload));
  return absl::StrCat(
      input, ".",
      Base64UrlEncode(signer.Sign(crypto::SignatureAlgorithmFromString(algorithm), input)));
}

inline std::string JwkJson(const crypto::TestSigner& signer, absl::string_view more = "") {
  return absl::StrCat("{", signer.JwkMembers(), more.empty() ? "" : ",", more, "}");
}

}  // namespace countersign::jose
