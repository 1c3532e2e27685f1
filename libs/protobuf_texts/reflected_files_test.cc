#include "libs/protobuf_texts/reflected_files.h"

#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace countersign::protobuf_texts {
namespace {

namespace pb = google::protobuf;

std::string Field(int number, const std::string& content) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  REQUIRE(content.size() < 128);
  bytes.push_back(static_cast<char>(content.size()));
  return bytes + content;
}

std::string Services(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += Field(1, Field(1, name));
  return Field(6, list);
}

std::string File(const pb::FileDescriptorProto& file) {
  return Field(4, Field(1, file.SerializeAsString()));
}

pb::FileDescriptorProto TypesFile() {
  pb::FileDescriptorProto file;
  file.set_name("t.proto");
  file.set_package("p");
  file.add_message_type()->set_name("M");
  return file;
}

pb::FileDescriptorProto ServiceFile() {
  pb::FileDescriptorProto file;
  file.set_name("s.proto");
  file.set_package("p");
  file.add_dependency("t.proto");
  auto& service = *file.add_service();
  service.set_name("S");
  auto& method = *service.add_method();
  method.set_name("Do");
  method.set_input_type(".p.M");
  method.set_output_type(".p.M");
  return file;
}

TEST_CASE("ReflectedFiles: services, their files, and what these import", "[protobuf_texts]") {
  ReflectedFiles files;
  CHECK(*files.Ask() == std::vector<std::string>{Field(7, "*")});
  REQUIRE(files.Take(Services({"p.S", "grpc.reflection.v1.ServerReflection"})).ok());
  CHECK(*files.Ask() == std::vector<std::string>{Field(4, "p.S")});
  REQUIRE(files.Take(File(ServiceFile())).ok());
  CHECK(*files.Ask() == std::vector<std::string>{Field(3, "t.proto")});
  REQUIRE(files.Take(File(TypesFile())).ok());
  CHECK(files.Ask()->empty());
  const auto schema = files.Finish();
  INFO(schema.status());
  REQUIRE(schema.ok());
  CHECK((*schema)->FindMethod("/p.S/Do") != nullptr);
}

TEST_CASE("ReflectedFiles: files that came already are not asked for", "[protobuf_texts]") {
  ReflectedFiles files;
  REQUIRE(files.Ask().ok());
  REQUIRE(files.Take(Services({"p.S", "p.T"})).ok());
  CHECK(files.Ask()->size() == 2);
  REQUIRE(files.Take(File(TypesFile())).ok());
  REQUIRE(files.Take(File(ServiceFile())).ok());
  REQUIRE(files.Take(File(ServiceFile())).ok());
  CHECK(files.Ask()->empty());
}

TEST_CASE("ReflectedFiles: an error of the server, and what is cut off", "[protobuf_texts]") {
  ReflectedFiles files;
  const absl::Status refused = files.Take(Field(7, Field(2, "no such symbol")));
  CHECK(absl::IsUnavailable(refused));
  CHECK(absl::StrContains(refused.message(), "no such symbol"));
  CHECK(absl::IsInvalidArgument(files.Take("\x32\x05x")));
}

TEST_CASE("ReflectedFiles: limits", "[protobuf_texts]") {
  DescriptorLimits limits;
  limits.files = 1;
  ReflectedFiles files(limits);
  CHECK(absl::IsResourceExhausted(files.Take(Services({"a.A", "b.B"}))));
  ReflectedFiles more(limits);
  REQUIRE(more.Take(File(TypesFile())).ok());
  CHECK(absl::IsResourceExhausted(more.Take(File(ServiceFile()))));
  ReflectedFiles rounds;
  pb::FileDescriptorProto file;
  absl::Status last;
  for (int i = 0; i < 20 && last.ok(); ++i) {
    last = rounds.Ask().status();
    file.set_name("f" + std::to_string(i));
    file.clear_dependency();
    file.add_dependency("f" + std::to_string(i + 1));
    if (last.ok()) REQUIRE(rounds.Take(File(file)).ok());
  }
  CHECK(absl::IsResourceExhausted(last));
}

}  // namespace
}  // namespace countersign::protobuf_texts
