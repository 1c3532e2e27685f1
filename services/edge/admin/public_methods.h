#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "countersign/options/v1/access.pb.h"
#include "libs/domain/principal.h"

// The methods of other services that callers may use, by their descriptors. A method is one of them
// if its descriptor declares an access option.
namespace countersign::edge::admin {

struct PublicMethod {
  std::string owner;  // "policy"
  const google::protobuf::MethodDescriptor* method = nullptr;
  options::v1::Access access = options::v1::ACCESS_UNSPECIFIED;
};

// The method at "/countersign.policy.v1.ResourceService/Apply". UNIMPLEMENTED when there is none,
// or it is not for callers.
absl::StatusOr<PublicMethod> FindPublicMethod(absl::string_view path);
absl::Status NoSuchMethod(absl::string_view path);

// PERMISSION_DENIED unless `principal` has the role that the method needs, on any connection. The
// owning service checks again.
absl::Status CheckAccess(const PublicMethod& method, const domain::Principal& principal);

// The services with such methods, sorted by name.
const std::vector<const google::protobuf::ServiceDescriptor*>& PublicServices();

// A failure to reach the service `owner`, without gRPC's own message, because that contains
// addresses; other statuses are returned unchanged.
absl::Status HideAddresses(absl::Status status, absl::string_view owner);

}  // namespace countersign::edge::admin
