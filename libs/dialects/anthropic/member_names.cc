#include "libs/dialects/anthropic/member_names.h"

namespace countersign::dialects::anthropic {
namespace {

using Set = answers::MemberNames::Set;

// clang-format off
const Set& Numbers() {
  static const auto& names = *new Set{
      "index", "document_index", "start_char_index", "end_char_index", "start_page_number",
      "end_page_number", "start_block_index", "end_block_index", "search_result_index",
      "return_code", "num_lines", "start_line", "total_lines", "old_start", "old_lines",
      "new_start", "new_lines", "input_tokens", "cleared_tool_uses", "cleared_input_tokens",
      "cleared_thinking_turns", "max_input_tokens", "max_tokens", "processing", "succeeded",
      "errored", "canceled", "expired", "estimated_tokens", "original_input_tokens"};
  return names;
}

const Set& Documented() {
  static const auto& names = *new Set([] {
    Set all{
        "type", "message", "id", "role", "content", "model", "stop_reason", "stop_sequence",
        "stop_details", "usage", "delta", "content_block", "text", "partial_json", "thinking",
        "signature", "data", "citation", "citations", "cited_text", "document_title", "file_id",
        "name", "input", "caller", "tool_id", "tool_use_id", "is_error", "server_name", "error",
        "request_id", "error_code", "url", "title", "source", "encrypted_index",
        "encrypted_content", "page_age", "stdout", "stderr", "encrypted_stdout", "retrieved_at",
        "media_type", "file_type", "lines", "is_file_update", "tool_references", "tool_name",
        "container", "expires_at", "skills", "skill_id", "version", "context_management",
        "applied_edits", "output_tokens", "cache_creation_input_tokens",
        "cache_read_input_tokens", "cache_creation", "ephemeral_5m_input_tokens",
        "ephemeral_1h_input_tokens", "server_tool_use", "web_search_requests",
        "web_fetch_requests", "service_tier", "inference_geo", "speed", "iterations",
        "display_name", "created_at", "capabilities", "supported", "has_more", "first_id",
        "last_id", "processing_status", "request_counts", "ended_at", "archived_at",
        "cancel_initiated_at", "results_url", "custom_id", "result"};
    all.insert(Numbers().begin(), Numbers().end());
    return all;
  }());
  return names;
}

// What the model's server has encrypted or signed, and wants back unchanged.
const Set& Sealed() {
  static const auto& names = *new Set{"signature", "encrypted_content", "encrypted_index",
                                      "encrypted_stdout", "content_block/data", "content/data"};
  return names;
}

const Set& Media() {
  static const auto& names = *new Set{"source/data"};
  return names;
}

const Set& EventTypes() {
  static const auto& names = *new Set{
      "message_start", "content_block_start", "content_block_delta", "content_block_stop",
      "message_delta", "message_stop", "ping", "error"};
  return names;
}

const Set& DeltaTypes() {
  static const auto& names = *new Set{"text_delta", "input_json_delta", "thinking_delta",
                                      "signature_delta", "citations_delta", "compaction_delta"};
  return names;
}

const Set& BlockTypes() {
  static const auto& names = *new Set{
      "text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "mcp_tool_use",
      "mcp_tool_result", "web_search_tool_result", "web_fetch_tool_result",
      "code_execution_tool_result", "bash_code_execution_tool_result",
      "text_editor_code_execution_tool_result", "tool_search_tool_result", "container_upload",
      "compaction", "advisor_tool_result", "fallback"};
  return names;
}
// clang-format on

}  // namespace

const answers::MemberNames& AnswerMemberNames() {
  static const answers::MemberNames names{Documented(), Numbers(), Media(), Sealed()};
  return names;
}

bool IsEventType(absl::string_view type) { return EventTypes().contains(type); }
bool IsDeltaType(absl::string_view type) { return DeltaTypes().contains(type); }
bool IsBlockType(absl::string_view type) { return BlockTypes().contains(type); }

}  // namespace countersign::dialects::anthropic
