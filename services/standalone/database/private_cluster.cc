#include "services/standalone/database/private_cluster.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/standalone/data_directory.h"
#include "services/standalone/database/child_process.h"

namespace countersign::standalone::database {
namespace {

namespace fs = std::filesystem;

constexpr char kVersion[] = "15";
constexpr char kSocketFile[] = "/.s.PGSQL.5432";
constexpr absl::Duration kPollInterval = absl::Milliseconds(20);
constexpr absl::Duration kStartTime = absl::Minutes(10);  // recovery after a crash may take long
constexpr absl::Duration kFastStopTime = absl::Seconds(30);
constexpr absl::Duration kHardStopTime = absl::Seconds(10);
constexpr int kStartAttempts = 20;

absl::Status ErrnoStatus(const std::string& what, int error) {
  return absl::FailedPreconditionError(absl::StrCat(what, ": ", std::strerror(error)));
}

std::string FirstLine(const std::string& path, int number = 1) {
  std::ifstream file(path);
  std::string line;
  for (int i = 0; i < number; ++i) {
    if (!std::getline(file, line)) return "";
  }
  return line;
}

absl::StatusOr<std::string> Programs() {
  for (const std::string& folder :
       {absl::StrCat("/usr/lib/postgresql/", kVersion, "/bin"), std::string("/usr/pgsql-15/bin"),
        std::string("/usr/local/pgsql/bin")}) {
    if (access((folder + "/postgres").c_str(), X_OK) == 0) return folder;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "PostgreSQL ", kVersion, " is not installed (apt-get install postgresql-", kVersion, ")"));
}

// Creates `folder`, accessible to `user` only.
absl::Status MakePrivate(const std::string& folder, const SystemUser& user) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoStatus(absl::StrCat("cannot create ", folder), errno);
  }
  struct stat found {};
  if (lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(folder, " is not a folder"));
  }
  if (found.st_uid != user.uid && chown(folder.c_str(), user.uid, user.gid) != 0) {
    return ErrnoStatus(absl::StrCat("cannot give ", folder, " to user ", user.name), errno);
  }
  if (chmod(folder.c_str(), 0700) != 0)
    return ErrnoStatus(absl::StrCat("cannot close ", folder), errno);
  return absl::OkStatus();
}

bool Exists(pid_t pid) { return kill(pid, 0) == 0 || errno != ESRCH; }

// The process id of the server that runs on `data`, even if another process started it; 0 if none
// does. The process id in the file may belong to another program by now, so the process's program
// and folder are checked.
pid_t RunningOn(const std::string& data) {
  int pid = 0;
  if (!absl::SimpleAtoi(FirstLine(data + "/postmaster.pid"), &pid) || pid <= 0) return 0;
  std::error_code error;
  const std::string process = absl::StrCat("/proc/", pid);
  const std::string program = fs::read_symlink(process + "/exe", error).string();
  const std::string folder = fs::read_symlink(process + "/cwd", error).string();
  const std::string real = fs::canonical(data, error).string();
  return absl::StrContains(program, "/postgres") && folder == real ? pid : 0;
}

bool WaitUntilGone(pid_t pid, absl::Duration time) {
  for (absl::Duration waited; waited < time; waited += kPollInterval) {
    if (!Exists(pid)) return true;
    absl::SleepFor(kPollInterval);
  }
  return !Exists(pid);
}

}  // namespace

absl::StatusOr<std::string> ChooseSocketFolder(const std::string& folder,
                                               const std::string& short_base,
                                               const SystemUser& user) {
  const std::string own = folder + "/socket";
  if (own.size() + std::strlen(kSocketFile) < sizeof(sockaddr_un::sun_path)) {
    CS_RETURN_IF_ERROR(MakePrivate(own, user));
    return own;
  }
  // The name is kept, so that restarts leave no folders behind. It is used only if nobody else
  // could have written it.
  const std::string note = folder + "/socket.folder";
  const std::string known = FirstLine(note);
  struct stat found {};
  if (!known.empty() && lstat(known.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
      found.st_uid == user.uid && (found.st_mode & 0077) == 0) {
    return known;
  }
  std::string made = short_base + "/countersign-XXXXXX";
  if (mkdtemp(made.data()) == nullptr) {
    return ErrnoStatus(absl::StrCat("cannot create a folder in ", short_base), errno);
  }
  CS_RETURN_IF_ERROR(MakePrivate(made, user));
  CS_RETURN_IF_ERROR(WriteWhole(note, made + "\n"));
  return made;
}

struct PrivateCluster::State {
  std::string folder;
  SystemUser user;
  std::string programs;
  std::string socket_folder;

  Mutex mutex;
  CondVar changed;
  pid_t pid CS_GUARDED_BY(mutex) = 0;  // of the running server, 0 when it has ended
  bool stopping CS_GUARDED_BY(mutex) = false;
  std::thread watcher;

  std::string data() const { return folder + "/data"; }
  std::string log() const { return folder + "/postgres.log"; }

  // Initialised under another name and then renamed, so that an unfinished cluster is never used.
  absl::Status Initialise() {
    if (const std::string version = FirstLine(data() + "/PG_VERSION"); !version.empty()) {
      if (version == kVersion) return absl::OkStatus();
      return absl::FailedPreconditionError(absl::StrCat(data(), " was made by PostgreSQL ", version,
                                                        ", and this program uses ", kVersion));
    }
    const std::string draft = folder + "/data.new";
    std::error_code error;
    fs::remove_all(draft, error);
    CS_RETURN_IF_ERROR(
        RunChild({programs + "/initdb", "-D", draft, "-U", kSuperuser, "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--data-checksums", "--no-instructions"},
                 user, folder, log()));
    fs::rename(draft, data(), error);
    if (error) return ErrnoStatus(absl::StrCat("cannot name ", data()), error.value());
    return absl::OkStatus();
  }

  std::vector<std::string> Command() const {
    std::vector<std::string> command = {programs + "/postgres", "-D", data()};
    for (const std::string& setting :
         {std::string("listen_addresses="), absl::StrCat("unix_socket_directories=", socket_folder),
          std::string("unix_socket_permissions=0700"), std::string("max_connections=64"),
          std::string("jit=off"), std::string("log_checkpoints=off"),
          std::string("log_timezone=UTC"), std::string("timezone=UTC"),
          // Logged statements would contain data.
          std::string("log_min_error_statement=panic"),
          std::string("log_parameter_max_length_on_error=0")}) {
      command.insert(command.end(), {"-c", setting});
    }
    return command;
  }

  // Starts the server once and waits until it is ready or has ended.
  absl::Status Launch() {
    const std::size_t before = FileSize(log());
    CS_ASSIGN_OR_RETURN(const pid_t child, StartChild(Command(), user, folder, log()));
    const std::string note = data() + "/postmaster.pid";
    for (absl::Duration waited; waited < kStartTime; waited += kPollInterval) {
      int status = 0;
      if (waitpid(child, &status, WNOHANG) == child) {
        return absl::InternalError(
            absl::StrCat("PostgreSQL does not start: ", Tail(log(), before)));
      }
      if (FirstLine(note) == absl::StrCat(child) && absl::StartsWith(FirstLine(note, 8), "ready")) {
        const MutexLock lock(mutex);
        pid = child;
        return absl::OkStatus();
      }
      absl::SleepFor(kPollInterval);
    }
    kill(child, SIGQUIT);
    waitpid(child, nullptr, 0);
    return absl::InternalError("PostgreSQL did not become ready in time");
  }

  // Retries, because children of a killed server hold its shared memory for a moment.
  absl::Status LaunchWithRetries() {
    absl::Status status;
    for (int attempt = 0; attempt < kStartAttempts; ++attempt) {
      if (attempt > 0) absl::SleepFor(absl::Milliseconds(250));
      if (Stopping()) return absl::CancelledError("stopping");
      status = Launch();
      if (status.ok()) return status;
    }
    return status;
  }

  bool Stopping() {
    const MutexLock lock(mutex);
    return stopping;
  }

  void Watch() {
    while (true) {
      const pid_t watched = [&] {
        const MutexLock lock(mutex);
        return pid;
      }();
      while (waitpid(watched, nullptr, 0) < 0 && errno == EINTR) {
      }
      {
        const MutexLock lock(mutex);
        pid = 0;
        changed.NotifyAll();
        if (stopping) return;
      }
      log::Warning("PostgreSQL has ended by itself; starting it again", {{"pid", watched}});
      while (true) {
        const absl::Status status = LaunchWithRetries();
        if (Stopping() && !status.ok()) return;
        if (status.ok()) break;
        log::Error("PostgreSQL does not start", {{"error", status}});
      }
      // A Stop during the start found no server to signal.
      const MutexLock lock(mutex);
      if (stopping) {
        kill(pid, SIGINT);
      } else {
        log::Info("PostgreSQL is back");
      }
    }
  }
};

PrivateCluster::PrivateCluster(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<PrivateCluster>> PrivateCluster::Start(const std::string& folder,
                                                                      const SystemUser& user) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->user = user;
  CS_ASSIGN_OR_RETURN(state->programs, Programs());
  CS_RETURN_IF_ERROR(MakePrivate(folder, user));
  CS_RETURN_IF_ERROR(StopLeftBehind(folder));
  CS_RETURN_IF_ERROR(state->Initialise());
  CS_ASSIGN_OR_RETURN(state->socket_folder, ChooseSocketFolder(folder, "/tmp", user));
  CS_RETURN_IF_ERROR(state->LaunchWithRetries());
  State& started = *state;
  started.watcher = std::thread([&started] { started.Watch(); });
  return std::unique_ptr<PrivateCluster>(new PrivateCluster(std::move(state)));
}

PrivateCluster::~PrivateCluster() { Stop(); }

void PrivateCluster::Stop() {
  if (!state_->watcher.joinable()) return;
  {
    State& state = *state_;
    const MutexLock lock(state.mutex);
    state.stopping = true;
    const auto ended = [&state]() CS_REQUIRES(state.mutex) { return state.pid == 0; };
    for (const auto& [signal, time] :
         {std::pair(SIGINT, kFastStopTime), std::pair(SIGQUIT, kHardStopTime),
          std::pair(SIGKILL, kHardStopTime)}) {
      if (ended()) break;
      kill(state.pid, signal);
      state.changed.WaitFor(state.mutex, time, ended);
    }
  }
  state_->watcher.join();
  // A start that was running during Stop may have succeeded.
  const absl::Status left = StopLeftBehind(state_->folder);
  if (!left.ok()) log::Error("PostgreSQL does not stop", {{"error", left}});
}

SecretString PrivateCluster::Conninfo(const std::string& role, const std::string& database) const {
  return SecretString(absl::StrCat("host=", state_->socket_folder, " user=", role,
                                   " dbname=", database, " application_name=countersign"));
}

pid_t PrivateCluster::pid() const {
  const MutexLock lock(state_->mutex);
  return state_->pid;
}

absl::Status PrivateCluster::StopLeftBehind(const std::string& folder) {
  const pid_t left = RunningOn(folder + "/data");
  if (left == 0) return absl::OkStatus();
  log::Info("stopping the PostgreSQL of a gateway that was killed", {{"pid", left}});
  for (const auto& [signal, time] :
       {std::pair(SIGINT, kFastStopTime), std::pair(SIGQUIT, kHardStopTime),
        std::pair(SIGKILL, kHardStopTime)}) {
    kill(left, signal);
    if (WaitUntilGone(left, time)) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the PostgreSQL of a killed gateway (process ", left, ") cannot be stopped"));
}

}  // namespace countersign::standalone::database
