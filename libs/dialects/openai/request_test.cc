#include "libs/dialects/openai/request.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/dialects/openai/dialect.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {
namespace {

absl::StatusOr<ReadCall> Read(const std::string& body) {
  IncomingRequest request{"POST", "/v1/chat/completions", "", {}, body};
  return OpenAiDialect().Read(request);
}

std::string Sent(const ReadCall& call) { return *Splice(call.body, call.additions); }

// "role text" of every part, in order.
std::vector<std::string> Parts(const ReadCall& call) {
  std::vector<std::string> parts;
  for (const domain::TextPart& part : call.prompt->parts) {
    parts.push_back(part.role + " " + part.text);
  }
  return parts;
}

TEST_CASE("ReadChatCompletion: messages become parts with role, pointer and decoded text",
          "[dialects]") {
  const ReadCall call = Read(R"({"model":"m","messages":[
      {"role":"developer","content":"be nice"},
      {"role":"user","content":[{"type":"text","text":"h\u00e9llo"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}]},
      {"role":"assistant","content":null,"tool_calls":[
        {"id":"call_a1b2c3d4","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
      {"role":"tool","tool_call_id":"call_a1b2c3d4","content":"result"}]})")
                            .value();
  CHECK(Parts(call) == std::vector<std::string>{"system be nice", "user h\xc3\xa9llo",
                                                "user data:image/png;base64,AAAA", "assistant f",
                                                "assistant {\"a\":1}", "tool result"});
  CHECK(call.prompt->parts[1].pointer == "/messages/1/content/0/text");
  CHECK(call.prompt->operation == "chat.completions");
  CHECK(call.prompt->model == "m");
  CHECK(!call.prompt->stream);
  CHECK(call.upstream_path == "/chat/completions");
  for (std::size_t i = 0; i < call.places.size(); ++i) {
    const std::string there =
        call.body.substr(call.places[i].begin, call.places[i].end - call.places[i].begin);
    CHECK(json::Document::Parse(there)->root().text() == call.prompt->parts[i].text);
  }
}

TEST_CASE("ReadChatCompletion: a caller's number is text, a short parameter is not", "[dialects]") {
  const ReadCall call = Read(R"({"model":"m","max_tokens":5,"seed":4111111111111111,
      "logit_bias":{"50256":-100},"messages":[{"role":"user","content":[{"type":"text","text":"hi",
      "note":4.111111111111111e15}]}],
      "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object",
        "properties":{"a":{"type":"integer","default":536904399,"enum":[7,-8.5]}}}}}]})")
                            .value();
  CHECK(Parts(call) == std::vector<std::string>{"user 4111111111111111", "user hi", "user note",
                                                "user 4111111111111111", "system f", "system a",
                                                "system 536904399", "system 7", "system -8.5"});
  CHECK(call.prompt->parts[3].pointer == "/messages/0/content/0/note");
  CHECK(call.body.substr(call.places[3].begin, call.places[3].end - call.places[3].begin) ==
        "4.111111111111111e15");
}

TEST_CASE("ReadChatCompletion: numbers are text below names that are harmless elsewhere",
          "[dialects]") {
  const ReadCall call = Read(R"({"model":"m","messages":[{"role":"user","content":"hi",
      "logit_bias":{"seed":4111111111111111}}]})")
                            .value();
  CHECK(Parts(call) == std::vector<std::string>{"user hi", "user logit_bias", "user seed",
                                                "user 4111111111111111"});
}

TEST_CASE("ReadChatCompletion: strings in unknown members are texts", "[dialects]") {
  const ReadCall call = Read(R"({"model":"m","messages":[
      {"role":"user","content":"hi","x_note":"in a message"}],
      "metadata":{"k1":"in metadata"},"user":"somebody","prediction":{"content":"predicted"},
      "tools":[{"type":"function","function":{"name":"lookup","description":"finds",
        "parameters":{"type":"object","properties":{"patient":{"type":"string"}}}}}]})")
                            .value();
  const std::vector<std::string> parts = Parts(call);
  for (const char* text :
       {"user x_note", "user in a message", "user in metadata", "user k1", "user somebody",
        "user predicted", "system finds", "system patient", "system lookup"}) {
    CAPTURE(text);
    CHECK(std::find(parts.begin(), parts.end(), text) != parts.end());
  }
  CHECK(call.prompt->tools == std::vector<std::string>{"lookup"});
}

TEST_CASE("ReadChatCompletion: a selector as long as a sentence is a text", "[dialects]") {
  const std::string sentence(300, 'a');
  const ReadCall call =
      Read(absl::StrCat(R"({"model":"m","messages":[],"service_tier":")", sentence, "\"}")).value();
  CHECK(Parts(call) == std::vector<std::string>{"user " + sentence});
}

TEST_CASE("ReadChatCompletion: sentences at places for choices and media are texts", "[dialects]") {
  const ReadCall call = Read(R"({"model":"m","messages":[{"role":"user","content":[
      {"type":"image_url","image_url":{"url":"data:text/plain,project nightfall"}},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}]}],
      "tools":[{"type":"function","function":{"name":"f","parameters":{
        "type":"object","properties":{"x":{"type":"string","format":"of project nightfall"}}}}}]})")
                            .value();
  const std::vector<std::string> parts = Parts(call);
  const auto has = [&](const char* text) {
    return std::count(parts.begin(), parts.end(), text) == 1;
  };
  CHECK(has("user data:text/plain,project nightfall"));
  CHECK(has("system of project nightfall"));
  CHECK(has("user data:image/png;base64,AAAA"));
  CHECK_FALSE(has("user low"));
}

bool HasText(const ReadCall& call, absl::string_view text) {
  return std::any_of(call.prompt->parts.begin(), call.prompt->parts.end(),
                     [&](const domain::TextPart& part) { return part.text == text; });
}

TEST_CASE("ReadChatCompletion: words at places for identifiers and choices are texts",
          "[dialects]") {
  std::string many;
  for (int i = 0; i < 900; ++i) absl::StrAppend(&many, i > 0 ? "_" : "", "responsibilities");
  for (const std::string& word :
       {std::string("plutonium"), std::string("4111111111111111"),
        std::string("call_4111111111111111"), std::string("file-GB82WEST12345698765432"),
        std::string("ghp_0123456789abcdefghijABCDEFGHIJ012345"), many}) {
    for (const char* body :
         {R"("messages":[{"role":"user","content":"hi","tool_call_id":"@"}])",
          R"("messages":[{"role":"user","content":"hi","id":"@"}])",
          R"("messages":[{"role":"user","content":[{"type":"@","text":"hi"}]}])",
          R"("messages":[{"role":"user","content":[{"type":"text","text":"hi","id":"@"}]}])",
          R"("messages":[{"role":"assistant","tool_calls":[{"id":"@"}]}])",
          R"("messages":[{"role":"assistant","tool_calls":[{"type":"@"}]}])",
          R"("messages":[{"role":"assistant","audio":{"id":"@"}}])",
          R"("messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"@"}}]}])",
          R"("messages":[],"tool_choice":"@")",
          R"("messages":[],"function_call":"@")",
          R"("messages":[],"tool_choice":{"type":"@"})",
          R"("messages":[],"audio":{"voice":"@","format":"wav"})",
          R"("messages":[],"audio":{"voice":{"id":"@"}})",
          R"("messages":[],"response_format":{"type":"@"})",
          R"("messages":[],"modalities":["@"])",
          R"("messages":[],"reasoning_effort":"@")",
          R"("messages":[],"verbosity":"@")",
          R"("messages":[],"service_tier":"@")",
          R"("messages":[],"prompt_cache_key":"@")",
          R"("messages":[],"tools":[{"type":"@"}])",
          R"("messages":[],"tools":[{"function":{"parameters":{"type":"@"}}}])",
          R"("messages":[],"tools":[{"function":{"parameters":{"format":"@"}}}])",
          R"("messages":[],"tools":[{"function":{"parameters":{"properties":{"a":{"items":[
                {"type":"string","id":"@"}]}}}}}])",
          R"("messages":[],"tools":[{"function":{"parameters":{"properties":{"@":{}}}}}])",
          R"("messages":[],"tools":[{"function":{"parameters":{"x":{"voice":"@"}}}}])"}) {
      const std::string sent = absl::StrReplaceAll(body, {{"@", word}});
      INFO(sent.substr(0, 200));
      CHECK(HasText(Read(absl::StrCat("{\"model\":\"m\",", sent, "}")).value(), word));
    }
  }
}

TEST_CASE("ReadChatCompletion: media is not text at its places only", "[dialects]") {
  const std::string word = absl::Base64Escape("plutonium");
  const std::string picture = absl::Base64Escape("\x89PNG\r\n\x1a\n" + std::string(192, '\xfe'));
  const auto part = [](absl::string_view json) {
    return Read(
               absl::StrCat(R"({"model":"m","messages":[{"role":"user","content":[)", json, "]}]}"))
        .value();
  };
  const auto url = [&](absl::string_view value) {
    return part(absl::StrCat(R"({"type":"image_url","image_url":{"url":")", value, "\"}}"));
  };
  CHECK(HasText(url("data:x,drop\\ttable"), "data:x,drop\ttable"));
  CHECK(HasText(url("data:,word"), "data:,word"));
  CHECK(HasText(url("data:;base64,a word"), "data:;base64,a word"));
  CHECK(HasText(url("data:application/json;base64," + word),
                "data:application/json;base64,plutonium"));
  CHECK(HasText(url("data:image/svg+xml;base64," + word), "data:image/svg+xml;base64,plutonium"));
  CHECK(HasText(url("data:image/png;base64," + word), "data:image/png;base64,plutonium"));
  CHECK(
      HasText(part(R"({"type":"input_audio","input_audio":{"data":"plu tonium"}})"), "plu tonium"));
  CHECK(HasText(part(R"({"type":"file","file":{"file_data":"plutonium!"}})"), "plutonium!"));
  CHECK(HasText(part(absl::StrCat(R"({"type":"file","file":{"file_data":")", word, "\"}}")),
                "plutonium"));
  // A member of that name at another place.
  const std::string image = absl::StrCat("data:image/png;base64,", picture);
  CHECK(HasText(part(absl::StrCat(R"({"type":"text","text":"hi","url":")", image, "\"}")), image));
  CHECK(HasText(part(absl::StrCat(R"({"type":"text","file_data":")", picture, "\"}")), picture));
  // At its place it is media, in every form of the part.
  for (const ReadCall& call :
       {url(image), part(absl::StrCat(R"({"type":"image_url","image_url":")", image, "\"}")),
        part(absl::StrCat(R"({"type":"file","file":{"file_data":")", picture, "\"}}")),
        part(absl::StrCat(R"({"type":"input_audio","input_audio":{"data":")", picture,
                          R"(","format":"wav"}})"))}) {
    CHECK(call.prompt->parts.empty());
    REQUIRE(call.prompt->media.size() == 1);
    CHECK(call.prompt->media[0].size == 200);
  }
  // Words and numbers are well-formed base64.
  for (const char* base64 : {"plutonium/ab", "4111111111111111"}) {
    for (const ReadCall& call :
         {url(base64), part(absl::StrCat(R"({"type":"image_url","image_url":")", base64, "\"}")),
          part(absl::StrCat(R"({"type":"file","file":{"file_data":")", base64, "\"}}")),
          part(absl::StrCat(R"({"type":"input_audio","input_audio":{"data":")", base64,
                            R"(","format":"wav"}})"))}) {
      CHECK(HasText(call, base64));
    }
  }
}

TEST_CASE("ReadChatCompletion: values that a model generated for itself are not texts",
          "[dialects]") {
  std::mt19937 random(1);
  std::string bytes;
  while (bytes.size() < 300) bytes += static_cast<char>(random());
  const std::string sealed = absl::Base64Escape(bytes);
  const ReadCall call =
      Read(absl::StrCat(
               R"({"model":"m","messages":[{"role":"assistant","content":"hi","reasoning_details":[
          {"type":"reasoning.encrypted","data":")",
               sealed, R"(","index":0},
          {"type":"reasoning.text","text":"thought","signature":")",
               sealed, R"("}]}]})"))
          .value();
  CHECK(Parts(call) == std::vector<std::string>{"assistant hi", "assistant thought"});
  CHECK(call.prompt->media.size() == 2);
}

TEST_CASE("ReadChatCompletion: the token limit is seen under both of its names", "[dialects]") {
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    const ReadCall call =
        Read(absl::StrCat(R"({"model":"m","messages":[],")", name, "\":9000}")).value();
    CHECK(call.prompt->parameters.at("max_tokens") == 9000);
    CHECK(call.prompt->parameters.at("max_completion_tokens") == 9000);
  }
  const ReadCall both =
      Read(R"({"model":"m","messages":[],"max_tokens":10,"max_completion_tokens":9000})").value();
  CHECK(both.prompt->parameters.at("max_tokens") == 9000);
}

TEST_CASE("ReadChatCompletion: invalid stream options are refused", "[dialects]") {
  for (const char* options : {"\"4111 1111 1111 1111\"", "[]", "1", "{\"include_usage\":\"x\"}",
                              "{\"include_usage\":[]}"}) {
    INFO(options);
    CHECK(absl::IsInvalidArgument(
        Read(absl::StrCat(R"({"model":"m","messages":[],"stream":true,"stream_options":)", options,
                          "}"))
            .status()));
  }
}

TEST_CASE("ReadChatCompletion: an invalid request is INVALID_ARGUMENT with a reason",
          "[dialects]") {
  const std::pair<std::string, const char*> cases[] = {
      {"", "JSON"},
      {"[]", "object"},
      {R"({"messages":[]})", "model"},
      {R"({"model":"","messages":[]})", "model"},
      {R"({"model":"m"})", "messages"},
      {R"({"model":"m","messages":[],"model":"n"})", "duplicate"},
      {R"({"model":"m","messages":[{"content":"x"}]})", "role"},
      {R"({"model":"m","messages":[{"role":"","content":"x"}]})", "role"},
      {R"({"model":"m","messages":[{"role":["user"],"content":"x"}]})", "role"},
      {R"({"model":"m","messages":["x"]})", "role"},
      {R"({"model":"m","messages":[],"stream":"true"})", "stream"},
      {R"({"model":"m","messages":[],"max_tokens":"9000"})", "max_tokens"},
      {"{\"model\":\"m\",\"messages\":[],\"x\":\"\xff\"}", "JSON"},
      {R"({"model":"m","messages":[],"x":"\ud800"})", "JSON"},
      {R"({"model":"m","messages":[]} {})", "JSON"},
      {absl::StrCat(R"({"model":"m","messages":)", std::string(200, '['), std::string(200, ']'),
                    "}"),
       "JSON"},
  };
  for (const auto& [body, word] : cases) {
    CAPTURE(body);
    const absl::Status status = Read(body).status();
    CHECK(absl::IsInvalidArgument(status));
    CHECK(absl::StrContains(status.message(), word));
  }
}

TEST_CASE("ReadChatCompletion: a message may have any role, which is a text if it is unknown",
          "[dialects]") {
  const ReadCall call = Read(R"({"model":"m","messages":[{"role":"ipython","content":"result"},
      {"role":"project nightfall","content":"x"}]})")
                            .value();
  CHECK(Parts(call) == std::vector<std::string>{"ipython ipython", "ipython result",
                                                "project nightfall project nightfall",
                                                "project nightfall x"});
}

TEST_CASE("ReadChatCompletion: a byte order mark before the body is left out", "[dialects]") {
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
  const ReadCall call = Read("\xef\xbb\xbf" + body).value();
  CHECK(Sent(call) == body);
  CHECK(call.body.substr(call.places[0].begin, call.places[0].end - call.places[0].begin) ==
        "\"hi\"");
  CHECK_FALSE(Read("\xef\xbb\xbf\xef\xbb\xbf" + body).ok());
}

TEST_CASE("ReadChatCompletion: numbers of any size pass as they are written", "[dialects]") {
  const std::string body =
      R"({"model":"m","max_tokens":1e400,"messages":[],"tools":[{"type":"function","function":)"
      R"({"name":"f","parameters":{"maximum":123456789012345678901234567890,"minimum":-1E+999}}}]})";
  const ReadCall call = Read(body).value();
  CHECK(Sent(call) == body);
  CHECK(call.prompt->parameters.at("max_tokens") > 1e300);  // a policy's limit is exceeded
  CHECK(Parts(call) == std::vector<std::string>{"user 1e400", "system f",
                                                "system 123456789012345678901234567890",
                                                "system -1E+999"});
}

TEST_CASE("ReadChatCompletion: a compressed body is refused", "[dialects]") {
  IncomingRequest request{"POST", "/v1/chat/completions", "", {{"Content-Encoding", "gzip"}}, ""};
  CHECK(absl::IsInvalidArgument(OpenAiDialect().Read(request).status()));
}

TEST_CASE("ReadChatCompletion: a stream asks for its usage, and hides it unless asked",
          "[dialects]") {
  const auto body = [](const char* options) {
    return absl::StrCat(R"({"model":"m","messages":[],"stream":true)", options, "}");
  };
  const ReadCall absent = Read(body("")).value();
  CHECK(absent.hide_usage);
  CHECK(Sent(absent) ==
        R"({"stream_options":{"include_usage":true},"model":"m","messages":[],"stream":true})");
  const ReadCall empty = Read(body(R"(,"stream_options":{})")).value();
  CHECK(Sent(empty) == body(R"(,"stream_options":{"include_usage":true})"));
  const ReadCall refused = Read(body(R"(,"stream_options":{"include_usage":false})")).value();
  CHECK(Sent(refused) == body(R"(,"stream_options":{"include_usage":true})"));
  CHECK(refused.hide_usage);
  const ReadCall other = Read(body(R"(,"stream_options":{"include_obfuscation":false})")).value();
  CHECK(Sent(other) ==
        body(R"(,"stream_options":{"include_usage":true,"include_obfuscation":false})"));
  const ReadCall asked = Read(body(R"(,"stream_options":{"include_usage":true})")).value();
  CHECK(!asked.hide_usage);
  CHECK(Sent(asked) == asked.body);
  const ReadCall null = Read(body(R"(,"stream_options":null)")).value();
  CHECK(Sent(null) == body(R"(,"stream_options":{"include_usage":true})"));
}

TEST_CASE("ReadChatCompletion: a plain call is sent byte for byte", "[dialects]") {
  const ReadCall call = Read("{ \"messages\" : [ ],\n \"model\":\"m\" }").value();
  CHECK(Sent(call) == call.body);
}

TEST_CASE("OpenAiDialect: models are listed and read by id, one slash included", "[dialects]") {
  const OpenAiDialect dialect;
  for (const char* path : {"/v1/models", "/v1/models/"}) {
    const ReadCall list = dialect.Read({"GET", path, "", {}, ""}).value();
    CHECK(list.prompt->operation == "models.list");
    CHECK(list.upstream_path == "/models");
  }
  for (const char* path :
       {"/v1/models/meta%2Fllama-3", "/v1/models/meta/llama-3", "/v1/models/m%65ta%2fllama-3/"}) {
    CAPTURE(path);
    const ReadCall one = dialect.Read({"GET", path, "", {}, ""}).value();
    CHECK(one.prompt->operation == "models.get");
    CHECK(one.prompt->model == "meta/llama-3");
    CHECK(one.upstream_path == "/models/meta%2Fllama-3");  // one segment in all cases
  }
}

TEST_CASE("OpenAiDialect: a path that is not an operation or a model id is not found",
          "[dialects]") {
  const OpenAiDialect dialect;
  for (const char* path : {"/v1/embeddings",
                           "/v1/chat/completions/x",
                           "/v1",
                           "/v1/modelsx",
                           "/v1/chat/completions",
                           "/v1/models//",
                           "/v1/models/../keys",
                           "/v1/models/%2e%2e/keys",
                           "/v1/models/a%00",
                           "/v1/models/a%zz",
                           "/v1/models/a%3fb",
                           "/v1/models/a%3Fb=c",
                           "/v1/models/a%23b",
                           "/v1/models/%252e%252e",
                           "/v1/models/a%252fb",
                           "/v1/models/x/files/secret",
                           "/v1/models/x%2ffiles%2Fsecret",
                           "/v1/models/gpt-4111111111111111",
                           "/v1/models/the%20patient",
                           "/v1/models/caf%c3%a9"}) {
    CAPTURE(path);
    CHECK(absl::IsNotFound(dialect.Read({"GET", path, "", {}, ""}).status()));
  }
}

TEST_CASE("OpenAiDialect: a chat's path may end with a slash, which is not forwarded",
          "[dialects]") {
  const std::string body = R"({"model":"m","messages":[]})";
  const OpenAiDialect dialect;
  const ReadCall call = dialect.Read({"POST", "/v1/chat/completions/", "", {}, body}).value();
  CHECK(call.upstream_path == "/chat/completions");
  CHECK(absl::IsNotFound(dialect.Read({"POST", "/v1/chat/completions//", "", {}, body}).status()));
}

TEST_CASE("OpenAiDialect: unknown parts of a query are texts of the prompt", "[dialects]") {
  const OpenAiDialect dialect;
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";
  const auto read = [&](const std::string& query) {
    return dialect.Read({"POST", "/v1/chat/completions", query, {}, body});
  };
  const ReadCall known = read("api-version=2024-10-21&beta=true").value();
  CHECK(known.upstream_path == "/chat/completions?api-version=2024-10-21&beta=true");
  CHECK(known.prompt->parts.size() == 1);
  const ReadCall text = read("note=drop%20table&beta=true").value();
  CHECK(text.upstream_path == "/chat/completions?note=drop%20table&beta=true");
  REQUIRE(text.prompt->parts.size() == 2);
  CHECK(text.prompt->parts[1].role == "user");
  CHECK(text.prompt->parts[1].text == "note=drop table");
  REQUIRE(text.places.size() == 2);
  CHECK(text.places[1].begin == text.places[1].end);  // it cannot be masked in place
  for (const char* query : {"a=%2541", "a=%0a", "a b"}) {
    CAPTURE(query);
    CHECK(absl::IsInvalidArgument(read(query).status()));
  }
  CHECK(dialect.Read({"GET", "/v1/models", "q=a%20b", {}, ""})->prompt->parts.size() == 1);
}

TEST_CASE("OpenAiDialect: errors have all four members", "[dialects]") {
  CallerError error = MakeCallerError("policy_denied", "no \"such\" thing");
  CHECK(OpenAiDialect().FormatError(error) ==
        R"({"error":{"message":"no \"such\" thing","type":"permission_error","param":null,)"
        R"("code":"policy_denied"}})");
  error.review_id = "rev-1";
  CHECK(absl::EndsWith(OpenAiDialect().FormatErrorEvent(error), "\"review_id\":\"rev-1\"}}\n\n"));
}

}  // namespace
}  // namespace countersign::dialects::openai
