#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/domain/principal.h"

// How the pipeline talks to its ports.
namespace countersign::domain {

// Receives the answer of a port, exactly once, on any thread, possibly before the call that was
// given it returns. Every port answers no later than shortly after the call's deadline: an
// implementation that hears nothing by then answers DEADLINE_EXCEEDED itself. A part that cannot be
// reached is UNAVAILABLE.
template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;
using DoneStatus = absl::AnyInvocable<void(absl::Status)>;

// What accompanies one call through the pipeline, from step 2 on. Immutable once authenticated;
// cheap to copy.
struct Call {
  std::string request_id;                      // ours, shown to the caller as x-request-id
  std::shared_ptr<const Principal> principal;  // never null after authentication
  std::shared_ptr<const SecretString>
      internal_token;  // proves `principal` to the services, see libs/jose
};

}  // namespace countersign::domain
