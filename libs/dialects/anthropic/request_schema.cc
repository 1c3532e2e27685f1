#include "libs/dialects/anthropic/request_schema.h"

#include <deque>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace countersign::dialects::anthropic {
namespace {

using members::Kind;
using members::Rule;
using Rules = std::vector<Rule>;

constexpr absl::string_view kCallIds = "toolu_ srvtoolu_ mcptoolu_ call_ tooluse_";
constexpr absl::string_view kKeywords =
    "type properties required items prefixItems enum const default description title examples "
    "format pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength "
    "maxLength minItems maxItems uniqueItems minProperties maxProperties additionalProperties "
    "patternProperties propertyNames anyOf oneOf allOf not if then else $ref $defs definitions "
    "$schema $id nullable deprecated readOnly writeOnly strict";
constexpr absl::string_view kTypes = "object array string number integer boolean null";
constexpr absl::string_view kBlockTypes =
    "text image document search_result thinking redacted_thinking tool_use tool_result "
    "server_tool_use web_search_tool_result web_fetch_tool_result code_execution_tool_result "
    "bash_code_execution_tool_result text_editor_code_execution_tool_result "
    "tool_search_tool_result mcp_tool_use mcp_tool_result container_upload compaction "
    "advisor_tool_result browser_state fallback";
constexpr absl::string_view kResultTypes =
    "text image document search_result tool_reference web_search_result web_fetch_result "
    "web_search_tool_result_error web_fetch_tool_result_error code_execution_result "
    "code_execution_output code_execution_tool_result_error encrypted_code_execution_result "
    "bash_code_execution_result bash_code_execution_output bash_code_execution_tool_result_error "
    "text_editor_code_execution_view_result text_editor_code_execution_create_result "
    "text_editor_code_execution_str_replace_result text_editor_code_execution_tool_result_error "
    "tool_search_tool_search_result tool_search_tool_result_error";
constexpr absl::string_view kToolTypes =
    "custom bash_20241022 bash_20250124 text_editor_20241022 text_editor_20250124 "
    "text_editor_20250429 text_editor_20250728 computer_20241022 computer_20250124 "
    "computer_20251124 computer_toolset_20260801 browser_toolset_20260801 advisor_20260301 "
    "web_search_20250305 web_search_20260209 web_search_20260318 web_fetch_20250910 "
    "web_fetch_20260209 web_fetch_20260309 web_fetch_20260318 code_execution_20250522 "
    "code_execution_20250825 code_execution_20260120 code_execution_20260521 "
    "memory_20250818 tool_search_tool_regex_20251119 tool_search_tool_bm25_20251119 "
    "tool_search_tool_regex tool_search_tool_bm25 mcp_toolset";
constexpr absl::string_view kCallers =
    "direct code_execution_20250825 code_execution_20260120 code_execution_20260521";

// clang-format off
const Rules& CacheControl() {
  static const auto& rules = *new Rules{
      {"/cache_control", Kind::kObject},
      {"/cache_control/type", Kind::kChoice, "ephemeral"},
      {"/cache_control/ttl", Kind::kChoice, "5m 1h"},
      {"/cache_control/scope", Kind::kChoice, "global organization"}};
  return rules;
}

const Rules& Citations() {
  static const auto& rules = *new Rules{
      {"/citations", Kind::kObject},
      {"/citations/enabled", Kind::kObject},
      {"/citations/*", Kind::kObject},
      {"/citations/*/type", Kind::kChoice,
       "char_location page_location content_block_location web_search_result_location "
       "search_result_location"},
      {"/citations/*/cited_text", Kind::kText},
      {"/citations/*/document_index", Kind::kNumber},
      {"/citations/*/document_title", Kind::kText},
      {"/citations/*/start_char_index", Kind::kNumber},
      {"/citations/*/end_char_index", Kind::kNumber},
      {"/citations/*/start_page_number", Kind::kNumber},
      {"/citations/*/end_page_number", Kind::kNumber},
      {"/citations/*/start_block_index", Kind::kNumber},
      {"/citations/*/end_block_index", Kind::kNumber},
      {"/citations/*/search_result_index", Kind::kNumber},
      {"/citations/*/file_id", Kind::kId, "file_"},
      {"/citations/*/url", Kind::kText},
      {"/citations/*/title", Kind::kText},
      {"/citations/*/source", Kind::kText},
      {"/citations/*/encrypted_index", Kind::kOpaque}};
  return rules;
}

// Of an image or a document; a search result has a string there.
const Rules& Source() {
  static const auto& rules = *new Rules{
      {"/source", Kind::kText},
      {"/source/type", Kind::kChoice, "base64 url file text content"},
      {"/source/media_type", Kind::kChoice,
       "image/jpeg image/png image/gif image/webp application/pdf text/plain"},
      {"/source/data", Kind::kMedia},
      {"/source/url", Kind::kText},
      {"/source/file_id", Kind::kId, "file_"},
      {"/source/content", Kind::kText},
      {"/source/content/*", Kind::kText},
      {"/source/content/*/type", Kind::kChoice, "text image"},
      {"/source/content/*/text", Kind::kText},
      {"/source/content/*/source", Kind::kObject},
      {"/source/content/*/source/type", Kind::kChoice, "base64 url file"},
      {"/source/content/*/source/media_type", Kind::kChoice,
       "image/jpeg image/png image/gif image/webp"},
      {"/source/content/*/source/data", Kind::kMedia},
      {"/source/content/*/source/url", Kind::kText},
      {"/source/content/*/source/file_id", Kind::kId, "file_"}};
  return rules;
}

// The result of a tool: a string, blocks, or one object.
const Rules& ResultBlock() {
  static const auto& rules = *new Rules{
      {"/type", Kind::kChoice, kResultTypes},
      {"/text", Kind::kText},
      {"/title", Kind::kText},
      {"/context", Kind::kText},
      {"/url", Kind::kText},
      {"/page_age", Kind::kText},
      {"/encrypted_content", Kind::kOpaque},
      {"/file_id", Kind::kId, "file_"},
      {"/tool_name", Kind::kText},
      {"/error_code", Kind::kText},
      {"/stdout", Kind::kText},
      {"/stderr", Kind::kText},
      {"/encrypted_stdout", Kind::kOpaque},
      {"/return_code", Kind::kNumber},
      {"/retrieved_at", Kind::kText},
      {"/tool_references", Kind::kObject},
      {"/tool_references/*", Kind::kObject},
      {"/tool_references/*/type", Kind::kChoice, "tool_reference"},
      {"/tool_references/*/tool_name", Kind::kText},
      {"/file_type", Kind::kChoice, "text image pdf"},
      {"/num_lines", Kind::kNumber},
      {"/start_line", Kind::kNumber},
      {"/total_lines", Kind::kNumber},
      {"/is_file_update", Kind::kObject},
      {"/old_start", Kind::kNumber},
      {"/old_lines", Kind::kNumber},
      {"/new_start", Kind::kNumber},
      {"/new_lines", Kind::kNumber},
      {"/lines", Kind::kText},
      {"/lines/*", Kind::kText},
      {"/content", Kind::kText},
      {"/content/type", Kind::kChoice, "document"},
      {"/content/title", Kind::kText},
      {"/content/*", Kind::kText},
      {"/content/*/type", Kind::kChoice,
       "text code_execution_output bash_code_execution_output"},
      {"/content/*/text", Kind::kText},
      {"/content/*/file_id", Kind::kId, "file_"}};
  return rules;
}

const Rules& MessageBlock() {
  static const auto& rules = *new Rules{
      {"/type", Kind::kChoice, kBlockTypes},
      {"/text", Kind::kJoinedText},
      {"/title", Kind::kText},
      {"/context", Kind::kText},
      {"/id", Kind::kId, kCallIds},
      {"/name", Kind::kText},
      {"/server_name", Kind::kText},
      {"/input", Kind::kText},
      {"/caller", Kind::kObject},
      {"/caller/type", Kind::kChoice, kCallers},
      {"/caller/tool_id", Kind::kId, kCallIds},
      {"/tool_use_id", Kind::kId, kCallIds},
      {"/is_error", Kind::kObject},
      {"/thinking", Kind::kSigned},
      {"/signature", Kind::kOpaque},
      {"/data", Kind::kOpaque},
      {"/file_id", Kind::kId, "file_"},
      {"/content", Kind::kText, "", "tool"},
      {"/content/*", Kind::kText}};
  return rules;
}

const Rules& Tool() {
  static const auto& rules = *new Rules{
      {"/type", Kind::kChoice, kToolTypes},
      {"/name", Kind::kText},
      {"/description", Kind::kText},
      {"/strict", Kind::kObject},
      {"/eager_input_streaming", Kind::kObject},
      {"/defer_loading", Kind::kObject},
      {"/allowed_callers", Kind::kObject},
      {"/allowed_callers/*", Kind::kChoice, kCallers},
      {"/input_examples", Kind::kText},
      {"/input_schema", Kind::kSchema, kKeywords},
      {"/input_schema/type", Kind::kChoice, kTypes},
      {"/input_schema/type/*", Kind::kChoice, kTypes},
      {"/max_uses", Kind::kNumber},
      {"/max_content_tokens", Kind::kNumber},
      {"/max_characters", Kind::kNumber},
      {"/allowed_domains", Kind::kText},
      {"/allowed_domains/*", Kind::kText},
      {"/blocked_domains", Kind::kText},
      {"/blocked_domains/*", Kind::kText},
      {"/citations", Kind::kObject},
      {"/citations/enabled", Kind::kObject},
      {"/user_location", Kind::kObject},
      {"/user_location/type", Kind::kChoice, "approximate"},
      {"/user_location/city", Kind::kText},
      {"/user_location/region", Kind::kText},
      {"/user_location/country", Kind::kText},
      {"/user_location/timezone", Kind::kText},
      {"/display_width_px", Kind::kNumber},
      {"/display_height_px", Kind::kNumber},
      {"/display_number", Kind::kNumber},
      {"/enable_zoom", Kind::kObject},
      {"/mcp_server_name", Kind::kText},
      {"/default_config", Kind::kObject},
      {"/default_config/enabled", Kind::kObject},
      {"/default_config/defer_loading", Kind::kObject},
      {"/configs", Kind::kText}};
  return rules;
}

// What a request for tokens has, too.
const Rules& Settings() {
  static const auto& rules = *new Rules{
      {"/tool_choice", Kind::kObject, "", "system"},
      {"/tool_choice/type", Kind::kChoice, "auto any tool none"},
      {"/tool_choice/name", Kind::kText},
      {"/tool_choice/disable_parallel_tool_use", Kind::kObject},
      {"/thinking", Kind::kObject},
      {"/thinking/type", Kind::kChoice, "enabled disabled adaptive"},
      {"/thinking/budget_tokens", Kind::kNumber},
      {"/thinking/display", Kind::kChoice, "summarized omitted"},
      {"/output_config", Kind::kObject, "", "system"},
      {"/output_config/effort", Kind::kChoice, "low medium high xhigh max"},
      {"/output_config/format", Kind::kObject},
      {"/output_config/format/type", Kind::kChoice, "json_schema"},
      {"/output_config/format/schema", Kind::kSchema, kKeywords},
      {"/output_config/format/schema/type", Kind::kChoice, kTypes},
      {"/output_config/format/schema/type/*", Kind::kChoice, kTypes},
      {"/output_format", Kind::kObject, "", "system"},
      {"/output_format/type", Kind::kChoice, "json_schema"},
      {"/output_format/schema", Kind::kSchema, kKeywords},
      {"/output_format/schema/type", Kind::kChoice, kTypes},
      {"/output_format/schema/type/*", Kind::kChoice, kTypes},
      {"/mcp_servers", Kind::kObject},
      {"/mcp_servers/*", Kind::kObject},
      {"/mcp_servers/*/type", Kind::kChoice, "url"},
      {"/mcp_servers/*/url", Kind::kText},
      {"/mcp_servers/*/name", Kind::kText},
      {"/mcp_servers/*/authorization_token", Kind::kText},
      {"/mcp_servers/*/tool_configuration", Kind::kObject},
      {"/mcp_servers/*/tool_configuration/enabled", Kind::kObject},
      {"/mcp_servers/*/tool_configuration/allowed_tools", Kind::kText},
      {"/mcp_servers/*/tool_configuration/allowed_tools/*", Kind::kText},
      {"/context_management", Kind::kObject},
      {"/context_management/edits", Kind::kObject},
      {"/context_management/edits/*", Kind::kObject},
      {"/context_management/edits/*/type", Kind::kChoice,
       "clear_tool_uses_20250919 clear_thinking_20251015 compact_20260112"},
      {"/context_management/edits/*/trigger", Kind::kObject},
      {"/context_management/edits/*/trigger/type", Kind::kChoice, "input_tokens tool_uses"},
      {"/context_management/edits/*/trigger/value", Kind::kNumber},
      {"/context_management/edits/*/keep", Kind::kChoice, "all"},
      {"/context_management/edits/*/keep/type", Kind::kChoice, "tool_uses thinking_turns all"},
      {"/context_management/edits/*/keep/value", Kind::kNumber},
      {"/context_management/edits/*/clear_at_least", Kind::kObject},
      {"/context_management/edits/*/clear_at_least/type", Kind::kChoice, "input_tokens"},
      {"/context_management/edits/*/clear_at_least/value", Kind::kNumber},
      {"/context_management/edits/*/clear_tool_inputs", Kind::kObject},
      {"/context_management/edits/*/exclude_tools", Kind::kText},
      {"/context_management/edits/*/exclude_tools/*", Kind::kText},
      {"/context_management/edits/*/pause_after_compaction", Kind::kObject},
      {"/context_management/edits/*/instructions", Kind::kText}};
  return rules;
}

const Rules& Sampling() {
  static const auto& rules = *new Rules{
      {"/max_tokens", Kind::kNumber},
      {"/temperature", Kind::kNumber},
      {"/top_p", Kind::kNumber},
      {"/top_k", Kind::kNumber},
      {"/stream", Kind::kObject},
      {"/stop_sequences", Kind::kText},
      {"/stop_sequences/*", Kind::kText},
      {"/metadata", Kind::kText},
      {"/metadata/user_id", Kind::kText},
      {"/service_tier", Kind::kChoice, "auto standard_only"},
      {"/inference_geo", Kind::kChoice, "us global"},
      {"/speed", Kind::kChoice, "standard fast"},
      {"/container", Kind::kId, "container_"},
      {"/container/id", Kind::kId, "container_"},
      {"/container/skills", Kind::kObject},
      {"/container/skills/*", Kind::kObject},
      {"/container/skills/*/type", Kind::kChoice, "anthropic custom"},
      {"/container/skills/*/skill_id", Kind::kText},
      {"/container/skills/*/version", Kind::kText}};
  return rules;
}
// clang-format on

// Rules with their full paths, which it keeps. Never destroyed.
class RuleList {
 public:
  RuleList& Add(const std::string& path, Kind kind, absl::string_view values = "",
                absl::string_view role = "") {
    rules_.push_back(Rule{paths_.emplace_back(path), kind, values, role});
    return *this;
  }
  RuleList& Add(const std::string& at, const Rules& below) {
    for (const Rule& rule : below) {
      Add(absl::StrCat(at, rule.path), rule.kind, rule.values, rule.role);
    }
    return *this;
  }
  // The members of one request, at `at`.
  RuleList& AddRequest(const std::string& at, bool with_sampling) {
    Add(absl::StrCat(at, "/model"), Kind::kModelId);
    Add(absl::StrCat(at, "/system"), Kind::kParts, "", "system");
    const std::string system = absl::StrCat(at, "/system/*");
    Add(system, Kind::kJoinedText).Add(absl::StrCat(system, "/type"), Kind::kChoice, "text");
    Add(absl::StrCat(system, "/text"), Kind::kJoinedText);
    Add(system, CacheControl()).Add(system, Citations());
    Add(absl::StrCat(at, "/messages"), Kind::kObject);
    const std::string message = absl::StrCat(at, "/messages/*");
    Add(message, Kind::kMessage);
    Add(absl::StrCat(message, "/role"), Kind::kChoice, "user assistant system");
    Add(absl::StrCat(message, "/content"), Kind::kParts);
    const std::string block = absl::StrCat(message, "/content/*");
    Add(block, Kind::kJoinedText).Add(block, MessageBlock());
    Add(block, Source()).Add(block, Citations()).Add(block, CacheControl());
    Add(absl::StrCat(block, "/content"), ResultBlock());
    const std::string result = absl::StrCat(block, "/content/*");
    Add(result, ResultBlock()).Add(result, Source()).Add(result, Citations());
    Add(result, CacheControl());
    Add(absl::StrCat(block, "/content/content"), Source());  // of a fetched document
    Add(absl::StrCat(at, "/tools"), Kind::kObject, "", "system");
    const std::string tool = absl::StrCat(at, "/tools/*");
    Add(tool, Kind::kObject).Add(tool, Tool()).Add(tool, CacheControl());
    Add(at, CacheControl()).Add(at, Settings());
    return with_sampling ? Add(at, Sampling()) : *this;
  }
  const Rules& rules() const { return rules_; }

 private:
  std::deque<std::string> paths_;
  Rules rules_;
};

}  // namespace

const members::Schema& MessagesSchema() {
  static const auto& rules = (new RuleList)->AddRequest("", true);
  static const auto& schema = *new members::Schema("messages", rules.rules());
  return schema;
}

const members::Schema& CountTokensSchema() {
  static const auto& rules = (new RuleList)->AddRequest("", false);
  static const auto& schema = *new members::Schema("messages.count_tokens", rules.rules());
  return schema;
}

const members::Schema& CreateBatchSchema() {
  static const auto& rules = []() -> RuleList& {
    RuleList& list = *new RuleList;
    list.Add("/requests", Kind::kObject).Add("/requests/*", Kind::kObject);
    list.Add("/requests/*/custom_id", Kind::kText);
    list.Add("/requests/*/params", Kind::kConversation);
    return list.AddRequest("/requests/*/params", true);
  }();
  static const auto& schema = *new members::Schema("messages.batches.create", rules.rules());
  return schema;
}

}  // namespace countersign::dialects::anthropic
