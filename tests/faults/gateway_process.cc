#include "tests/faults/gateway_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "libs/json/document.h"

namespace countersign::faults {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(90);

std::vector<char*> Words(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  return words;
}

std::vector<std::string> Command(const std::string& program,
                                 const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {std::string(PROGRAMS) + "/" + program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

bool Readable(int file, std::chrono::milliseconds time) {
  pollfd waiting{file, POLLIN, 0};
  return poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

int ConnectTo(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  if (colon == std::string::npos) return -1;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(made, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0) return made;
  close(made);
  return -1;
}

void SendAll(int socket, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t some = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (some <= 0) return;
    sent += static_cast<std::size_t>(some);
  }
}

std::string RequestText(const std::string& method, const std::string& path, const std::string& key,
                        const std::string& json) {
  std::string text = method + " " + path + " HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n";
  if (!key.empty()) text += "authorization: Bearer " + key + "\r\n";
  if (method == "POST") {
    text +=
        "content-type: application/json\r\ncontent-length: " + std::to_string(json.size()) + "\r\n";
  }
  return text + "\r\n" + json;
}

// The payload of the complete chunks in `raw`.
std::string Unchunked(const std::string& raw) {
  std::string body;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t line = raw.find("\r\n", at);
    if (line == std::string::npos) break;
    const std::size_t size = std::stoul(raw.substr(at, line - at), nullptr, 16);
    if (size == 0 || line + 2 + size > raw.size()) break;
    body += raw.substr(line + 2, size);
    at = line + 2 + size + 2;
  }
  return body;
}

HttpReply Parse(const std::string& raw) {
  HttpReply reply;
  const std::size_t end = raw.find("\r\n\r\n");
  if (end == std::string::npos || raw.size() < 12) return reply;
  reply.status = std::stoi(raw.substr(9, 3));
  std::istringstream head(raw.substr(0, end));
  std::string line;
  while (std::getline(head, line)) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    reply.headers[line.substr(0, colon)] = line.substr(colon + 2);
  }
  const std::string rest = raw.substr(end + 4);
  reply.body = reply.headers.count("transfer-encoding") > 0 ? Unchunked(rest) : rest;
  return reply;
}

HttpReply Ask(const std::string& address, const std::string& request) {
  const int connection = ConnectTo(address);
  if (connection < 0) return {};
  SendAll(connection, request);
  std::string raw;
  char buffer[16384];
  while (Readable(connection, kPatience)) {
    const ssize_t got = recv(connection, buffer, sizeof(buffer), 0);
    if (got <= 0) break;
    raw.append(buffer, static_cast<std::size_t>(got));
  }
  close(connection);
  return Parse(raw);
}

pid_t PidIn(const std::string& path) {
  std::ifstream file(path);
  pid_t pid = 0;
  file >> pid;
  return pid;
}

std::string MakeFolder() {
  std::string folder = "/tmp/cs-faults-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  REQUIRE(chmod(folder.c_str(), 0755) == 0);  // the database's user must pass through
  return folder;
}

}  // namespace

Finished Run(const std::string& program, const std::vector<std::string>& arguments) {
  const std::vector<std::string> command = Command(program, arguments);
  std::vector<char*> argv = Words(command);
  int out[2];
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(out[1], 1);
    dup2(out[1], 2);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(out[1]);
  Finished finished;
  const auto deadline = Clock::now() + kPatience;
  char buffer[4096];
  while (Readable(out[0],
                  std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()))) {
    const ssize_t got = read(out[0], buffer, sizeof(buffer));
    if (got <= 0) break;
    finished.output.append(buffer, static_cast<std::size_t>(got));
  }
  close(out[0]);
  const bool late = Clock::now() >= deadline;
  if (late) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  if (!late && WIFEXITED(status)) finished.status = WEXITSTATUS(status);
  return finished;
}

HttpReply Get(const std::string& address, const std::string& path) {
  return Ask(address, RequestText("GET", path, "", ""));
}

HttpReply Post(const std::string& address, const std::string& path, const std::string& key,
               const std::string& json) {
  return Ask(address, RequestText("POST", path, key, json));
}

Stream::Stream(const std::string& address, const std::string& path, const std::string& key,
               const std::string& json)
    : socket_(ConnectTo(address)) {
  REQUIRE(socket_ >= 0);
  SendAll(socket_, RequestText("POST", path, key, json));
}

Stream::~Stream() { close(socket_); }

bool Stream::ReadSome() {
  char buffer[4096];
  if (!Readable(socket_, kPatience)) return false;
  const ssize_t got = recv(socket_, buffer, sizeof(buffer), 0);
  if (got <= 0) return false;
  raw_.append(buffer, static_cast<std::size_t>(got));
  const std::size_t head = raw_.find("\r\n\r\n");
  if (head != std::string::npos) body_ = Unchunked(raw_.substr(head + 4));
  return true;
}

void Stream::ReadUntil(const std::string& text, int times) {
  const auto count = [&] {
    int found = 0;
    for (std::size_t at = body_.find(text); at != std::string::npos;
         at = body_.find(text, at + 1)) {
      ++found;
    }
    return found;
  };
  while (count() < times && ReadSome()) {
  }
}

void Stream::ReadAll() {
  while (ReadSome()) {
  }
}

Gateway::Gateway(Bare) : folder_(MakeFolder()), data_(folder_ + "/data") {}

const Gateway& Gateway::Template() {
  static const std::unique_ptr<Gateway> made = [] {
    std::unique_ptr<Gateway> gateway(new Gateway(Bare{}));
    const Finished up = gateway->Up();
    INFO(up.output);
    REQUIRE(up.status == 0);
    REQUIRE(gateway->Down().status == 0);
    return gateway;
  }();
  return *made;
}

Gateway::Gateway() : Gateway(Bare{}) {
  const std::string copy = "cp -a " + Template().data() + " " + data_;
  REQUIRE(std::system(copy.c_str()) == 0);
}

Gateway::~Gateway() {
  // The template is stopped already, and outlives the test framework.
  if (fs::exists(data_ + "/pid") || postgres() != 0) (void)Down();
  fs::remove_all(folder_);
}

std::string Gateway::address() const {
  const auto document = json::Document::Parse(Content(data_ + "/addresses.json"));
  return document.ok() ? std::string(document->root()["http"].text()) : "";
}

std::string Gateway::admin_key() const {
  std::string key = Content(data_ + "/admin.key");
  if (!key.empty()) key.pop_back();
  return key;
}

pid_t Gateway::pid() const { return PidIn(data_ + "/pid"); }
pid_t Gateway::postgres() const {
  const pid_t pid = PidIn(data_ + "/pg/data/postmaster.pid");
  return Runs(pid) ? pid : 0;
}

Finished Gateway::Up(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"up", "--data", data_, "--detach"};
  for (const char* address : {"--http", "--metrics"}) {
    if (std::find(more.begin(), more.end(), address) != more.end()) continue;
    arguments.insert(arguments.end(), {address, "127.0.0.1:0"});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Run("countersign-standalone", arguments);
}

Finished Gateway::Down() { return Run("countersign-standalone", {"down", "--data", data_}); }

void Gateway::Kill() {
  const pid_t gateway = pid();
  REQUIRE(kill(gateway, SIGKILL) == 0);
  WaitUntilGone(gateway);
}

HttpReply Gateway::Admin(const std::string& method, const std::string& json) {
  return Post(address(), "/countersign." + method, admin_key(), json);
}

DemoModel::DemoModel(int pace_ms, const std::string& log) {
  std::vector<std::string> arguments = {"--port", "0", "--pace-ms", std::to_string(pace_ms)};
  if (!log.empty()) arguments.insert(arguments.end(), {"--log", log});
  const std::vector<std::string> command = Command("countersign-demo-model", arguments);
  std::vector<char*> argv = Words(command);
  int out[2];
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    dup2(out[1], 1);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(out[1]);
  std::string said;
  char byte = 0;
  while (read(out[0], &byte, 1) == 1 && byte != '\n') said.push_back(byte);
  close(out[0]);
  const std::size_t at = said.find("http://");
  REQUIRE(at != std::string::npos);
  url_ = said.substr(at, said.find_first_of(" \t", at) - at);
}

DemoModel::~DemoModel() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

// A zombie counts as ended; its parent has not reaped it yet.
bool Runs(pid_t pid) {
  if (pid <= 0) return false;
  const std::string stat = Content("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && name_end + 2 < stat.size() && stat[name_end + 2] != 'Z';
}

void WaitUntilGone(pid_t pid) {
  while (Runs(pid)) sched_yield();
}

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace countersign::faults
