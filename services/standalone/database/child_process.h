#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/standalone/database/system_user.h"

namespace countersign::standalone::database {

// Starts `command` (its program given with a path) as `user`, in `folder`, in a new session, so
// that signals from a terminal do not reach it. It has no standard input; standard output and error
// are appended to the file `output`, which is created as `user`; other descriptors are closed.
absl::StatusOr<pid_t> StartChild(const std::vector<std::string>& command, const SystemUser& user,
                                 const std::string& folder, const std::string& output);

// StartChild, then waits for the end. INTERNAL with the last lines of `output` unless it exits with
// 0.
absl::Status RunChild(const std::vector<std::string>& command, const SystemUser& user,
                      const std::string& folder, const std::string& output);

// The size of a file in bytes; 0 if it does not exist.
std::size_t FileSize(const std::string& path);

// The last lines of a file after its first `from` bytes, for messages.
std::string Tail(const std::string& path, std::size_t from);

}  // namespace countersign::standalone::database
