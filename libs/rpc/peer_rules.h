#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// Which service may call which method. What is not in the table is refused.
namespace countersign::rpc {

// One line of the table: the methods of `service`, or one of them, and who may call them.
struct PeerRule {
  absl::string_view service;               // "countersign.authn.v1.AuthnService"
  absl::string_view method;                // "Authenticate"; "*" for all of the service
  std::vector<absl::string_view> callers;  // service names: "edge"
  bool stream = false;  // lives as long as what it serves: the only kind without a deadline
};

// The whole table; tests hold it against every method that exists.
const std::vector<PeerRule>& PeerRules();

// True when `caller` may call `path` ("/countersign.authn.v1.AuthnService/Authenticate").
bool PeerMayCall(absl::string_view caller, absl::string_view path);

// False for streams and for what is not in the table.
bool NeedsDeadline(absl::string_view path);

// "spiffe://countersign/edge": the one URI SAN of a service's certificate.
std::string SpiffeId(absl::string_view service);

// The service in a SPIFFE id of our trust domain: lower-case letters, digits and '-'. "" for
// anything else.
std::string ServiceFromSpiffeId(absl::string_view uri);

}  // namespace countersign::rpc
