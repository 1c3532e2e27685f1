#include "services/standalone/database/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace countersign::standalone::database {
namespace {

constexpr std::size_t kTailBytes = 2000;

void RestoreSignals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGQUIT}) {
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Runs between fork and exec: must not allocate or lock.
[[noreturn]] void Become(char* const* argv, const SystemUser& user, const char* folder,
                         const char* output) {
  setsid();
  RestoreSignals();
  const bool ready = user.Become() && chdir(folder) == 0;
  const int in = open("/dev/null", O_RDONLY);
  const int out = ready ? open(output, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
  if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
  syscall(SYS_close_range, 3, ~0U, 0);
  umask(0077);
  execv(argv[0], argv);
  _exit(127);
}

std::string DescribeExit(int status) {
  if (WIFSIGNALED(status)) return absl::StrCat("ended by signal ", WTERMSIG(status));
  return absl::StrCat("exit status ", WEXITSTATUS(status));
}

}  // namespace

absl::StatusOr<pid_t> StartChild(const std::vector<std::string>& command, const SystemUser& user,
                                 const std::string& folder, const std::string& output) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) {
    return absl::InternalError(absl::StrCat("cannot fork: ", std::strerror(errno)));
  }
  if (child == 0) Become(argv.data(), user, folder.c_str(), output.c_str());
  return child;
}

absl::Status RunChild(const std::vector<std::string>& command, const SystemUser& user,
                      const std::string& folder, const std::string& output) {
  const std::size_t before = FileSize(output);
  const auto child = StartChild(command, user, folder, output);
  if (!child.ok()) return child.status();
  int status = 0;
  while (waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  const std::string said = Tail(output, before);
  return absl::InternalError(
      absl::StrCat(command.front(), " failed: ", said.empty() ? DescribeExit(status) : said));
}

std::size_t FileSize(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::size_t>(size);
}

std::string Tail(const std::string& path, std::size_t from) {
  const std::size_t size = FileSize(path);
  if (size <= from) return "";
  from = std::max(from, size - std::min(size, kTailBytes));
  std::ifstream file(path, std::ios::binary);
  std::string text(size - from, '\0');
  file.seekg(static_cast<std::streamoff>(from));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  return text;
}

}  // namespace countersign::standalone::database
