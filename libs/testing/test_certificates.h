#pragma once

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace countersign::testing {

// The files of one certificate, in a TestAuthority's folder.
struct CertificateFiles {
  std::string certificate;
  std::string key;
  std::string authority;
};

// A certificate authority with a temporary folder, which lives as long as the object. A failure
// aborts the process, because no test could continue.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  struct Leaf {
    std::vector<std::string> uri_names;
    std::vector<std::string> dns_names;
    absl::Time not_before = absl::Now() - absl::Hours(1);
    absl::Time not_after = absl::Now() + absl::Hours(24);
  };
  // Issues a P-256 certificate for both sides of TLS. Each call writes new files.
  CertificateFiles Issue(const Leaf& leaf);
  // The same with the URI SAN spiffe://countersign/`service`, as services of this project use.
  CertificateFiles IssueService(const std::string& service);

  const std::string& folder() const { return folder_; }
  const std::string& authority_file() const { return authority_file_; }

 private:
  struct State;
  std::string folder_;
  std::string authority_file_;
  State* state_;
  int issued_ = 0;
};

}  // namespace countersign::testing
