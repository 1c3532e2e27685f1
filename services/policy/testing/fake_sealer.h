#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/domain/credential_sealer.h"

namespace countersign::policy::resources {

// Seals to "sealed-1", "sealed-2" …, and remembers the originals.
class FakeSealer final : public domain::CredentialSealer {
 public:
  void Seal(const std::string& /*name*/, const SecretString& spec, const std::string& previous,
            absl::Time /*deadline*/, domain::Done<std::string> done) override {
    if (!failure.ok()) return done(failure);
    last_spec = spec.Reveal();
    const auto known = contents_.find(previous);
    if (known != contents_.end() && known->second == last_spec) return done(previous);
    std::string sealed = absl::StrCat("sealed-", contents_.size() + 1);
    contents_.emplace(sealed, last_spec);
    done(std::move(sealed));
  }

  absl::Status failure;
  std::string last_spec;

 private:
  std::map<std::string, std::string> contents_;
};

}  // namespace countersign::policy::resources
