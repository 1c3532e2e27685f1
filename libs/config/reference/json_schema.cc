#include "libs/config/reference/json_schema.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/json/writer.h"

namespace countersign::config::reference {
namespace {

constexpr absl::string_view kDraft = "https://json-schema.org/draft/2020-12/schema";

void WriteFields(const Kind& kind, absl::string_view path, json::Writer& out);

void WriteReference(absl::string_view definition, json::Writer& out) {
  out.Key("$ref").String(absl::StrCat("#/$defs/", definition));
}

void WriteList(absl::string_view definition, json::Writer& out) {
  out.Key("type").String("array").Key("items").BeginObject();
  WriteReference(definition, out);
  out.EndObject();
}

// The members of a schema for a type in words.
void WriteType(const Kind& kind, const Field& field, json::Writer& out) {
  absl::string_view type = field.type;
  if (type == "mapping") {
    WriteFields(kind, field.path, out);
  } else if (type == "empty mapping") {
    out.Key("type").String("object").Key("additionalProperties").Bool(false);
  } else if (type == "none or mapping") {
    out.Key("oneOf").BeginArray().BeginObject().Key("const").String("none").EndObject();
    out.BeginObject();
    WriteFields(kind, field.path, out);
    out.EndObject().EndArray();
  } else if (type == "value" || type == "condition") {
    WriteReference(type, out);
  } else if (type == "list of rules" || type == "list of conditions") {
    WriteList(type == "list of rules" ? "rule" : "condition", out);
  } else if (type == "list of texts") {
    WriteList("text", out);
  } else if (type == "list of texts, or value") {
    out.Key("oneOf").BeginArray().BeginObject();
    WriteList("text", out);
    out.EndObject().BeginObject();
    WriteReference("value", out);
    out.EndObject().EndArray();
  } else if (type == "mapping of texts to texts") {
    out.Key("type").String("object").Key("additionalProperties").BeginObject();
    WriteReference("text", out);
    out.EndObject();
  } else if (type == "true or false") {
    out.Key("type").String("boolean");
  } else if (type == "number") {
    out.Key("type").String("number");
  } else if (absl::ConsumePrefix(&type, "whole number from ")) {
    const std::vector<absl::string_view> bounds = absl::StrSplit(type, " to ");
    out.Key("type").String("integer");
    out.Key("minimum").Raw(bounds[0]).Key("maximum").Raw(bounds[1]);
  } else if (absl::ConsumePrefix(&type, "one of ")) {
    out.Key("enum").BeginArray();
    for (const absl::string_view value : absl::StrSplit(type, ", ")) out.String(value);
    out.EndArray();
  } else if (absl::StartsWith(type, "duration")) {
    WriteReference("duration", out);
  } else {
    WriteReference("text", out);
  }
}

void WriteFields(const Kind& kind, absl::string_view path, json::Writer& out) {
  std::vector<const Field*> required;
  out.Key("type").String("object").Key("additionalProperties").Bool(false);
  out.Key("properties").BeginObject();
  for (const Field* const field : ChildFields(kind, path)) {
    if (field->required) required.push_back(field);
    out.Key(LeafName(*field)).BeginObject();
    out.Key("description").String(field->about);
    WriteType(kind, *field, out);
    out.EndObject();
  }
  out.EndObject();
  if (required.empty()) return;
  out.Key("required").BeginArray();
  for (const Field* const field : required) out.String(LeafName(*field));
  out.EndArray();
}

bool HasType(const Kind& kind, absl::string_view type) {
  for (const Field& field : kind.fields) {
    if (field.type == type) return true;
  }
  return false;
}

void WriteDefinitions(const Kind& kind, json::Writer& out) {
  out.Key("$defs").BeginObject();
  out.Key("text").BeginObject().Key("type").BeginArray();
  out.String("string").String("number").String("boolean").EndArray().EndObject();
  out.Key("duration").BeginObject().Key("type").String("string");
  out.Key("pattern").String("^([0-9]+(\\.[0-9]*)?(ns|us|ms|s|m|h))+$|^0$").EndObject();
  out.Key("value").BeginObject().Key("type").String("object");
  out.Key("additionalProperties").Bool(false).Key("properties").BeginObject();
  for (const char* const form : {"inline", "env", "file"}) {
    out.Key(form).BeginObject();
    WriteReference("text", out);
    out.EndObject();
  }
  out.EndObject().Key("minProperties").Int(1).Key("maxProperties").Int(1).EndObject();
  if (HasType(kind, "list of rules")) {
    out.Key("rule").BeginObject();
    WriteFields(kind, "rule", out);
    out.EndObject();
  }
  if (HasType(kind, "condition")) {
    out.Key("condition").BeginObject();
    WriteFields(kind, "spec.when", out);
    out.Key("minProperties").Int(1).Key("maxProperties").Int(1).EndObject();
  }
  out.EndObject();
}

void WriteMetadata(json::Writer& out) {
  out.Key("metadata").BeginObject().Key("type").String("object");
  out.Key("additionalProperties").Bool(false).Key("properties").BeginObject();
  out.Key("name").BeginObject().Key("type").String("string").Key("maxLength").Int(63);
  out.Key("pattern").String("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$").EndObject();
  out.Key("labels").BeginObject().Key("type").String("object");
  out.Key("additionalProperties").BeginObject();
  WriteReference("text", out);
  out.EndObject().EndObject().EndObject();
  out.Key("required").BeginArray().String("name").EndArray().EndObject();
}

}  // namespace

std::string KindSchema(const Kind& kind) {
  json::Writer out;
  out.BeginObject().Key("$schema").String(kDraft).Key("$id").String(SchemaFile(kind));
  out.Key("title").String(kind.name).Key("description").String(kind.about);
  out.Key("type").String("object").Key("additionalProperties").Bool(false);
  out.Key("properties").BeginObject();
  out.Key("apiVersion").BeginObject().Key("const").String("countersign/v1").EndObject();
  out.Key("kind").BeginObject().Key("const").String(kind.name).EndObject();
  WriteMetadata(out);
  out.Key("spec").BeginObject();
  WriteFields(kind, "spec", out);
  out.EndObject().EndObject();
  out.Key("required").BeginArray().String("apiVersion").String("kind").String("metadata");
  out.String("spec").EndArray();
  WriteDefinitions(kind, out);
  out.EndObject();
  return absl::StrCat(out.str(), "\n");
}

std::string AnyKindSchema() {
  json::Writer out;
  out.BeginObject().Key("$schema").String(kDraft).Key("$id").String("resource.json");
  out.Key("title").String("A resource of Countersign").Key("allOf").BeginArray();
  for (const Kind& kind : Kinds()) {
    out.BeginObject().Key("if").BeginObject().Key("properties").BeginObject();
    out.Key("kind").BeginObject().Key("const").String(kind.name).EndObject().EndObject();
    out.Key("required").BeginArray().String("kind").EndArray().EndObject();
    out.Key("then").BeginObject().Key("$ref").String(SchemaFile(kind)).EndObject().EndObject();
  }
  out.EndArray().Key("properties").BeginObject().Key("kind").BeginObject();
  out.Key("enum").BeginArray();
  for (const Kind& kind : Kinds()) out.String(kind.name);
  out.EndArray().EndObject().EndObject();
  out.Key("required").BeginArray().String("kind").EndArray().EndObject();
  return absl::StrCat(out.str(), "\n");
}

std::string SchemaFile(const Kind& kind) {
  std::string name;
  for (const char c : kind.name) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !name.empty()) name.push_back('-');
    name.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return absl::StrCat(name, ".json");
}

}  // namespace countersign::config::reference
