#include "services/edge/admin/openapi/openapi_writer.h"

#include <google/protobuf/descriptor.h>

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "countersign/options/v1/access.pb.h"
#include "libs/json/writer.h"

namespace countersign::edge::admin::openapi {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

constexpr absl::string_view kError = "Error";
constexpr absl::string_view kTimestamp = "google.protobuf.Timestamp";

// The comment before or behind a declaration, as one paragraph per line.
template <typename T>
std::string Comment(const T& declared) {
  google::protobuf::SourceLocation location;
  if (!declared.GetSourceLocation(&location)) return "";
  const std::string& text =
      location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
  std::vector<std::string> paragraphs;
  for (const absl::string_view paragraph : absl::StrSplit(text, "\n\n")) {
    std::vector<absl::string_view> lines = absl::StrSplit(paragraph, '\n');
    for (absl::string_view& line : lines) line = absl::StripAsciiWhitespace(line);
    std::string joined = absl::StrJoin(lines, " ");
    absl::StripAsciiWhitespace(&joined);
    if (!joined.empty()) paragraphs.push_back(std::move(joined));
  }
  return absl::StrJoin(paragraphs, "\n");
}

void WriteDescription(absl::string_view text, json::Writer& out) {
  if (!text.empty()) out.Key("description").String(text);
}

absl::string_view FirstSentence(absl::string_view text) {
  const std::size_t end = text.find(". ");
  return end == absl::string_view::npos ? absl::StripSuffix(text, ".") : text.substr(0, end);
}

// "countersign.approval.v1.Review.State" -> "Review.State"; unique among the files that it is used
// for, or the writer could not refer to it.
std::string SchemaName(absl::string_view full_name) {
  std::vector<absl::string_view> parts = absl::StrSplit(full_name, '.');
  std::size_t first = 0;
  while (first < parts.size() && absl::ascii_islower(static_cast<unsigned char>(parts[first][0]))) {
    ++first;
  }
  parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(first));
  return absl::StrJoin(parts, ".");
}

void WriteReference(absl::string_view name, json::Writer& out) {
  out.Key("$ref").String(absl::StrCat("#/components/schemas/", name));
}

struct Caller {
  options::v1::Access access;
  absl::string_view description;
};
constexpr Caller kCallers[] = {
    {options::v1::ACCESS_AUTHENTICATED, "Any verified caller."},
    {options::v1::ACCESS_ADMIN, "Needs the role `admin`."},
    {options::v1::ACCESS_REVIEWER, "Needs the role `reviewer`."},
    {options::v1::ACCESS_AUDITOR, "Needs the role `auditor`."},
    {options::v1::ACCESS_REVIEWER_OR_AUDITOR, "Needs the role `reviewer` or `auditor`."},
    {options::v1::ACCESS_ADMIN_OR_AUDITOR, "Needs the role `admin` or `auditor`."},
};

class OpenApiWriter {
 public:
  explicit OpenApiWriter(const google::protobuf::FileDescriptorSet& files) {
    for (const auto& file : files.file()) {
      const FileDescriptor* const built = pool_.BuildFile(file);
      if (built != nullptr) files_.push_back(built);
    }
  }

  std::string Write(const std::string& version) {
    out_.BeginObject().Key("openapi").String("3.1.0");
    out_.Key("info")
        .BeginObject()
        .Key("title")
        .String("Countersign")
        .Key("version")
        .String(version);
    out_.Key("license").BeginObject().Key("name").String("Apache-2.0");
    out_.Key("identifier").String("Apache-2.0").EndObject();
    out_.Key("description")
        .String(
            "Administration, reviews and records: the unary form of the Connect protocol, with "
            "JSON. "
            "The same methods are served over gRPC. 64-bit integers are written as strings and "
            "read "
            "as strings or numbers. Unknown members are refused.");
    out_.EndObject();
    out_.Key("servers").BeginArray().BeginObject().Key("url").String("/").EndObject().EndArray();
    out_.Key("security").BeginArray().BeginObject().Key("bearer").BeginArray().EndArray();
    out_.EndObject().EndArray();
    WriteTags();
    WritePaths();
    WriteComponents();
    return out_.EndObject().str();
  }

 private:
  template <typename Use>
  void ForEachService(Use use) const {
    for (const FileDescriptor* const file : files_) {
      for (int i = 0; i < file->service_count(); ++i) {
        if (!PublicMethods(*file->service(i)).empty()) use(*file->service(i));
      }
    }
  }

  static options::v1::Access Access(const MethodDescriptor& method) {
    // The option is known to this program, but not to the pool that the descriptors are in.
    options::v1::Access access = options::v1::ACCESS_UNSPECIFIED;
    google::protobuf::MethodOptions options;
    if (options.ParseFromString(method.options().SerializeAsString())) {
      access = options.GetExtension(options::v1::access);
    }
    return access;
  }

  static std::vector<const MethodDescriptor*> PublicMethods(const ServiceDescriptor& service) {
    std::vector<const MethodDescriptor*> methods;
    for (int i = 0; i < service.method_count(); ++i) {
      if (Access(*service.method(i)) != options::v1::ACCESS_UNSPECIFIED) {
        methods.push_back(service.method(i));
      }
    }
    return methods;
  }

  void WriteTags() {
    out_.Key("tags").BeginArray();
    ForEachService([&](const ServiceDescriptor& service) {
      out_.BeginObject().Key("name").String(service.name());
      WriteDescription(Comment(service), out_);
      out_.EndObject();
    });
    out_.EndArray();
  }

  void WritePaths() {
    out_.Key("paths").BeginObject();
    ForEachService([&](const ServiceDescriptor& service) {
      for (const MethodDescriptor* const method : PublicMethods(service)) WriteMethod(*method);
    });
    out_.EndObject();
  }

  void WriteMethod(const MethodDescriptor& method) {
    const std::string comment = Comment(method);
    out_.Key(absl::StrCat("/", method.service()->full_name(), "/", method.name())).BeginObject();
    out_.Key("post").BeginObject();
    out_.Key("operationId").String(absl::StrCat(method.service()->name(), "_", method.name()));
    out_.Key("tags").BeginArray().String(method.service()->name()).EndArray();
    if (!comment.empty()) out_.Key("summary").String(FirstSentence(comment));
    WriteDescription(absl::StrCat(comment, comment.empty() ? "" : "\n", DescribeCaller(method)),
                     out_);
    const absl::string_view content_type =
        method.server_streaming() ? "application/connect+json" : "application/json";
    out_.Key("requestBody").BeginObject().Key("required").Bool(true);
    WriteContent(content_type, Use(*method.input_type()));
    out_.EndObject();
    out_.Key("responses").BeginObject();
    out_.Key("200")
        .BeginObject()
        .Key("description")
        .String(method.server_streaming()
                    ? "Messages, each behind a byte of flags and its length in four bytes."
                    : "The answer.");
    WriteContent(content_type, Use(*method.output_type()));
    out_.EndObject();
    out_.Key("default").BeginObject().Key("description").String("An error.");
    WriteContent("application/json", kError);
    out_.EndObject().EndObject().EndObject().EndObject();
  }

  static std::string DescribeCaller(const MethodDescriptor& method) {
    for (const Caller& caller : kCallers) {
      if (caller.access == Access(method)) return std::string(caller.description);
    }
    return "";
  }

  void WriteContent(absl::string_view type, absl::string_view schema) {
    out_.Key("content").BeginObject().Key(type).BeginObject().Key("schema").BeginObject();
    WriteReference(schema, out_);
    out_.EndObject().EndObject().EndObject();
  }

  // The name of a message's or an enum's schema, which will be written with the others.
  std::string Use(const Descriptor& message) {
    std::string name = SchemaName(message.full_name());
    messages_.emplace(name, &message);
    return name;
  }
  std::string Use(const EnumDescriptor& type) {
    std::string name = SchemaName(type.full_name());
    enums_.emplace(name, &type);
    return name;
  }

  void WriteComponents() {
    out_.Key("components").BeginObject();
    out_.Key("securitySchemes").BeginObject().Key("bearer").BeginObject();
    out_.Key("type").String("http").Key("scheme").String("bearer");
    out_.Key("description").String("A token of a configured identity provider, or an access key.");
    out_.EndObject().EndObject();
    out_.Key("schemas").BeginObject();
    WriteErrorSchema();
    // Writing a message may add others, before or behind it.
    std::map<std::string, bool> written;
    for (bool more = true; more;) {
      more = false;
      const auto known = messages_;
      for (const auto& [name, message] : known) {
        if (!written.emplace(name, true).second) continue;
        WriteMessage(name, *message);
        more = true;
      }
    }
    for (const auto& [name, type] : enums_) WriteEnum(name, *type);
    out_.EndObject().EndObject();
  }

  void WriteErrorSchema() {
    out_.Key(kError).BeginObject().Key("type").String("object");
    WriteDescription("An error of the Connect protocol.", out_);
    out_.Key("required").BeginArray().String("code").EndArray();
    out_.Key("properties").BeginObject();
    out_.Key("code").BeginObject().Key("type").String("string");
    WriteDescription("A code of gRPC in small letters, such as `permission_denied`.", out_);
    out_.EndObject();
    out_.Key("message").BeginObject().Key("type").String("string").EndObject();
    out_.Key("details").BeginObject().Key("type").String("array");
    out_.Key("items").BeginObject().Key("type").String("object").EndObject().EndObject();
    out_.EndObject().EndObject();
  }

  void WriteEnum(absl::string_view name, const EnumDescriptor& type) {
    out_.Key(name).BeginObject().Key("type").String("string");
    std::vector<std::string> lines;
    if (std::string comment = Comment(type); !comment.empty()) lines.push_back(std::move(comment));
    out_.Key("enum").BeginArray();
    for (int i = 0; i < type.value_count(); ++i) {
      const auto& value = *type.value(i);
      out_.String(value.name());
      const std::string comment = Comment(value);
      if (!comment.empty()) lines.push_back(absl::StrCat("`", value.name(), "`: ", comment));
    }
    out_.EndArray();
    WriteDescription(absl::StrJoin(lines, "\n"), out_);
    out_.EndObject();
  }

  void WriteMessage(absl::string_view name, const Descriptor& message) {
    out_.Key(name).BeginObject().Key("type").String("object");
    WriteDescription(Comment(message), out_);
    out_.Key("properties").BeginObject();
    for (int i = 0; i < message.field_count(); ++i) {
      out_.Key(message.field(i)->json_name());
      WriteField(*message.field(i));
    }
    out_.EndObject().Key("additionalProperties").Bool(false).EndObject();
  }

  void WriteField(const FieldDescriptor& field) {
    out_.BeginObject();
    WriteDescription(Comment(field), out_);
    if (field.is_map()) {
      out_.Key("type").String("object").Key("additionalProperties").BeginObject();
      WriteType(*field.message_type()->map_value());
      out_.EndObject();
    } else if (field.is_repeated()) {
      out_.Key("type").String("array").Key("items").BeginObject();
      WriteType(field);
      out_.EndObject();
    } else {
      WriteType(field);
    }
    out_.EndObject();
  }

  // The members of the schema of one value.
  void WriteType(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL: out_.Key("type").String("boolean"); return;
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_UINT32:
        out_.Key("type").String("integer").Key("format").String("int32");
        return;
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT64:
        out_.Key("type").BeginArray().String("string").String("integer").EndArray();
        out_.Key("format").String("int64");
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT: out_.Key("type").String("number"); return;
      case FieldDescriptor::CPPTYPE_STRING:
        out_.Key("type").String("string");
        if (field.type() == FieldDescriptor::TYPE_BYTES) {
          out_.Key("contentEncoding").String("base64");
        }
        return;
      case FieldDescriptor::CPPTYPE_ENUM: return WriteReference(Use(*field.enum_type()), out_);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (field.message_type()->full_name() != kTimestamp) {
          return WriteReference(Use(*field.message_type()), out_);
        }
        out_.Key("type").String("string").Key("format").String("date-time");
    }
  }

  google::protobuf::DescriptorPool pool_;
  std::vector<const FileDescriptor*> files_;
  std::map<std::string, const Descriptor*> messages_;
  std::map<std::string, const EnumDescriptor*> enums_;
  json::Writer out_;
};

}  // namespace

std::string WriteOpenApi(const google::protobuf::FileDescriptorSet& files,
                         const std::string& version) {
  return OpenApiWriter(files).Write(version);
}

}  // namespace countersign::edge::admin::openapi
