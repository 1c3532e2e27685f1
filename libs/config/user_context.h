#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::config {

// The gateway and credential that the command line uses. Members may be empty.
struct UserContext {
  std::string address;
  std::string token;
  std::string token_file;
  std::string ca_file;
};

// The context `name` in the text of a config file, or its current one when `name` is empty.
// INVALID_ARGUMENT, with the line, for a malformed file or an unknown context:
//   currentContext: prod
//   contexts:
//     - {name: prod, addr: https://gateway.example, tokenFile: /run/token, caFile: /etc/ca.pem}
absl::StatusOr<UserContext> ReadUserContext(const std::string& file, const std::string& content,
                                            const std::string& name);

// All contexts of a config file.
struct UserContexts {
  struct Named {
    std::string name;
    UserContext context;
  };
  std::string current;  // may be empty
  std::vector<Named> contexts;
};

// An empty text has no contexts. INVALID_ARGUMENT, with the line, for a malformed file and for a
// name that stands there twice.
absl::StatusOr<UserContexts> ReadUserContexts(const std::string& file, const std::string& content);

// The text of a config file; ReadUserContexts reads it back.
std::string WriteUserContexts(const UserContexts& contexts);

}  // namespace countersign::config
