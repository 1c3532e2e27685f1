#include "libs/http/client_options.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::http {

absl::Status MalformedAnswer(absl::string_view why) {
  return WithReason(
      absl::UnavailableError(absl::StrCat("the upstream's answer is not HTTP: ", why)), kProtocol);
}

}  // namespace countersign::http
