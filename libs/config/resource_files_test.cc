#include "libs/config/resource_files.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "libs/config/text_file.h"

namespace countersign::config {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "config-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string Write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name) << content;
    return path_ / name;
  }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

const char kCredential[] =
    "apiVersion: countersign/v1\nkind: Credential\nmetadata: {name: c}\nspec: {bearer: {file: "
    "key.txt}}\n";

}  // namespace

TEST_CASE("ReadResourceFiles: reads the resource files of a folder in order of name", "[config]") {
  const Folder folder;
  folder.Write("b.yaml", "b");
  folder.Write("a.json", "a");
  folder.Write("notes.txt", "x");
  const auto files = ReadResourceFiles({folder.path()});
  REQUIRE(files.ok());
  REQUIRE(files->size() == 2);
  CHECK((*files)[0].content == "a");
  CHECK((*files)[1].content == "b");
}

TEST_CASE("ReadResourceFiles: reads subfolders if `recursive`", "[config]") {
  const Folder folder;
  std::filesystem::create_directories(folder.path() + "/b.yaml/inner");
  folder.Write("b.yaml/inner/z.yaml", "inner");
  folder.Write("c.yaml", "c");
  folder.Write("a.yml", "a");
  const auto flat = ReadResourceFiles({folder.path()});
  REQUIRE(flat.ok());
  REQUIRE(flat->size() == 2);
  CHECK((*flat)[0].content == "a");
  CHECK((*flat)[1].content == "c");
  const auto deep = ReadResourceFiles({folder.path()}, /*recursive=*/true);
  REQUIRE(deep.ok());
  REQUIRE(deep->size() == 3);
  CHECK((*deep)[1].content == "inner");
}

TEST_CASE("ReadFile: a directory is an error", "[config]") {
  const Folder folder;
  CHECK(ReadFile(folder.path()).status().message().find("Is a directory") != std::string::npos);
  const std::string empty = folder.Write("empty", "");
  REQUIRE(ReadFile(empty).ok());
  CHECK(ReadFile(empty)->empty());
}

TEST_CASE("ReadResourceFiles: a missing file is named", "[config]") {
  const Folder folder;
  CHECK(ReadResourceFiles({folder.path() + "/none.yaml"}).status().message().find("none.yaml") !=
        std::string::npos);
  CHECK_FALSE(ReadResourceFiles({folder.path()}).ok());
}

TEST_CASE("ReadExternalValues: file paths are relative to the resource file", "[config]") {
  const Folder folder;
  folder.Write("key.txt", "sk-1");
  const std::string path = folder.Write("c.yaml", kCredential);
  const auto values = ReadExternalValues({{path, kCredential}});
  REQUIRE(values.ok());
  CHECK(values->at("file:key.txt") == "sk-1");
}

TEST_CASE("ReadExternalValues: a file of descriptors is binary", "[config]") {
  const Folder folder;
  folder.Write("d.pb", std::string("\0\xff\n", 3));
  const std::string path = folder.Write("r.yaml", "");
  const auto values = ReadExternalValues(
      {{path,
        "apiVersion: countersign/v1\nkind: Connection\nmetadata: {name: c}\n"
        "spec: {protocol: grpc, url: 'grpc://h', descriptors: {file: d.pb}}\n"}});
  REQUIRE(values.ok());
  CHECK(*values == ExternalValues{{"binary:d.pb", "AP8K"}});
}

TEST_CASE("ReadExternalValues: a relative path that refers to two files is an error", "[config]") {
  const Folder one;
  const Folder two;
  one.Write("key.txt", "a");
  two.Write("key.txt", "b");
  CHECK_FALSE(ReadExternalValues(
                  {{one.path() + "/c.yaml", kCredential}, {two.path() + "/c.yaml", kCredential}})
                  .ok());
}

}  // namespace countersign::config
