#include "tests/e2e/oidc/node_provider.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "libs/json/document.h"

namespace countersign::e2e {
namespace {

std::string ReadLine(int fd) {
  std::string line;
  std::array<char, 4096> buffer = {};
  while (line.find('\n') == std::string::npos) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return line.substr(0, line.find('\n'));
}

}  // namespace

NodeProvider::NodeProvider() {
  int input[2] = {-1, -1};
  int output[2] = {-1, -1};
  REQUIRE(pipe2(input, O_CLOEXEC) == 0);
  REQUIRE(pipe2(output, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::string node = OIDC_NODE;
  std::string script = OIDC_PROVIDER;
  char* const arguments[] = {node.data(), script.data(), nullptr};
  INFO(node << " comes from scripts/install-node-packages");
  REQUIRE(posix_spawn(&pid_, node.c_str(), &actions, nullptr, arguments, environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(input[0]);
  close(output[1]);
  stdin_ = input[1];
  const std::string line = ReadLine(output[0]);
  close(output[0]);
  const auto document = json::Document::Parse(line);
  INFO("the provider printed: " << line);
  REQUIRE(document.ok());
  const json::Value root = document->root();
  issuer_ = std::string(root["issuer"].text());
  client_id_ = std::string(root["clientId"].text());
  client_secret_ = std::string(root["clientSecret"].text());
  audience_ = std::string(root["audience"].text());
  REQUIRE_FALSE(issuer_.empty());
}

NodeProvider::~NodeProvider() { Stop(); }

void NodeProvider::Stop() {
  if (pid_ < 0) return;
  close(stdin_);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
}

}  // namespace countersign::e2e
