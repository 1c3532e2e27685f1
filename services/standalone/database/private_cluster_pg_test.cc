#include "services/standalone/database/private_cluster.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <pqxx/pqxx>
#include <thread>

#include "libs/pg/pool.h"
#include "services/standalone/data_directory.h"
#include "services/standalone/database/cluster_roles_pg.h"

namespace countersign::standalone::database {
namespace {

namespace fs = std::filesystem;

// A folder that the database's user can enter. Destruction stops the server in it and removes it.
class Folder {
 public:
  Folder() : path_("/tmp/cs-standalone-XXXXXX") {
    REQUIRE(mkdtemp(path_.data()) != nullptr);
    REQUIRE(chmod(path_.c_str(), 0755) == 0);
  }
  ~Folder() {
    (void)PrivateCluster::StopLeftBehind(cluster());
    fs::remove_all(path_);
  }
  const std::string& path() const { return path_; }
  std::string cluster() const { return path_ + "/pg"; }

 private:
  std::string path_;
};

SystemUser User() { return DatabaseUser().value(); }

// A stopped cluster to copy, because initdb is slow.
const Folder& Template() {
  static const std::unique_ptr<Folder> made = [] {
    auto folder = std::make_unique<Folder>();
    REQUIRE(PrivateCluster::Start(folder->cluster(), User()).ok());
    return folder;
  }();
  return *made;
}

class MadeFolder : public Folder {
 public:
  MadeFolder() {
    const std::string copy = "cp -a " + Template().cluster() + " " + path();
    REQUIRE(std::system(copy.c_str()) == 0);
  }
};

std::unique_ptr<PrivateCluster> Started(const Folder& folder) {
  auto cluster = PrivateCluster::Start(folder.cluster(), User());
  INFO(cluster.status().ToString());
  REQUIRE(cluster.ok());
  return *std::move(cluster);
}

pg::PoolOptions Options(const PrivateCluster& cluster, const std::string& role,
                        const std::string& schema = "") {
  pg::PoolOptions options;
  options.conninfo = cluster.Conninfo(role, kDatabase);
  options.search_path = schema;
  return options;
}

absl::Status Exec(pg::Pool& pool, const std::string& sql) {
  return pool.Transact("test", [&](pqxx::work& work) {
    work.exec(sql);
    return absl::OkStatus();
  });
}

std::string Ask(pg::Pool& pool, const std::string& sql) {
  std::string answer;
  const absl::Status status = pool.Transact("test", [&](pqxx::work& work) {
    answer = work.exec1(sql)[0].as<std::string>();
    return absl::OkStatus();
  });
  return status.ok() ? answer : status.ToString();
}

bool Runs(pid_t pid) { return kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("PrivateCluster: data survives a restart, and settings are durable", "[standalone][pg]") {
  Folder folder;
  pid_t first = 0;
  {
    const auto cluster = Started(folder);
    first = cluster->pid();
    pg::Pool pool(Options(*cluster, PrivateCluster::kSuperuser));
    REQUIRE(Exec(pool, "CREATE TABLE t AS SELECT 7 AS a").ok());
    CHECK(Ask(pool, "SHOW fsync") == "on");
    CHECK(Ask(pool, "SHOW synchronous_commit") == "on");
    CHECK(Ask(pool, "SHOW full_page_writes") == "on");
    CHECK(Ask(pool, "SHOW data_checksums") == "on");
    CHECK(Ask(pool, "SHOW listen_addresses") == "");
  }
  CHECK_FALSE(Runs(first));
  const auto again = Started(folder);
  pg::Pool pool(Options(*again, PrivateCluster::kSuperuser));
  CHECK(Ask(pool, "SELECT a FROM t") == "7");
}

TEST_CASE("PrivateCluster: only its user can reach the socket", "[standalone][pg]") {
  MadeFolder folder;
  const auto cluster = Started(folder);
  struct stat socket {};
  REQUIRE(stat((folder.cluster() + "/socket").c_str(), &socket) == 0);
  CHECK((socket.st_mode & 0777) == 0700);
  CHECK(socket.st_uid == User().uid);
}

TEST_CASE("PrivateCluster: the server of a killed gateway is stopped before the next start",
          "[standalone][pg]") {
  MadeFolder folder;
  // The first gateway is a child process, which is killed.
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t gateway = fork();
  REQUIRE(gateway >= 0);
  if (gateway == 0) {
    auto cluster = PrivateCluster::Start(folder.cluster(), User());
    const pid_t server = cluster.ok() ? (*cluster)->pid() : 0;
    (void)!write(ready[1], &server, sizeof(server));
    while (true) pause();
  }
  pid_t left = 0;
  REQUIRE(read(ready[0], &left, sizeof(left)) == sizeof(left));
  REQUIRE(left != 0);
  close(ready[0]);
  close(ready[1]);
  REQUIRE(kill(gateway, SIGKILL) == 0);
  REQUIRE(waitpid(gateway, nullptr, 0) == gateway);
  CHECK(Runs(left));

  SECTION("by the next start") {
    const auto cluster = Started(folder);
    CHECK(cluster->pid() != left);
    pg::Pool pool(Options(*cluster, PrivateCluster::kSuperuser));
    CHECK(Ask(pool, "SELECT 1") == "1");
  }
  SECTION("by `down`") { CHECK(PrivateCluster::StopLeftBehind(folder.cluster()).ok()); }
  CHECK_FALSE(Runs(left));
}

TEST_CASE("PrivateCluster: a server that dies is restarted", "[standalone][pg]") {
  MadeFolder folder;
  const auto cluster = Started(folder);
  pg::Pool pool(Options(*cluster, PrivateCluster::kSuperuser));
  REQUIRE(Exec(pool, "CREATE TABLE t AS SELECT 7 AS a").ok());
  const pid_t first = cluster->pid();
  REQUIRE(kill(first, SIGKILL) == 0);
  while (cluster->pid() == first || cluster->pid() == 0) std::this_thread::yield();
  pg::Pool fresh(Options(*cluster, PrivateCluster::kSuperuser));
  CHECK(Ask(fresh, "SELECT a FROM t") == "7");
}

TEST_CASE("PrivateCluster: a process id of another program in its file is ignored",
          "[standalone][pg]") {
  Folder folder;
  fs::create_directories(folder.cluster() + "/data");
  std::ofstream(folder.cluster() + "/data/postmaster.pid") << getpid() << "\n";
  CHECK(PrivateCluster::StopLeftBehind(folder.cluster()).ok());
}

TEST_CASE("PrivateCluster: the error of a failed start quotes this start's log only",
          "[standalone][pg]") {
  MadeFolder folder;
  std::ofstream(folder.cluster() + "/postgres.log", std::ios::app) << "FATAL: of yesterday\n";
  std::ofstream(folder.cluster() + "/data/postgresql.conf", std::ios::app) << "nonsense = 1\n";
  const auto cluster = PrivateCluster::Start(folder.cluster(), User());
  REQUIRE_FALSE(cluster.ok());
  const std::string message(cluster.status().message());
  CHECK(message.find("PostgreSQL does not start: ") == 0);
  CHECK(message.find("\"nonsense\"") != std::string::npos);
  CHECK(message.find("yesterday") == std::string::npos);
}

TEST_CASE("PrivateCluster: data of another version is refused, not touched", "[standalone][pg]") {
  Folder folder;
  fs::create_directories(folder.cluster() + "/data");
  std::ofstream(folder.cluster() + "/data/PG_VERSION") << "12\n";
  const auto cluster = PrivateCluster::Start(folder.cluster(), User());
  CHECK(cluster.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(std::string(cluster.status().message()).find("PostgreSQL 12") != std::string::npos);
  CHECK(fs::exists(folder.cluster() + "/data/PG_VERSION"));
}

TEST_CASE("PrivateCluster: a folder with a long path gets a short socket path, always the same",
          "[standalone][pg]") {
  Folder folder;
  const std::string deep = folder.path() + "/" + std::string(100, 'd');
  fs::create_directories(deep);
  fs::create_directories(folder.path() + "/short");
  const auto first = ChooseSocketFolder(deep, folder.path() + "/short", User());
  REQUIRE(first.ok());
  CHECK(first->size() < 80);
  CHECK((fs::status(*first).permissions() & fs::perms::others_all) == fs::perms::none);
  CHECK(ChooseSocketFolder(deep, folder.path() + "/short", User()).value() == *first);
  // A folder that others can enter is not used again.
  fs::permissions(*first, fs::perms::all);
  CHECK(ChooseSocketFolder(deep, folder.path() + "/short", User()).value() != *first);
}

TEST_CASE("MakeRoles: each service owns its schema and cannot read another's", "[standalone][pg]") {
  MadeFolder folder;
  const auto cluster = Started(folder);
  pg::Pool superuser(Options(*cluster, PrivateCluster::kSuperuser));
  REQUIRE(MakeRoles(superuser, {"policy", "approval"}).ok());
  REQUIRE(MakeRoles(superuser, {"policy", "approval"}).ok());  // idempotent
  pg::Pool policy(Options(*cluster, RoleName("policy"), "policy"));
  pg::Pool approval(Options(*cluster, RoleName("approval"), "approval"));
  CHECK(Exec(policy, "CREATE TABLE mine (a int)").ok());
  CHECK(Exec(policy, "SELECT * FROM policy.mine").ok());
  CHECK_FALSE(Exec(approval, "SELECT * FROM policy.mine").ok());
  CHECK_FALSE(Exec(approval, "CREATE TABLE policy.theirs (a int)").ok());
  CHECK_FALSE(Exec(approval, "CREATE TABLE public.everybodys (a int)").ok());
}

}  // namespace countersign::standalone::database
