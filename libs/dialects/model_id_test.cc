#include "libs/dialects/model_id.h"

#include <catch2/catch.hpp>
#include <string>

namespace countersign::dialects {
namespace {

TEST_CASE("IsModelId: names of models", "[dialects]") {
  for (const char* id :
       {"gpt-4o", "gpt-4o-2024-08-06", "o1", "gpt-3.5-turbo-0125", "claude-3-5-sonnet-20241022",
        "claude-3-5-sonnet@20241022", "meta-llama/Llama-3.2-11B-Vision-Instruct",
        "ft:gpt-4o-mini-2024-07-18:acme::9aBcXyZ", "text-embedding-3-small",
        "accounts/fireworks/models/llama-v3p1-8b-instruct", "llama3.2:1b", "Qwen/Qwen2.5-0.5B",
        "mistralai/Mixtral-8x7B-v0.1", "anthropic.claude-3-haiku-20240307-v1:0", "dall-e-3",
        "deepseek-r1-distill-qwen-1.5b", "model"}) {
    CAPTURE(id);
    CHECK(IsModelId(id));
  }
}

TEST_CASE("IsModelId: numbers, credentials, sentences and paths are not names", "[dialects]") {
  for (const char* id : {"",
                         "gpt-4111111111111111",
                         "gpt-4111-1111-1111-1111",
                         "4111.1111.1111.1111",
                         "gpt-536-90-4399-1234",
                         "gpt 4",
                         "sk-proj-aB3dE5gH7jK9mN1pQ3",
                         "AKIA0123456789ABCDEF",
                         "ghp_0123456789abcdefghijABCDEFGHIJ012345",
                         "../files",
                         "a/../b",
                         "a//b",
                         "/a",
                         "a/",
                         "a?b",
                         "a#b",
                         "a%2fb",
                         "a%252e",
                         "caf\xc3\xa9",
                         "a\nb",
                         ".hidden",
                         "a@b.io, c",
                         "drop table",
                         "{\"a\":1}"}) {
    CAPTURE(id);
    CHECK_FALSE(IsModelId(id));
  }
  CHECK_FALSE(IsModelId(std::string(129, 'a')));
  CHECK_FALSE(IsModelId(std::string(33, 'a')));
}

}  // namespace
}  // namespace countersign::dialects
