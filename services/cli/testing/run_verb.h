#pragma once

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "services/cli/program.h"
#include "services/cli/testing/fake_gateway.h"

namespace countersign::cli {

// A user's home folder, and an environment without other settings, while it exists.
class UserHome {
 public:
  UserHome() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cs-cli-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
    for (const char* name :
         {"COUNTERSIGN_ADDR", "COUNTERSIGN_TOKEN", "COUNTERSIGN_CONFIG", "COLUMNS"}) {
      ::unsetenv(name);
    }
    ::setenv("COUNTERSIGN_HOME", path.c_str(), 1);
  }
  ~UserHome() {
    ::unsetenv("COUNTERSIGN_HOME");
    std::filesystem::remove_all(path);
  }
  UserHome(const UserHome&) = delete;
  UserHome& operator=(const UserHome&) = delete;

  // Returns the file's path.
  std::string Write(const std::string& name, const std::string& content) const {
    std::ofstream(path + "/" + name, std::ios::binary) << content;
    return path + "/" + name;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(path + "/" + name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::string path;
};

// Accepts no bytes, like /dev/full.
class FullDisk : public std::streambuf {
 protected:
  int overflow(int) override { return Fail(); }
  int sync() override { return Fail(); }

 private:
  static int Fail() {
    errno = ENOSPC;
    return -1;
  }
};

struct RunResult {
  int status = 0;
  std::string out;
  std::string err;
};

// Runs the program against `gateway`, with `input` on standard input.
class VerbTest {
 public:
  RunResult Run(std::vector<std::string> words, const std::string& input = "") {
    std::ostringstream out;
    RunResult result = RunInto(out, std::move(words), input);
    result.out = out.str();
    return result;
  }

  // The same with a standard output that accepts nothing.
  RunResult RunOnFullDisk(std::vector<std::string> words, const std::string& input = "") {
    FullDisk disk;
    std::ostream out(&disk);
    return RunInto(out, std::move(words), input);
  }

  UserHome home;
  FakeGateway gateway;

 private:
  RunResult RunInto(std::ostream& out, std::vector<std::string> words, const std::string& input) {
    std::istringstream in(input);
    std::streambuf* const before = std::cin.rdbuf(in.rdbuf());
    std::cin.clear();
    std::ostringstream err;
    RunResult result;
    result.status = cli::Run(std::move(words), out, err, gateway.connector());
    std::cin.rdbuf(before);
    std::cin.clear();
    result.err = err.str();
    return result;
  }
};

}  // namespace countersign::cli
