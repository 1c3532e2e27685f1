#include "libs/dialects/openai/responses/request_schema.h"

#include <vector>

#include "libs/dialects/openai/requests/json_schema_words.h"

namespace countersign::dialects::openai::responses {
namespace {

using members::Kind;
using members::Rule;

// Which role the texts of an item have that names none.
constexpr absl::string_view kRoles =
    "function_call:assistant custom_tool_call:assistant reasoning:assistant "
    "computer_call:assistant file_search_call:assistant web_search_call:assistant "
    "code_interpreter_call:assistant local_shell_call:assistant shell_call:assistant "
    "apply_patch_call:assistant mcp_call:assistant mcp_list_tools:assistant "
    "mcp_approval_request:assistant image_generation_call:assistant compaction:assistant "
    "function_call_output:tool custom_tool_call_output:tool computer_call_output:tool "
    "local_shell_call_output:tool shell_call_output:tool apply_patch_call_output:tool";
constexpr absl::string_view kItems =
    "message function_call function_call_output custom_tool_call custom_tool_call_output reasoning "
    "item_reference computer_call computer_call_output file_search_call web_search_call "
    "code_interpreter_call local_shell_call local_shell_call_output shell_call shell_call_output "
    "apply_patch_call apply_patch_call_output mcp_call mcp_list_tools mcp_approval_request "
    "mcp_approval_response image_generation_call compaction";
constexpr absl::string_view kItemIds =
    "msg_ fc_ fco_ rs_ cu_ cuo_ fs_ ws_ ci_ lsh_ lsho_ sh_ sho_ apc_ apco_ mcp_ mcpl_ mcpr_ mcpa_ "
    "ig_ ctc_ ctco_ cmp_ call_";
constexpr absl::string_view kStates =
    "in_progress completed incomplete searching interpreting generating calling failed";
constexpr absl::string_view kCallIds = "call_ chatcmpl-tool- toolu_ fc_ ctc_ tool_call_";
constexpr absl::string_view kParts =
    "input_text output_text refusal input_image input_file input_audio reasoning_text summary_text";
constexpr absl::string_view kFileIds = "file- file_ assistant- cfile_";
constexpr absl::string_view kTools =
    "function custom file_search web_search web_search_2025_08_26 web_search_preview "
    "web_search_preview_2025_03_11 computer computer_use computer_use_preview code_interpreter "
    "image_generation local_shell shell apply_patch mcp";
constexpr absl::string_view kToolChoices =
    "function custom allowed_tools file_search web_search web_search_preview "
    "web_search_preview_2025_03_11 computer computer_use computer_use_preview code_interpreter "
    "image_generation local_shell shell apply_patch mcp";
constexpr absl::string_view kIncludes =
    "web_search_call.results web_search_call.action.sources code_interpreter_call.outputs "
    "computer_call_output.output.image_url file_search_call.results "
    "message.input_image.image_url message.output_text.logprobs reasoning.encrypted_content";
constexpr absl::string_view kKeywords = requests::kJsonSchemaKeywords;
constexpr absl::string_view kTypes = requests::kJsonSchemaTypes;

// clang-format off
const std::vector<Rule>& ResponsesRules() {
  static const auto& rules = *new std::vector<Rule>{
      {"/model", Kind::kModelId},
      {"/instructions", Kind::kText, "", "system"},
      {"/input", Kind::kText},
      {"/input/*", Kind::kMessage, kRoles},
      {"/input/*/type", Kind::kChoice, kItems},
      {"/input/*/role", Kind::kChoice, "system developer user assistant tool"},
      {"/input/*/id", Kind::kId, kItemIds},
      {"/input/*/status", Kind::kChoice, kStates},
      {"/input/*/phase", Kind::kChoice, "commentary final_answer"},
      {"/input/*/call_id", Kind::kId, kCallIds},
      {"/input/*/name", Kind::kText},
      {"/input/*/namespace", Kind::kText},
      {"/input/*/content", Kind::kParts},
      {"/input/*/content/*", Kind::kJoinedText},
      {"/input/*/content/*/type", Kind::kChoice, kParts},
      {"/input/*/content/*/text", Kind::kJoinedText},
      {"/input/*/content/*/refusal", Kind::kJoinedText},
      {"/input/*/content/*/image_url", Kind::kMedia},
      {"/input/*/content/*/detail", Kind::kChoice, "auto low high original"},
      {"/input/*/content/*/file_data", Kind::kMedia},
      {"/input/*/content/*/file_id", Kind::kId, kFileIds},
      {"/input/*/content/*/file_url", Kind::kText},
      {"/input/*/content/*/filename", Kind::kText},
      {"/input/*/content/*/input_audio", Kind::kObject},
      {"/input/*/content/*/input_audio/data", Kind::kMedia},
      {"/input/*/content/*/input_audio/format", Kind::kChoice, "wav mp3"},
      {"/input/*/content/*/annotations", Kind::kObject},
      {"/input/*/content/*/annotations/*", Kind::kObject},
      {"/input/*/content/*/annotations/*/type", Kind::kChoice,
       "file_citation url_citation container_file_citation file_path"},
      {"/input/*/content/*/annotations/*/start_index", Kind::kNumber},
      {"/input/*/content/*/annotations/*/end_index", Kind::kNumber},
      {"/input/*/content/*/annotations/*/index", Kind::kNumber},
      {"/input/*/content/*/annotations/*/url", Kind::kText},
      {"/input/*/content/*/annotations/*/title", Kind::kText},
      {"/input/*/content/*/annotations/*/filename", Kind::kText},
      {"/input/*/content/*/annotations/*/file_id", Kind::kId, kFileIds},
      {"/input/*/content/*/annotations/*/container_id", Kind::kId, "cntr_"},
      {"/input/*/content/*/logprobs", Kind::kText},
      {"/input/*/content/*/prompt_cache_breakpoint", Kind::kObject},
      {"/input/*/content/*/prompt_cache_breakpoint/mode", Kind::kChoice, "explicit"},
      {"/input/*/content/*/prompt_cache_breakpoint/ttl", Kind::kChoice, "30m 12h"},
      {"/input/*/arguments", Kind::kText},
      {"/input/*/input", Kind::kText},
      {"/input/*/output", Kind::kParts},
      {"/input/*/output/*", Kind::kJoinedText},
      {"/input/*/output/*/type", Kind::kChoice, kParts},
      {"/input/*/output/*/text", Kind::kJoinedText},
      {"/input/*/output/*/refusal", Kind::kJoinedText},
      {"/input/*/output/*/image_url", Kind::kMedia},
      {"/input/*/output/*/detail", Kind::kChoice, "auto low high original"},
      {"/input/*/output/*/file_data", Kind::kMedia},
      {"/input/*/output/*/file_id", Kind::kId, kFileIds},
      {"/input/*/output/*/file_url", Kind::kText},
      {"/input/*/output/*/filename", Kind::kText},
      {"/input/*/output/*/stdout", Kind::kText},
      {"/input/*/output/*/stderr", Kind::kText},
      {"/input/*/output/*/outcome", Kind::kObject},
      {"/input/*/output/*/outcome/type", Kind::kChoice, "timeout exit"},
      {"/input/*/output/*/outcome/exit_code", Kind::kNumber},
      {"/input/*/output/type", Kind::kChoice, "computer_screenshot"},
      {"/input/*/output/image_url", Kind::kMedia},
      {"/input/*/output/file_id", Kind::kId, kFileIds},
      {"/input/*/encrypted_content", Kind::kOpaque},
      {"/input/*/summary", Kind::kParts},
      {"/input/*/summary/*", Kind::kJoinedText},
      {"/input/*/summary/*/type", Kind::kChoice, "summary_text"},
      {"/input/*/summary/*/text", Kind::kJoinedText},
      {"/input/*/action", Kind::kObject},
      {"/input/*/action/type", Kind::kChoice,
       "search open_page find_in_page exec click double_click drag keypress move screenshot scroll "
       "type wait"},
      {"/input/*/action/button", Kind::kChoice, "left right wheel back forward"},
      {"/input/*/action/x", Kind::kNumber},
      {"/input/*/action/y", Kind::kNumber},
      {"/input/*/action/scroll_x", Kind::kNumber},
      {"/input/*/action/scroll_y", Kind::kNumber},
      {"/input/*/action/timeout_ms", Kind::kNumber},
      {"/input/*/action/max_output_length", Kind::kNumber},
      {"/input/*/action/path", Kind::kText},
      {"/input/*/action/path/*", Kind::kObject},
      {"/input/*/action/path/*/x", Kind::kNumber},
      {"/input/*/action/path/*/y", Kind::kNumber},
      {"/input/*/action/query", Kind::kText},
      {"/input/*/action/queries", Kind::kText},
      {"/input/*/action/url", Kind::kText},
      {"/input/*/action/pattern", Kind::kText},
      {"/input/*/action/text", Kind::kText},
      {"/input/*/action/keys", Kind::kText},
      {"/input/*/action/command", Kind::kText},
      {"/input/*/action/commands", Kind::kText},
      {"/input/*/action/env", Kind::kText},
      {"/input/*/action/user", Kind::kText},
      {"/input/*/action/working_directory", Kind::kText},
      {"/input/*/action/sources", Kind::kObject},
      {"/input/*/action/sources/*", Kind::kObject},
      {"/input/*/action/sources/*/type", Kind::kChoice, "url"},
      {"/input/*/action/sources/*/url", Kind::kText},
      {"/input/*/actions", Kind::kText},
      {"/input/*/pending_safety_checks", Kind::kObject},
      {"/input/*/pending_safety_checks/*", Kind::kObject},
      {"/input/*/pending_safety_checks/*/id", Kind::kId, "cu_sc_ sc_"},
      {"/input/*/pending_safety_checks/*/code", Kind::kText},
      {"/input/*/pending_safety_checks/*/message", Kind::kText},
      {"/input/*/acknowledged_safety_checks", Kind::kObject},
      {"/input/*/acknowledged_safety_checks/*", Kind::kObject},
      {"/input/*/acknowledged_safety_checks/*/id", Kind::kId, "cu_sc_ sc_"},
      {"/input/*/acknowledged_safety_checks/*/code", Kind::kText},
      {"/input/*/acknowledged_safety_checks/*/message", Kind::kText},
      {"/input/*/queries", Kind::kText},
      {"/input/*/results", Kind::kObject},
      {"/input/*/results/*", Kind::kObject},
      {"/input/*/results/*/file_id", Kind::kId, kFileIds},
      {"/input/*/results/*/score", Kind::kNumber},
      {"/input/*/results/*/filename", Kind::kText},
      {"/input/*/results/*/text", Kind::kText},
      {"/input/*/results/*/attributes", Kind::kText},
      {"/input/*/code", Kind::kText},
      {"/input/*/container_id", Kind::kId, "cntr_"},
      {"/input/*/outputs", Kind::kObject},
      {"/input/*/outputs/*", Kind::kObject},
      {"/input/*/outputs/*/type", Kind::kChoice, "logs image"},
      {"/input/*/outputs/*/logs", Kind::kText},
      {"/input/*/outputs/*/url", Kind::kText},
      {"/input/*/operation", Kind::kObject},
      {"/input/*/operation/type", Kind::kChoice, "create_file delete_file update_file"},
      {"/input/*/operation/diff", Kind::kText},
      {"/input/*/operation/path", Kind::kText},
      {"/input/*/server_label", Kind::kText},
      {"/input/*/error", Kind::kText},
      {"/input/*/approval_request_id", Kind::kId, "mcpr_"},
      {"/input/*/approve", Kind::kObject},
      {"/input/*/reason", Kind::kText},
      {"/input/*/result", Kind::kMedia},
      {"/input/*/revised_prompt", Kind::kText},

      {"/tools", Kind::kObject, "", "system"},
      {"/tools/*", Kind::kObject},
      {"/tools/*/type", Kind::kChoice, kTools},
      {"/tools/*/name", Kind::kText},
      {"/tools/*/description", Kind::kText},
      {"/tools/*/strict", Kind::kObject},
      {"/tools/*/async", Kind::kObject},
      {"/tools/*/defer_loading", Kind::kObject},
      {"/tools/*/external_web_access", Kind::kObject},
      {"/tools/*/parameters", Kind::kSchema, kKeywords},
      {"/tools/*/parameters/type", Kind::kChoice, kTypes},
      {"/tools/*/parameters/type/*", Kind::kChoice, kTypes},
      {"/tools/*/format", Kind::kObject},
      {"/tools/*/format/type", Kind::kChoice, "text grammar"},
      {"/tools/*/format/syntax", Kind::kChoice, "lark regex"},
      {"/tools/*/format/definition", Kind::kText},
      {"/tools/*/vector_store_ids", Kind::kObject},
      {"/tools/*/vector_store_ids/*", Kind::kId, "vs_"},
      {"/tools/*/max_num_results", Kind::kNumber},
      {"/tools/*/filters", Kind::kText},
      {"/tools/*/filters/allowed_domains", Kind::kText},
      {"/tools/*/ranking_options", Kind::kObject},
      {"/tools/*/ranking_options/ranker", Kind::kChoice, "auto default-2024-11-15"},
      {"/tools/*/ranking_options/score_threshold", Kind::kNumber},
      {"/tools/*/search_context_size", Kind::kChoice, "low medium high"},
      {"/tools/*/user_location", Kind::kObject},
      {"/tools/*/user_location/type", Kind::kChoice, "approximate"},
      {"/tools/*/user_location/city", Kind::kText},
      {"/tools/*/user_location/country", Kind::kText},
      {"/tools/*/user_location/region", Kind::kText},
      {"/tools/*/user_location/timezone", Kind::kText},
      {"/tools/*/display_width", Kind::kNumber},
      {"/tools/*/display_height", Kind::kNumber},
      {"/tools/*/partial_images", Kind::kNumber},
      {"/tools/*/output_compression", Kind::kNumber},
      {"/tools/*/environment", Kind::kChoice, "windows mac linux ubuntu browser"},
      {"/tools/*/container", Kind::kId, "cntr_"},
      {"/tools/*/container/type", Kind::kChoice, "auto"},
      {"/tools/*/container/file_ids", Kind::kObject},
      {"/tools/*/container/file_ids/*", Kind::kId, kFileIds},
      {"/tools/*/container/memory_limit", Kind::kChoice, "1g 4g 16g 64g"},
      {"/tools/*/server_label", Kind::kText},
      {"/tools/*/server_url", Kind::kText},
      {"/tools/*/server_description", Kind::kText},
      {"/tools/*/connector_id", Kind::kText},
      {"/tools/*/authorization", Kind::kText},
      {"/tools/*/headers", Kind::kText},
      {"/tools/*/allowed_tools", Kind::kText},
      {"/tools/*/allowed_tools/tool_names", Kind::kText},
      {"/tools/*/allowed_tools/read_only", Kind::kObject},
      {"/tools/*/require_approval", Kind::kChoice, "always never"},
      {"/tools/*/require_approval/always", Kind::kObject},
      {"/tools/*/require_approval/always/tool_names", Kind::kText},
      {"/tools/*/require_approval/always/read_only", Kind::kObject},
      {"/tools/*/require_approval/never", Kind::kObject},
      {"/tools/*/require_approval/never/tool_names", Kind::kText},
      {"/tools/*/require_approval/never/read_only", Kind::kObject},
      {"/tools/*/background", Kind::kChoice, "transparent opaque auto"},
      {"/tools/*/quality", Kind::kChoice, "low medium high xhigh max auto"},
      {"/tools/*/output_format", Kind::kChoice, "png webp jpeg"},
      {"/tools/*/size", Kind::kChoice, "auto 1024x1024 1024x1536 1536x1024"},
      {"/tools/*/moderation", Kind::kChoice, "auto low"},
      {"/tools/*/input_fidelity", Kind::kChoice, "high low"},
      {"/tools/*/input_image_mask", Kind::kObject},
      {"/tools/*/input_image_mask/image_url", Kind::kMedia},
      {"/tools/*/input_image_mask/file_id", Kind::kId, kFileIds},
      {"/tools/*/model", Kind::kText},
      {"/tool_choice", Kind::kChoice, "none auto required", "system"},
      {"/tool_choice/type", Kind::kChoice, kToolChoices},
      {"/tool_choice/name", Kind::kText},
      {"/tool_choice/server_label", Kind::kText},
      {"/tool_choice/mode", Kind::kChoice, "auto required"},
      {"/tool_choice/tools", Kind::kObject},
      {"/tool_choice/tools/*", Kind::kObject},
      {"/tool_choice/tools/*/type", Kind::kChoice, kTools},
      {"/tool_choice/tools/*/name", Kind::kText},
      {"/tool_choice/tools/*/server_label", Kind::kText},
      {"/parallel_tool_calls", Kind::kObject},
      {"/text", Kind::kObject, "", "system"},
      {"/text/verbosity", Kind::kChoice, "low medium high"},
      {"/text/format", Kind::kObject},
      {"/text/format/type", Kind::kChoice, "text json_object json_schema"},
      {"/text/format/name", Kind::kText},
      {"/text/format/description", Kind::kText},
      {"/text/format/strict", Kind::kObject},
      {"/text/format/schema", Kind::kSchema, kKeywords},
      {"/text/format/schema/type", Kind::kChoice, kTypes},
      {"/text/format/schema/type/*", Kind::kChoice, kTypes},
      {"/prompt", Kind::kObject, "", "system"},
      {"/prompt/id", Kind::kText},
      {"/prompt/version", Kind::kText},
      {"/prompt/variables", Kind::kText, "", "user"},

      {"/previous_response_id", Kind::kId, "resp_"},
      {"/conversation", Kind::kId, "conv_"},
      {"/conversation/id", Kind::kId, "conv_"},
      {"/background", Kind::kObject},
      {"/store", Kind::kObject},
      {"/stream", Kind::kObject},
      {"/stream_options", Kind::kObject},
      {"/stream_options/include_obfuscation", Kind::kObject},
      {"/include", Kind::kObject},
      {"/include/*", Kind::kChoice, kIncludes},
      {"/reasoning", Kind::kObject},
      {"/reasoning/effort", Kind::kChoice, "none minimal low medium high xhigh max"},
      {"/reasoning/summary", Kind::kChoice, "auto concise detailed"},
      {"/reasoning/generate_summary", Kind::kChoice, "auto concise detailed"},
      {"/truncation", Kind::kChoice, "auto disabled"},
      {"/context_management", Kind::kObject},
      {"/context_management/*", Kind::kObject},
      {"/context_management/*/type", Kind::kChoice, "compaction"},
      {"/context_management/*/compact_threshold", Kind::kNumber},
      {"/service_tier", Kind::kChoice, "auto default flex scale priority"},
      {"/user", Kind::kText},
      {"/safety_identifier", Kind::kText},
      {"/prompt_cache_key", Kind::kText},
      {"/metadata", Kind::kText},
      {"/prompt_cache_retention", Kind::kChoice, "in_memory in-memory 24h"},
      {"/max_output_tokens", Kind::kNumber},
      {"/max_tool_calls", Kind::kNumber},
      {"/temperature", Kind::kNumber},
      {"/top_p", Kind::kNumber},
      {"/top_logprobs", Kind::kNumber},
      {"/seed", Kind::kNumber},
      {"/presence_penalty", Kind::kNumber},
      {"/frequency_penalty", Kind::kNumber}};
  return rules;
}
// clang-format on

}  // namespace

const members::Schema& ResponsesSchema() {
  static const auto& schema = *new members::Schema("responses", ResponsesRules());
  return schema;
}

}  // namespace countersign::dialects::openai::responses
