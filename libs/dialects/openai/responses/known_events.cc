#include "libs/dialects/openai/responses/known_events.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace countersign::dialects::openai::responses {
namespace {

using Set = answers::MemberNames::Set;
using json::Type;
using json::Value;

constexpr StreamedText kTexts[] = {
    {"output_text", "text", "content", "content_index", "text", true},
    {"refusal", "refusal", "content", "content_index", "refusal", true},
    {"reasoning_text", "text", "content", "content_index", "text", true},
    {"reasoning_summary_text", "text", "summary", "summary_index", "text", true},
    {"function_call_arguments", "arguments", "", "", "arguments"},
    {"mcp_call_arguments", "arguments", "", "", "arguments"},
    {"custom_tool_call_input", "input", "", "", "input"},
    {"code_interpreter_call_code", "code", "", "", "code"},
    {"shell_call_command", "command", "action/commands", "command_index", ""},
    {"apply_patch_call_operation_diff", "diff", "", "", "operation/diff"},
    {"audio.transcript", "transcript", "", "", "transcript"}};

constexpr absl::string_view kPrefix = "response.";

Set Words(absl::string_view words) {
  Set set;
  for (const absl::string_view word : absl::StrSplit(words, ' ', absl::SkipEmpty())) {
    set.insert(word);
  }
  return set;
}

const Set& Documented() {
  static const auto& names = *new Set(Words(
      "type object id role status model created_at completed_at error code message param "
      "incomplete_details reason instructions max_output_tokens max_tool_calls output "
      "parallel_tool_calls previous_response_id reasoning effort summary generate_summary store "
      "temperature text format verbosity tool_choice tools top_p top_logprobs truncation usage "
      "input_tokens input_tokens_details cached_tokens output_tokens output_tokens_details "
      "reasoning_tokens total_tokens user metadata background conversation prompt "
      "prompt_cache_key prompt_cache_retention safety_identifier service_tier billing payer "
      "frequency_penalty presence_penalty content annotations logprobs token logprob bytes "
      "top_logprobs refusal arguments call_id name namespace encrypted_content queries results "
      "file_id filename score attributes action query url sources pattern title start_index "
      "end_index index container_id outputs logs result revised_prompt server_label "
      "approval_request_id input code operation diff path commands command timeout_ms "
      "max_output_length "
      "stdout stderr outcome exit_code phase "
      "sequence_number response item item_id output_index content_index summary_index part delta "
      "obfuscation annotation annotation_index partial_image_index partial_image_b64 "
      "command_index transcript "
      "description parameters strict schema input_schema syntax definition vector_store_ids "
      "max_num_results filters ranking_options ranker score_threshold search_context_size "
      "user_location city country region timezone display_width display_height environment "
      "container server_url server_description headers allowed_tools tool_names require_approval "
      "background quality size output_format moderation "
      "data first_id last_id has_more deleted"));
  return names;
}

const Set& ProtocolNumbers() {
  static const auto& names = *new Set(Words(
      "id object model role type code param status index item_id sequence_number output_index "
      "content_index summary_index annotation_index command_index partial_image_index start_index "
      "end_index created_at completed_at exit_code"));
  return names;
}

const Set& Media() {
  static const auto& names =
      *new Set{"image_url", "image_url/url", "file_data",         "audio/data",
               "result",    "b64_json",      "partial_image_b64", "input_audio/data"};
  return names;
}

const Set& Sealed() {
  static const auto& names = *new Set{"encrypted_content", "signature"};
  return names;
}

const Set& OtherTypes() {
  static const auto& types = *new Set(Words(
      "error keepalive ping "
      "response.created response.queued response.in_progress response.completed response.failed "
      "response.incomplete response.cancelled response.output_item.added response.output_item.done "
      "response.content_part.added response.content_part.done "
      "response.reasoning_summary_part.added response.reasoning_summary_part.done "
      "response.output_text.annotation.added "
      "response.file_search_call.in_progress response.file_search_call.searching "
      "response.file_search_call.completed "
      "response.web_search_call.in_progress response.web_search_call.searching "
      "response.web_search_call.completed "
      "response.code_interpreter_call.in_progress response.code_interpreter_call.interpreting "
      "response.code_interpreter_call.completed "
      "response.image_generation_call.in_progress response.image_generation_call.generating "
      "response.image_generation_call.partial_image response.image_generation_call.completed "
      "response.mcp_call.in_progress response.mcp_call.completed response.mcp_call.failed "
      "response.mcp_list_tools.in_progress response.mcp_list_tools.completed "
      "response.mcp_list_tools.failed "
      "response.shell_call_command.added"));
  return types;
}

bool IsError(const Value& root) {
  const Value error = root["error"];
  return error.is(Type::kObject) || error.is(Type::kString);
}

}  // namespace

const answers::MemberNames& AnswerMemberNames() {
  static const answers::MemberNames names{Documented(), ProtocolNumbers(), Media(), Sealed()};
  return names;
}

const StreamedText* FindStreamedText(absl::string_view type, bool& done) {
  if (!absl::ConsumePrefix(&type, kPrefix)) return nullptr;
  done = absl::ConsumeSuffix(&type, ".done");
  if (!done && !absl::ConsumeSuffix(&type, ".delta")) return nullptr;
  const auto text = std::find_if(std::begin(kTexts), std::end(kTexts),
                                 [&](const StreamedText& each) { return each.name == type; });
  return text == std::end(kTexts) ? nullptr : text;
}

bool IsKnownType(absl::string_view type) {
  bool done = false;
  return OtherTypes().contains(type) || FindStreamedText(type, done) != nullptr;
}

bool IsKnownEvent(const Value& root) {
  if (!root.is(Type::kObject)) return false;
  const absl::string_view type = root["type"].text();
  bool done = false;
  if (FindStreamedText(type, done) != nullptr && !done) return root["delta"].is(Type::kString);
  return IsKnownType(type) || (!root["type"].exists() && IsError(root));
}

bool IsKnownEventName(absl::string_view fields) {
  for (absl::string_view line : absl::StrSplit(fields, '\n')) {
    if (!absl::ConsumePrefix(&line, "event")) continue;
    if (!line.empty() && !absl::ConsumePrefix(&line, ":")) continue;  // another field
    absl::ConsumePrefix(&line, " ");
    if (!line.empty() && line != "message" && !IsKnownType(line)) return false;
  }
  return true;
}

bool IsKnownBody(const Value& root) {
  if (!root.is(Type::kObject)) return false;
  const absl::string_view object = root["object"].text();
  return IsError(root) || object == "response" || object == "response.deleted" ||
         object == "response.input_tokens" || object == "response.compaction" ||
         (object == "list" && root["data"].is(Type::kArray));
}

bool EndsStream(absl::string_view type) {
  return type == "response.completed" || type == "response.failed" ||
         type == "response.incomplete" || type == "response.cancelled";
}

}  // namespace countersign::dialects::openai::responses
