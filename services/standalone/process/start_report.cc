#include "services/standalone/process/start_report.h"

#include <unistd.h>

#include <cerrno>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace countersign::standalone::process {
namespace {

constexpr char kWarning = 'W';
constexpr char kReady = 'R';
constexpr char kFailed = 'F';

void Print(char kind, absl::string_view text) {
  if (kind == kReady) {
    std::cout << text << std::endl;
  } else {
    std::cerr << "countersign: " << text << std::endl;
  }
}

std::string ReadAll(int pipe) {
  std::string all;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(pipe, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return all;
    all.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

StartReport::~StartReport() {
  if (pipe_ >= 0) close(pipe_);
}

void StartReport::Warn(absl::string_view sentence) { Say(kWarning, sentence); }
void StartReport::Ready(absl::string_view text) { Say(kReady, text); }
void StartReport::Failed(absl::string_view reason) { Say(kFailed, reason); }

void StartReport::Say(char kind, absl::string_view text) {
  if (pipe_ < 0) return Print(kind, text);
  // Messages end with a NUL, because texts contain newlines.
  std::string message = absl::StrCat(absl::string_view(&kind, 1), text);
  message.push_back('\0');
  absl::string_view left = message;
  while (!left.empty()) {
    const ssize_t written = write(pipe_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;  // the reader is gone
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  if (kind == kWarning) return;
  close(pipe_);
  pipe_ = -1;
}

bool PrintReport(int pipe) {
  bool ready = false;
  for (const absl::string_view message : absl::StrSplit(ReadAll(pipe), '\0')) {
    if (message.empty()) continue;
    Print(message.front(), message.substr(1));
    ready = message.front() == kReady;
  }
  return ready;
}

}  // namespace countersign::standalone::process
