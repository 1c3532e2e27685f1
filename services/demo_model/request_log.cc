#include "services/demo_model/request_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/base/utf8.h"
#include "libs/json/writer.h"

namespace countersign::demo_model {

absl::StatusOr<std::unique_ptr<RequestLog>> RequestLog::Open(const std::string& path) {
  if (path.empty()) return std::unique_ptr<RequestLog>(new RequestLog(-1));
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) {
    return absl::UnavailableError(absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<RequestLog>(new RequestLog(file));
}

RequestLog::~RequestLog() {
  if (file_ >= 0) close(file_);
}

void RequestLog::Received(const http::RequestHead& head, absl::string_view body) {
  json::Writer writer;
  writer.BeginObject().Key("method").String(head.method).Key("target").String(head.target);
  writer.Key("headers").BeginArray();
  for (const auto& [name, value] : head.headers) {
    writer.BeginArray().String(name).String(value).EndArray();
  }
  writer.EndArray();
  if (IsUtf8(body)) {
    writer.Key("body").String(body);
  } else {
    writer.Key("body_bytes").Int(static_cast<std::int64_t>(body.size()));
  }
  Write(writer.EndObject().str());
}

void RequestLog::CallerLeft(const http::RequestHead& head) {
  json::Writer writer;
  Write(writer.BeginObject()
            .Key("left")
            .Bool(true)
            .Key("target")
            .String(head.target)
            .EndObject()
            .str());
}

void RequestLog::Write(std::string line) {
  line.push_back('\n');
  const MutexLock lock(mutex_);
  if (file_ < 0) return;
  absl::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // On a full disk entries are missing, which tests detect.
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace countersign::demo_model
