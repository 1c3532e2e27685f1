#include "services/approval/reviews/review_content.h"

#include "absl/strings/str_cat.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::approval::reviews {
namespace {

void WritePrompt(const domain::Prompt& prompt, json::Writer& writer) {
  writer.BeginObject();
  writer.Key("operation").String(prompt.operation);
  writer.Key("model").String(prompt.model);
  writer.Key("stream").Bool(prompt.stream);
  writer.Key("parts").BeginArray();
  for (const domain::TextPart& part : prompt.parts) {
    writer.BeginObject().Key("role").String(part.role);
    writer.Key("pointer").String(part.pointer).Key("text").String(part.text).EndObject();
  }
  writer.EndArray();
  writer.Key("media").BeginArray();
  for (const domain::MediaPart& part : prompt.media) {
    writer.BeginObject().Key("pointer").String(part.pointer).Key("type").String(part.type);
    writer.Key("size").Int(static_cast<std::int64_t>(part.size));
    writer.Key("sha256").String(part.sha256).EndObject();
  }
  writer.EndArray();
  writer.Key("members").BeginArray();
  for (const domain::PlainMember& member : prompt.members) {
    writer.BeginObject().Key("pointer").String(member.pointer);
    writer.Key("json").String(member.json).EndObject();
  }
  writer.EndArray();
  writer.Key("parameters").BeginObject();
  for (const auto& [name, number] : prompt.parameters) writer.Key(name).Number(number);
  writer.EndObject();
  writer.Key("tools").BeginArray();
  for (const std::string& tool : prompt.tools) writer.String(tool);
  writer.EndArray().EndObject();
}

void WriteHead(const domain::SentHead& head, json::Writer& writer) {
  writer.BeginObject().Key("method").String(head.method).Key("target").String(head.target);
  writer.Key("headers").BeginArray();
  for (const auto& [name, value] : head.headers) {
    writer.BeginObject().Key("name").String(name).Key("value").String(value).EndObject();
  }
  writer.EndArray().EndObject();
}

std::string Text(const json::Value& value) { return std::string(value.text()); }

std::size_t Offset(const json::Value& value) {
  return static_cast<std::size_t>(value.integer().value_or(0));
}

domain::SentHead ReadHead(const json::Value& value) {
  domain::SentHead head{Text(value["method"]), Text(value["target"]), {}};
  const json::Value headers = value["headers"];
  for (std::size_t i = 0; i < headers.size(); ++i) {
    head.headers.emplace_back(Text(headers.at(i)["name"]), Text(headers.at(i)["value"]));
  }
  return head;
}

domain::Prompt ReadPrompt(const json::Value& value) {
  domain::Prompt prompt;
  prompt.operation = Text(value["operation"]);
  prompt.model = Text(value["model"]);
  prompt.stream = value["stream"].boolean().value_or(false);
  const json::Value parts = value["parts"];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const json::Value part = parts.at(i);
    prompt.parts.push_back({Text(part["role"]), Text(part["pointer"]), Text(part["text"])});
  }
  const json::Value media = value["media"];
  for (std::size_t i = 0; i < media.size(); ++i) {
    const json::Value part = media.at(i);
    prompt.media.push_back(
        {Text(part["pointer"]), Text(part["type"]), Offset(part["size"]), Text(part["sha256"])});
  }
  const json::Value members = value["members"];
  for (std::size_t i = 0; i < members.size(); ++i) {
    const json::Value member = members.at(i);
    prompt.members.push_back({Text(member["pointer"]), Text(member["json"])});
  }
  const json::Value parameters = value["parameters"];
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    prompt.parameters[std::string(parameters.key(i))] = parameters.at(i).number().value_or(0);
  }
  const json::Value tools = value["tools"];
  for (std::size_t i = 0; i < tools.size(); ++i) prompt.tools.push_back(Text(tools.at(i)));
  return prompt;
}

}  // namespace

std::string EncodeReadable(const ReviewContent& content) {
  json::Writer writer;
  writer.BeginObject().Key("head");
  WriteHead(content.head, writer);
  writer.Key("prompt");
  WritePrompt(content.prompt, writer);
  writer.Key("findings").BeginArray();
  for (const domain::Finding& finding : content.findings) {
    writer.BeginObject().Key("policy").String(finding.policy);
    writer.Key("condition").String(finding.condition).Key("rule").String(finding.rule);
    writer.Key("part").Int(static_cast<std::int64_t>(finding.part));
    writer.Key("begin").Int(static_cast<std::int64_t>(finding.begin));
    writer.Key("end").Int(static_cast<std::int64_t>(finding.end)).EndObject();
  }
  writer.EndArray().EndObject();
  return writer.str();
}

absl::Status DecodeReadable(absl::string_view json, ReviewContent& content) {
  json::Limits limits;
  limits.max_bytes = std::size_t{1} << 30;  // the request's own limit applied when it arrived
  const auto document = json::Document::Parse(json, limits);
  if (!document.ok()) {
    return absl::DataLossError(
        absl::StrCat("the stored prompt cannot be read: ", document.status().message()));
  }
  const json::Value root = document->root();
  content.head = ReadHead(root["head"]);
  content.prompt = ReadPrompt(root["prompt"]);
  content.findings.clear();
  const json::Value findings = root["findings"];
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const json::Value finding = findings.at(i);
    domain::Finding& read = content.findings.emplace_back();
    read.policy = Text(finding["policy"]);
    read.condition = Text(finding["condition"]);
    read.rule = Text(finding["rule"]);
    read.part = Offset(finding["part"]);
    read.begin = Offset(finding["begin"]);
    read.end = Offset(finding["end"]);
  }
  return absl::OkStatus();
}

}  // namespace countersign::approval::reviews
