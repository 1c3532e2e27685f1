#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/domain/principal.h"

// How the pipeline calls its ports.
namespace countersign::domain {

// Receives the answer of a port exactly once, on any thread, possibly before the call that it was
// passed to returns. A port answers shortly after the call's deadline at the latest: an
// implementation without a result by then answers DEADLINE_EXCEEDED. UNAVAILABLE when a service
// cannot be reached.
template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;
using DoneStatus = absl::AnyInvocable<void(absl::Status)>;

// The context of one call through the pipeline, from step 2 on. Immutable after authentication;
// cheap to copy.
struct Call {
  std::string request_id;                      // ours, shown to the caller as x-request-id
  std::shared_ptr<const Principal> principal;  // never null after authentication
  std::shared_ptr<const SecretString>
      internal_token;  // proves `principal` to the services, see libs/jose
};

}  // namespace countersign::domain
