#pragma once

#include "libs/config/fields.h"
#include "libs/domain/resources.h"

// One function per kind: the `spec` mapping in, the typed resource out. Mistakes are reported
// through `spec`.
namespace countersign::config {

domain::IdentityProvider ReadIdentityProvider(std::string name, Fields& spec);
domain::Identity ReadIdentity(std::string name, Fields& spec);
domain::RoleBinding ReadRoleBinding(std::string name, Fields& spec);
domain::Connection ReadConnection(std::string name, Fields& spec);
domain::Dictionary ReadDictionary(std::string name, Fields& spec);
domain::MaskingProfile ReadMaskingProfile(std::string name, Fields& spec);
domain::Policy ReadPolicy(std::string name, Fields& spec);

// A Credential's spec as the user wrote it, every value already in its inline form.
void CheckCredentialSpec(Fields& spec);
// A Credential's spec as it is stored: {"sealed": …}.
domain::Credential ReadSealedCredential(std::string name, Fields& spec);

}  // namespace countersign::config
