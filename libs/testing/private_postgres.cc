#include "libs/testing/private_postgres.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"

extern char** environ;

// Read by LeakSanitizer: libpqxx 6.4 leaks one PGresult when the server closes a connection.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6.4.so\n"; }

namespace countersign::testing {
namespace {

constexpr char kBin[] = "/usr/lib/postgresql/15/bin/";

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "private PostgreSQL: %s\n", message.c_str());
  std::abort();
}

// Runs a PostgreSQL program (for root, as the unprivileged user) and waits for it. Its output is
// appended to dir/commands.log.
int RunAsPostgres(const std::string& dir, std::vector<std::string> command) {
  if (geteuid() == 0) {
    command.insert(command.begin(),
                   {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"});
  }
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, (dir + "/commands.log").c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawn_file_actions_addchdir_np(&files, dir.c_str());
  pid_t child = 0;
  const int failed = posix_spawnp(&child, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void MustRun(const std::string& dir, const std::vector<std::string>& command) {
  if (RunAsPostgres(dir, command) != 0) {
    std::ifstream log(dir + "/commands.log");
    const std::string text{std::istreambuf_iterator<char>(log), {}};
    Die(absl::StrCat(command[0], " failed:\n", text));
  }
}

std::string MakeDirectory() {
  // Short, because the path of a Unix socket is limited to 107 bytes.
  std::string dir = "/tmp/cs-pg-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) Die("mkdtemp failed");
  if (geteuid() == 0) {
    const passwd* user = getpwnam("postgres");
    if (user == nullptr) Die("there is no user `postgres`");
    if (chown(dir.c_str(), user->pw_uid, user->pw_gid) != 0) Die("chown failed");
  }
  return dir;
}

// A zombie counts as dead.
bool IsAlive(pid_t pid) {
  std::ifstream stat(absl::StrCat("/proc/", pid, "/stat"));
  std::string text{std::istreambuf_iterator<char>(stat), {}};
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && name_end + 2 < text.size() && text[name_end + 2] != 'Z';
}

// Waits for end of file on its standard input, then stops the server in $1 and removes the folder.
constexpr char kWatchdog[] = R"(
trap '' HUP INT TERM
cat >/dev/null
for attempt in $(seq 200); do
  pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null || break
  sleep 0.05
done
rm -rf "$1"
)";

}  // namespace

PrivatePostgres::PrivatePostgres(bool durable) : dir_(MakeDirectory()) {
  StartWatchdog();
  MustRun(dir_, {absl::StrCat(kBin, "initdb"), "-D", dir_ + "/data", "-U", "postgres", "-A",
                 "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"});
  server_options_ =
      absl::StrCat("-c listen_addresses='' -c unix_socket_directories=", dir_,
                   " -c shared_buffers=16MB -c max_connections=60 -c max_wal_size=256MB -c jit=off",
                   durable ? "" : " -c fsync=off -c full_page_writes=off");
  Start();
}

PrivatePostgres::~PrivatePostgres() {
  close(life_);
  char byte = 0;
  while (read(done_, &byte, 1) < 0 && errno == EINTR) {
  }
  close(done_);
}

PrivatePostgres& PrivatePostgres::Shared() {
  static PrivatePostgres shared;
  return shared;
}

// The watchdog is forked twice and has its own session, so that Ctrl-C in a terminal, or a test
// runner that kills a process tree, does not kill it.
void PrivatePostgres::StartWatchdog() {
  int life[2], done[2];
  if (pipe2(life, O_CLOEXEC) != 0 || pipe2(done, O_CLOEXEC) != 0) Die("pipe failed");
  const pid_t child = fork();
  if (child < 0) Die("fork failed");
  if (child == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    dup2(life[0], 0);
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    dup2(null, 2);
    // Stays open until the script has finished; the destructor waits for its end of file.
    fcntl(done[1], F_SETFD, 0);
    execl("/bin/sh", "sh", "-c", kWatchdog, "watchdog", dir_.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  waitpid(child, nullptr, 0);
  close(life[0]);
  close(done[1]);
  life_ = life[1];
  done_ = done[0];
}

std::string PrivatePostgres::Conninfo(const std::string& database) const {
  return absl::StrCat("host=", dir_, " user=postgres dbname=", database);
}

std::string PrivatePostgres::FreshDatabase() {
  static std::atomic<int> counter{0};
  const std::string name = absl::StrCat("test_", ++counter);
  MustRun(dir_, {absl::StrCat(kBin, "createdb"), "-h", dir_, "-U", "postgres", name});
  return Conninfo(name);
}

void PrivatePostgres::Start() {
  MustRun(dir_, {absl::StrCat(kBin, "pg_ctl"), "start", "-w", "-s", "-D", dir_ + "/data", "-l",
                 dir_ + "/server.log", "-o", server_options_});
}

void PrivatePostgres::Stop() {
  MustRun(dir_,
          {absl::StrCat(kBin, "pg_ctl"), "stop", "-w", "-s", "-m", "fast", "-D", dir_ + "/data"});
}

void PrivatePostgres::Kill() {
  const std::string lock_file = dir_ + "/data/postmaster.pid";
  std::ifstream file(lock_file);
  pid_t postmaster = 0;
  if (!(file >> postmaster)) Die("no server is running");
  std::vector<pid_t> family{postmaster};
  std::ifstream children(absl::StrCat("/proc/", postmaster, "/task/", postmaster, "/children"));
  for (pid_t child = 0; children >> child;) family.push_back(child);
  for (const pid_t pid : family) kill(pid, SIGKILL);
  for (const pid_t pid : family) {
    while (IsAlive(pid)) usleep(1000);
  }
  // Where orphans are not reaped the dead postmaster keeps its process id, and a new one would
  // consider the lock files valid.
  std::remove(lock_file.c_str());
  std::remove((dir_ + "/.s.PGSQL.5432.lock").c_str());
}

}  // namespace countersign::testing
