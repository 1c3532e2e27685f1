#include "libs/rpc/credentials.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/handler.h"
#include "libs/testing/test_certificates.h"

namespace countersign::rpc {
namespace {

namespace v1 = countersign::authn::v1;
using testing::CertificateFiles;
using testing::TestAuthority;

TlsFiles Files(const CertificateFiles& files) {
  return {files.certificate, files.key, files.authority};
}

class Service final : public v1::IdentityService::CallbackService {
 public:
  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context, const v1::WhoAmIRequest*,
                                   v1::WhoAmIResponse*) override {
    return FinishInline(context, [] { return absl::OkStatus(); });
  }
};

// authn on a loopback port with certificates of `files`.
class Server {
 public:
  explicit Server(const TlsFiles& files, absl::Duration refresh = absl::Seconds(10))
      : tls_(files, refresh) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", tls_.ForServer(), &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    address = absl::StrCat("127.0.0.1:", port);
  }
  ~Server() { server_->Shutdown(); }
  std::string address;

 private:
  MutualTls tls_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
};

grpc::StatusCode Call(const std::string& address,
                      const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                      bool with_deadline = true) {
  const auto stub = v1::IdentityService::NewStub(MakeChannel(address, credentials));
  grpc::ClientContext context;
  if (with_deadline) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }
  v1::WhoAmIResponse response;
  return stub->WhoAmI(&context, {}, &response).error_code();
}

grpc::StatusCode CallAs(const std::string& address, const CertificateFiles& files,
                        const std::string& expected_server = "authn") {
  return Call(address, MutualTls(Files(files)).ForChannelTo(expected_server));
}

TEST_CASE("MutualTls: a service of ours is accepted", "[rpc][tls]") {
  TestAuthority authority;
  const Server server(Files(authority.IssueService("authn")));
  CHECK(CallAs(server.address, authority.IssueService("edge")) == grpc::StatusCode::OK);
}

TEST_CASE("MutualTls: a client without a certificate is refused", "[rpc][tls]") {
  TestAuthority authority;
  const Server server(Files(authority.IssueService("authn")));
  grpc::SslCredentialsOptions options;
  std::ifstream ca(authority.authority_file());
  options.pem_root_certs.assign(std::istreambuf_iterator<char>(ca), {});
  CHECK(Call(server.address, grpc::SslCredentials(options)) == grpc::StatusCode::UNAVAILABLE);
  CHECK(Call(server.address, grpc::InsecureChannelCredentials()) == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("MutualTls: a client of another authority is refused", "[rpc][tls]") {
  TestAuthority authority;
  TestAuthority foreign;
  const Server server(Files(authority.IssueService("authn")));
  CertificateFiles files = foreign.IssueService("edge");
  files.authority = authority.authority_file();
  CHECK(CallAs(server.address, files) == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("MutualTls: an expired client certificate is refused", "[rpc][tls]") {
  TestAuthority authority;
  const Server server(Files(authority.IssueService("authn")));
  TestAuthority::Leaf leaf;
  leaf.uri_names = {"spiffe://countersign/edge"};
  leaf.not_before = absl::Now() - absl::Hours(2);
  leaf.not_after = absl::Now() - absl::Hours(1);
  CHECK(CallAs(server.address, authority.Issue(leaf)) == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("MutualTls: a certificate names exactly one service", "[rpc][tls]") {
  TestAuthority authority;
  const Server server(Files(authority.IssueService("authn")));
  const auto call_with = [&](TestAuthority::Leaf leaf) {
    return CallAs(server.address, authority.Issue(leaf));
  };
  TestAuthority::Leaf leaf;
  leaf.dns_names = {"edge"};
  CHECK(call_with(leaf) == grpc::StatusCode::UNAVAILABLE);
  leaf.uri_names = {"spiffe://countersign/edge", "spiffe://countersign/policy"};
  CHECK(call_with(leaf) == grpc::StatusCode::UNAVAILABLE);
  leaf.uri_names = {"spiffe://elsewhere/edge"};
  CHECK(call_with(leaf) == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("MutualTls: a server with another identity is refused", "[rpc][tls]") {
  TestAuthority authority;
  const Server server(Files(authority.IssueService("policy")));
  CHECK(CallAs(server.address, authority.IssueService("edge"), "authn") ==
        grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("MutualTls: a unary call without a deadline is refused", "[rpc][tls]") {
  TestAuthority authority;
  const Server server(Files(authority.IssueService("authn")));
  const MutualTls tls(Files(authority.IssueService("edge")));
  CHECK(Call(server.address, tls.ForChannelTo("authn"), false) ==
        grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("MutualTls: a new certificate is used for new connections without a restart",
          "[rpc][tls]") {
  TestAuthority authority;
  TestAuthority next;
  const std::string link = authority.folder() + "/current";
  const auto install = [&](const std::string& folder, const CertificateFiles& files) {
    std::filesystem::create_directory(folder);
    std::filesystem::copy(files.certificate, folder + "/tls.crt");
    std::filesystem::copy(files.key, folder + "/tls.key");
    std::filesystem::copy(files.authority, folder + "/ca.crt");
    std::filesystem::create_symlink(folder, link + ".new");
    std::filesystem::rename(link + ".new", link);
  };
  install(authority.folder() + "/one", authority.IssueService("authn"));
  const Server server({link + "/tls.crt", link + "/tls.key", link + "/ca.crt"}, absl::Seconds(1));
  const auto old_client = authority.IssueService("edge");
  const auto new_client = next.IssueService("edge");
  CHECK(CallAs(server.address, old_client) == grpc::StatusCode::OK);
  CHECK(CallAs(server.address, new_client) == grpc::StatusCode::UNAVAILABLE);

  install(authority.folder() + "/two", next.IssueService("authn"));
  const absl::Time give_up = absl::Now() + absl::Minutes(2);
  while (CallAs(server.address, new_client) != grpc::StatusCode::OK) {
    REQUIRE(absl::Now() < give_up);
  }
  CHECK(CallAs(server.address, old_client) == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("CheckTlsFiles: says which file is wrong, and why", "[rpc][tls]") {
  TestAuthority authority;
  const TlsFiles good = Files(authority.IssueService("edge"));
  const TlsFiles other = Files(authority.IssueService("authn"));
  CHECK(CheckTlsFiles(good, "edge").ok());
  CHECK_THAT(std::string(CheckTlsFiles(good, "policy").message()),
             Catch::Contains(good.certificate) && Catch::Contains("spiffe://countersign/policy"));
  TlsFiles mixed = good;
  mixed.key = other.key;
  CHECK_THAT(std::string(CheckTlsFiles(mixed, "edge").message()),
             Catch::Contains(other.key) && Catch::Contains("does not belong"));
  mixed = good;
  mixed.authority = "/nowhere/ca.pem";
  CHECK_THAT(std::string(CheckTlsFiles(mixed, "edge").message()),
             Catch::Contains("/nowhere/ca.pem: cannot be read"));
}

TEST_CASE("CertificateExpiry: the leaf's end of validity", "[rpc][tls]") {
  TestAuthority authority;
  TestAuthority::Leaf leaf;
  leaf.not_after = absl::FromUnixSeconds(1'900'000'000);
  CHECK(CertificateExpiry(Files(authority.Issue(leaf))).value() == leaf.not_after);
}

}  // namespace
}  // namespace countersign::rpc
