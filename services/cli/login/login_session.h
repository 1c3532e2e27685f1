#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "services/cli/http_call.h"

namespace countersign::cli::login {

// What signing in needs of its surroundings; tests replace it. Members outlive the sign-in.
struct LoginSession {
  HttpCall call;
  const Clock& clock;
  RandomSource& random;
  std::ostream& err;  // where the user reads what to do
  std::function<void(absl::Duration)> sleep;
  std::function<void(const std::string& url)> open_browser;
};

}  // namespace countersign::cli::login
