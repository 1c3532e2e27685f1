#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "libs/testing/temporary_folder.h"
#include "services/authn/secrets/master_secrets.h"
#include "services/authn/secrets/secret_store_file.h"
#include "services/authn/testing/secret_store_memory.h"

namespace countersign::authn::secrets {
namespace {

using countersign::testing::FileMode;
using countersign::testing::TemporaryFolder;

}  // namespace

TEST_CASE("FileSecretStore: what was created is read back from a private file", "[authn]") {
  const TemporaryFolder folder;
  FileSecretStore store(folder / "secrets");
  CHECK(absl::IsNotFound(store.Get("vault.key").status()));
  REQUIRE(store.Create("vault.key", SecretString("value")).ok());
  CHECK(store.Get("vault.key")->Reveal() == "value");
  CHECK(FileMode(folder / "secrets") == 0700);
  CHECK(FileMode(folder / "secrets/vault.key") == 0600);
}

TEST_CASE("FileSecretStore: a secret is never overwritten, and no temporary file remains",
          "[authn]") {
  const TemporaryFolder folder;
  FileSecretStore store(folder / "secrets");
  REQUIRE(store.Create("a", SecretString("first")).ok());
  CHECK(absl::IsAlreadyExists(store.Create("a", SecretString("second"))));
  CHECK(store.Get("a")->Reveal() == "first");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "secrets")) {
    (void)entry;
    ++files;
  }
  CHECK(files == 1);
}

TEST_CASE("FileSecretStore: a file that others may read is refused, and the error says what to do",
          "[authn]") {
  const TemporaryFolder folder;
  FileSecretStore store(folder / "secrets");
  REQUIRE(store.Create("a", SecretString("value")).ok());
  for (const mode_t mode : {0644, 0604, 0660, 0602}) {
    REQUIRE(chmod((folder / "secrets/a").c_str(), mode) == 0);
    const auto refused = store.Get("a");
    CHECK(refused.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK_THAT(std::string(refused.status().message()), Catch::Contains("chmod 600"));
  }
  REQUIRE(chmod((folder / "secrets/a").c_str(), 0440) == 0);  // as orchestrators mount secrets
  CHECK(store.Get("a").ok());
}

TEST_CASE("FileSecretStore: names cannot leave the folder, and a folder is not a secret",
          "[authn]") {
  const TemporaryFolder folder;
  FileSecretStore store(folder / "secrets");
  for (const char* name : {"", ".", "..", "../a", "a/b", ".hidden", "A", "a b"}) {
    CAPTURE(name);
    CHECK(absl::IsInvalidArgument(store.Get(name).status()));
    CHECK(absl::IsInvalidArgument(store.Create(name, SecretString("v"))));
  }
  std::filesystem::create_directories(folder / "secrets/a");
  CHECK_FALSE(store.Get("a").ok());
  std::ofstream(folder / "secrets/empty").flush();
  chmod((folder / "secrets/empty").c_str(), 0600);
  CHECK_FALSE(store.Get("empty").ok());
}

TEST_CASE("LoadOrCreateMasterSecrets: creates them once, then returns the same ones", "[authn]") {
  testing::MemorySecretStore store;
  SystemRandom random;
  const auto first = LoadOrCreateMasterSecrets(store, random);
  REQUIRE(first.ok());
  CHECK(first->key_hash.Reveal().size() == 32);
  CHECK(first->key_hash.Reveal() != first->vault.Reveal());
  const auto second = LoadOrCreateMasterSecrets(store, random);
  REQUIRE(second.ok());
  CHECK(second->key_hash.Reveal() == first->key_hash.Reveal());
  CHECK(second->vault.Reveal() == first->vault.Reveal());
  CHECK(second->internal_key.x() == first->internal_key.x());
}

TEST_CASE("LoadOrCreateMasterSecrets: processes that start together share one set", "[authn]") {
  const TemporaryFolder folder;
  std::vector<std::string> seen(8);
  std::vector<std::thread> threads;
  for (std::string& mine : seen) {
    threads.emplace_back([&mine, path = folder / "secrets"] {
      FileSecretStore store(path);
      SystemRandom random;
      const auto secrets = LoadOrCreateMasterSecrets(store, random);
      if (secrets.ok()) mine = secrets->vault.Reveal() + secrets->internal_key.x();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& mine : seen) {
    CHECK_FALSE(mine.empty());
    CHECK(mine == seen[0]);
  }
}

TEST_CASE("LoadOrCreateMasterSecrets: a damaged secret is reported and never replaced", "[authn]") {
  SystemRandom random;
  for (const char* name : {"key-hash.key", "vault.key", "internal-signing.pem"}) {
    testing::MemorySecretStore store;
    REQUIRE(store.Create(name, SecretString("damaged")).ok());
    const auto secrets = LoadOrCreateMasterSecrets(store, random);
    CHECK(secrets.status().code() == absl::StatusCode::kFailedPrecondition);
    CHECK_THAT(std::string(secrets.status().message()), Catch::Contains(name));
    CHECK(store.Get(name)->Reveal() == "damaged");
  }
}

}  // namespace countersign::authn::secrets
