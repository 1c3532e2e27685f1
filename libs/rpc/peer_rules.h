#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// The table of which service may call which method. Everything else is refused.
namespace countersign::rpc {

// One rule: the methods of `service`, or one of them, and their permitted callers.
struct PeerRule {
  absl::string_view service;               // "countersign.authn.v1.AuthnService"
  absl::string_view method;                // "Authenticate"; "*" for all of the service
  std::vector<absl::string_view> callers;  // service names: "edge"
  bool stream = false;                     // the only kind of method without a deadline
};

// The whole table. Tests compare it with every existing method.
const std::vector<PeerRule>& PeerRules();

// Whether `caller` may call `path` ("/countersign.authn.v1.AuthnService/Authenticate").
bool PeerMayCall(absl::string_view caller, absl::string_view path);

// False for streams and for methods that are not in the table.
bool NeedsDeadline(absl::string_view path);

// The only URI SAN of a service's certificate, such as "spiffe://countersign/edge".
std::string SpiffeId(absl::string_view service);

// The service in a SPIFFE id of our trust domain: lower-case letters, digits and '-'. "" for
// others.
std::string ServiceFromSpiffeId(absl::string_view uri);

}  // namespace countersign::rpc
