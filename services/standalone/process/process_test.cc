// Options, detaching and addresses: what does not need a gateway.
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "services/standalone/process/detach.h"
#include "services/standalone/process/down.h"
#include "services/standalone/process/free_address.h"
#include "services/standalone/process/main_options.h"

namespace countersign::standalone::process {
namespace {

namespace fs = std::filesystem;

bool Read(std::vector<const char*> words, Options& options, int& exit_status) {
  words.insert(words.begin(), "countersign");
  return ReadOptions(static_cast<int>(words.size()), words.data(), options, exit_status);
}

class Folder {
 public:
  Folder() : path_("/tmp/cs-process-XXXXXX") { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Folder() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string Content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("Options: defaults may give way, given addresses may not", "[standalone]") {
  Options options;
  int exit_status = -1;
  REQUIRE(Read({"up", "--data", "/d"}, options, exit_status));
  CHECK(options.verb == Verb::kUp);
  CHECK(options.data == "/d");
  CHECK(options.http == kDefaultHttp);
  CHECK(options.metrics == kDefaultMetrics);
  CHECK_FALSE(options.http_given);
  CHECK_FALSE(options.metrics_given);
  CHECK_FALSE(options.detach);

  Options given;
  REQUIRE(Read({"up", "--data", "/d", "--http", "127.0.0.1:8080", "--metrics", "off", "--detach",
                "--config", "/", "--config", "/tmp"},
               given, exit_status));
  CHECK(given.http_given);
  CHECK(given.metrics.empty());
  CHECK(given.metrics_given);
  CHECK(given.detach);
  CHECK(given.config == std::vector<std::string>{"/", "/tmp"});
}

TEST_CASE("Options: misuse is status 2, help is 0", "[standalone]") {
  for (const std::vector<const char*>& words : {std::vector<const char*>{},
                                                {"up"},
                                                {"down"},
                                                {"sideways"},
                                                {"up", "--data", "/d", "--http", "x"},
                                                {"up", "--data", "/d", "--metrics", "x:y"},
                                                {"up", "--data", "/d", "--config", "/no/such"},
                                                {"up", "--data", "/d", "--no"}}) {
    Options options;
    int exit_status = -1;
    CHECK_FALSE(Read(words, options, exit_status));
    CHECK(exit_status == 2);
  }
  Options options;
  int exit_status = -1;
  CHECK_FALSE(Read({"up", "--help"}, options, exit_status));
  CHECK(exit_status == 0);
}

TEST_CASE("WantedOrFree: a taken port gives way to a free one", "[standalone]") {
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  REQUIRE(bind(taken, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(taken, 1) == 0);
  REQUIRE(getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const std::string wanted = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  CHECK(WantedOrFree(wanted) == "127.0.0.1:0");
  close(taken);
  CHECK(WantedOrFree(wanted) == wanted);
}

TEST_CASE("Detach: the child shares no descriptor with its caller and tells it what happened",
          "[standalone]") {
  Folder folder;
  const std::string log = folder.path() + "/log";
  const std::string seen = folder.path() + "/descriptors";
  const bool ready = GENERATE(true, false);
  int out[2];
  REQUIRE(pipe(out) == 0);  // stands for the caller's terminal
  const pid_t caller = fork();
  REQUIRE(caller >= 0);
  if (caller == 0) {
    dup2(out[1], 1);
    dup2(out[1], 2);
    const int kept = fcntl(out[1], F_DUPFD, 200);  // something that the caller left open
    (void)kept;
    int exit_status = -1;
    auto report = Detach(log, exit_status);
    if (!report.ok()) _exit(99);
    if (*report == nullptr) _exit(exit_status);
    std::ofstream file(seen);
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      file << entry.path().filename().string() << " "
           << fs::read_symlink(entry.path(), error).string() << "\n";
    }
    file << "session " << (getsid(0) == getpid()) << "\n";
    file.close();
    (*report)->Warn("a port was taken");
    if (ready) {
      (*report)->Ready("it is\nup");
    } else {
      (*report)->Failed("no way");
    }
    (void)!write(2, "to the log\n", 11);
    _exit(0);
  }
  close(out[1]);
  std::string heard;
  char buffer[512];
  // Ends when nobody holds the terminal any more: neither the caller nor what it left behind.
  for (ssize_t got = 0; (got = read(out[0], buffer, sizeof(buffer))) > 0;) {
    heard.append(buffer, static_cast<std::size_t>(got));
  }
  close(out[0]);
  int status = 0;
  REQUIRE(waitpid(caller, &status, 0) == caller);
  CHECK(WEXITSTATUS(status) == (ready ? 0 : 1));
  CHECK(heard.find("countersign: a port was taken") != std::string::npos);
  CHECK((heard.find("it is\nup") != std::string::npos) == ready);
  CHECK((heard.find("countersign: no way") != std::string::npos) == !ready);
  const std::string descriptors = Content(seen);
  CHECK(descriptors.find("0 /dev/null") != std::string::npos);
  CHECK(descriptors.find("1 " + log) != std::string::npos);
  CHECK(descriptors.find("2 " + log) != std::string::npos);
  CHECK(descriptors.find("200 ") == std::string::npos);
  CHECK(descriptors.find("session 1") != std::string::npos);
  CHECK((fs::status(log).permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
        fs::perms::none);
}

TEST_CASE("Down: without a gateway there is nothing to do", "[standalone]") {
  Folder folder;
  const auto directory = DataDirectory::Open(folder.path());
  REQUIRE(directory.ok());
  CHECK(Down(*directory).ok());
  CHECK(DataDirectory::Open(folder.path() + "/none").status().code() ==
        absl::StatusCode::kNotFound);
}

}  // namespace countersign::standalone::process
