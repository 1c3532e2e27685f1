#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace countersign::log {

// The field names that a log line may have. Before adding one consider that its values may be read
// by everyone who reads logs: no field may contain a prompt, an answer, a credential, a token or a
// header.
inline constexpr std::string_view kAllowedFields[] = {
    "action",   "address",    "attempt",    "bytes",    "cause",   "code",        "connection",
    "count",    "data",       "database",   "detail",   "dialect", "duration",    "entity",
    "epoch",    "error",      "expires_at", "file",     "groups",  "http_status", "identity",
    "index",    "issuer",     "key_id",     "kind",     "lag",     "level",       "limit",
    "line",     "method",     "migration",  "model",    "name",    "outcome",     "part",
    "path",     "peer",       "pid",        "policy",   "port",    "profile",     "protocol",
    "provider", "reason",     "request_id", "resource", "result",  "review_id",   "schema",
    "service",  "session_id", "signal",     "size",     "stage",   "state",       "status",
    "target",   "threads",    "upstream",   "url",      "version", "waiting",
};

// A field name that is checked against the list at compile time.
class Key {
 public:
  consteval Key(const char* name) : name_(name) {  // NOLINT: fields read as literals
    for (const std::string_view allowed : kAllowedFields) {
      if (allowed == std::string_view(name)) return;
    }
    throw "not in kAllowedFields (libs/log/fields.h)";
  }
  absl::string_view name() const { return name_; }

 private:
  const char* name_;
};

}  // namespace countersign::log
