#pragma once

#include "libs/config/fields.h"
#include "libs/domain/resources.h"

// One reader per kind: from the `spec` mapping to the typed resource. Mistakes are reported through
// `spec`.
namespace countersign::config {

domain::IdentityProvider ReadIdentityProvider(std::string name, Fields& spec);
domain::Identity ReadIdentity(std::string name, Fields& spec);
domain::RoleBinding ReadRoleBinding(std::string name, Fields& spec);
domain::Connection ReadConnection(std::string name, Fields& spec);
// The field of a Connection with paths that its dialect does not know.
void ReadPassThrough(Fields& spec, domain::Connection& connection);
// The fields of a Connection to any gRPC service (protocol grpc).
void ReadGrpcService(Fields& spec, domain::Connection& connection);
domain::Dictionary ReadDictionary(std::string name, Fields& spec);
domain::MaskingProfile ReadMaskingProfile(std::string name, Fields& spec);
domain::Policy ReadPolicy(std::string name, Fields& spec);

// Checks a Credential's spec as the user wrote it, with every value resolved to its inline form.
void CheckCredentialSpec(Fields& spec);
// Reads a Credential's spec as stored: {"sealed": …}.
domain::Credential ReadSealedCredential(std::string name, Fields& spec);

}  // namespace countersign::config
