#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/standalone/database/system_user.h"

namespace countersign::standalone::database {

// Starts `command` (its program with a path) as `user`, in `folder`, in a session of its own, so
// that a terminal's signals pass it by. It gets no standard input, `output` (appended, made by the
// user itself) as standard output and error, and no other descriptor.
absl::StatusOr<pid_t> StartChild(const std::vector<std::string>& command, const SystemUser& user,
                                 const std::string& folder, const std::string& output);

// StartChild, and its end. INTERNAL with the end of `output` when it does not exit with 0.
absl::Status RunChild(const std::vector<std::string>& command, const SystemUser& user,
                      const std::string& folder, const std::string& output);

// The last lines of a file, for messages.
std::string Tail(const std::string& path);

}  // namespace countersign::standalone::database
