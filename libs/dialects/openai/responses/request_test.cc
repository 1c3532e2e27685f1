#include "libs/dialects/openai/responses/request.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/dialect.h"

namespace countersign::dialects::openai::responses {
namespace {

absl::StatusOr<ReadCall> Send(const std::string& method, const std::string& path,
                              const std::string& body = "", const std::string& query = "") {
  return OpenAiDialect().Read(IncomingRequest{method, path, query, {}, body});
}

absl::StatusOr<ReadCall> Post(const std::string& body) {
  return Send("POST", "/v1/responses", body);
}

// "role text" of every part, in order.
std::vector<std::string> Parts(const ReadCall& call) {
  std::vector<std::string> parts;
  for (const domain::TextPart& part : call.prompt->parts) {
    parts.push_back(absl::StrCat(part.role, " ", part.text));
  }
  return parts;
}

TEST_CASE("responses::Read: an input that is a string is a user's text", "[dialects]") {
  const ReadCall call =
      Post(R"({"model":"m","instructions":"be nice","input":"hi","stream":true})").value();
  CHECK(Parts(call) == std::vector<std::string>{"system be nice", "user hi"});
  CHECK(call.prompt->operation == "responses");
  CHECK(call.prompt->model == "m");
  CHECK(call.prompt->stream);
  CHECK(call.upstream_path == "/responses");
  CHECK(call.additions.empty());
}

TEST_CASE("responses::Read: items have the role of their kind", "[dialects]") {
  const ReadCall call = Post(R"({"model":"m","input":[
      {"role":"developer","content":"d"},
      {"type":"message","role":"user","content":[{"type":"input_text","text":"a"},
        {"type":"input_text","text":"b"},{"type":"input_file","file_id":"file-a1b2c3d4"}]},
      {"type":"reasoning","id":"rs_a1b2c3d4","summary":[{"type":"summary_text","text":"hm"}]},
      {"type":"function_call","call_id":"call_a1b2c3d4","name":"f","arguments":"{}"},
      {"type":"function_call_output","call_id":"call_a1b2c3d4","output":"r"},
      {"type":"item_reference","id":"msg_a1b2c3d4"},
      {"type":"strange","say":"x"}]})")
                            .value();
  CHECK(Parts(call) == std::vector<std::string>{"system d", "user a", "user b", "assistant hm",
                                                "assistant f", "assistant {}", "tool r",
                                                "user strange", "user say", "user x"});
  CHECK(call.prompt->parts[1].group == call.prompt->parts[2].group);
  CHECK(call.prompt->parts[1].group > 0);
}

TEST_CASE("responses::Read: limits have the names that policies use", "[dialects]") {
  const ReadCall call = Post(R"({"model":"m","input":"x","max_output_tokens":9})").value();
  CHECK(call.prompt->parameters.at("max_output_tokens") == 9);
  CHECK(call.prompt->parameters.at("max_tokens") == 9);
  CHECK(call.prompt->parameters.at("max_completion_tokens") == 9);
}

TEST_CASE("responses::Read: tools are named, those of the provider by their kind", "[dialects]") {
  const ReadCall call = Post(R"({"model":"m","input":"x","tools":[
      {"type":"function","name":"f"},{"type":"web_search"},{"type":"mcp","server_label":"s"}]})")
                            .value();
  CHECK(call.prompt->tools == std::vector<std::string>{"f", "web_search", "s"});
}

TEST_CASE("responses::Read: what has no model, or no input that can be read, is refused",
          "[dialects]") {
  for (const char* body :
       {R"({"input":"x"})", R"({"model":"","input":"x"})", R"({"model":"m","input":5})",
        R"({"model":"m","stream":1})", R"({"model":"m","max_output_tokens":"9"})", "[]", ""}) {
    CAPTURE(body);
    CHECK(absl::IsInvalidArgument(Post(body).status()));
  }
}

TEST_CASE("responses::Read: what is kept is named by its id", "[dialects]") {
  struct Case {
    const char* method;
    const char* suffix;
    const char* operation;
  };
  for (const Case& each : {Case{"GET", "", "responses.get"}, Case{"DELETE", "", "responses.delete"},
                           Case{"POST", "/cancel", "responses.cancel"},
                           Case{"GET", "/input_items", "responses.input_items"}}) {
    const ReadCall call =
        Send(each.method, absl::StrCat("/v1/responses/resp_0123456789ab", each.suffix)).value();
    CHECK(call.prompt->operation == each.operation);
    CHECK(call.method == each.method);
    CHECK(call.upstream_path == absl::StrCat("/responses/resp_0123456789ab", each.suffix));
    CHECK(call.prompt->parts.empty());
  }
  const ReadCall stream = Send("GET", "/v1/responses/resp_0123456789ab", "", "stream=true").value();
  CHECK(stream.prompt->stream);
  CHECK(stream.upstream_path == "/responses/resp_0123456789ab?stream=true");
}

TEST_CASE("responses::Read: an id that was not generated is a text", "[dialects]") {
  const ReadCall call = Send("GET", "/v1/responses/project-nightfall").value();
  CHECK(Parts(call) == std::vector<std::string>{"user project-nightfall"});
  CHECK(call.places.size() == 1);
}

TEST_CASE("responses::Read: ids that address something else are unknown", "[dialects]") {
  for (const char* path : {"/v1/responses/", "/v1/responses/a%2Fb", "/v1/responses/a/b",
                           "/v1/responses/..", "/v1/responsesx", "/v1/responses/a/cancel"}) {
    CAPTURE(path);
    const auto call = Send("GET", path);
    CHECK((absl::IsNotFound(call.status())));
  }
}

TEST_CASE("responses::Read: a stream is not resumed, and bodies are not sent on", "[dialects]") {
  const std::string path = "/v1/responses/resp_0123456789ab";
  CHECK(absl::IsInvalidArgument(Send("GET", path, "", "stream=true&starting_after=3").status()));
  CHECK(absl::IsInvalidArgument(Send("POST", path + "/cancel", R"({"a":"b"})").status()));
  CHECK(Send("POST", path + "/cancel", "{}").value().body.empty());
}

}  // namespace
}  // namespace countersign::dialects::openai::responses
