#include "libs/protobuf_texts/descriptor_set.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/protobuf_texts/wire_reader.h"

namespace countersign::protobuf_texts {
namespace {

constexpr int kMostDepth = 32;
constexpr std::size_t kMostNameBytes = 512;
constexpr std::uint64_t kRepeated = 3;
constexpr std::uint64_t kMostNumber = (1u << 29) - 1;

absl::Status Malformed(absl::string_view where, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("descriptor set: ", where, where.empty() ? "" : ": ", what));
}

bool IsName(absl::string_view name, bool dotted) {
  if (name.size() > kMostNameBytes) return false;
  bool begins = true;  // a name, after the last dot
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = absl::ascii_isalpha(byte) || c == '_';
    if (dotted && c == '.' && !begins) {
      begins = true;
    } else if (letter || (!begins && absl::ascii_isdigit(byte))) {
      begins = false;
    } else {
      return false;
    }
  }
  return !begins;
}

std::string Join(absl::string_view package, absl::string_view name) {
  return absl::StrCat(package, package.empty() ? "" : ".", name);
}

// FieldDescriptorProto.Type, from 1 on, has the order of FieldType.
constexpr std::uint64_t kFieldTypes = 18;

// One message of descriptor.proto, field by field.
using FieldVisitor = std::function<absl::Status(const WireField&, absl::string_view content)>;

absl::Status ForEach(absl::string_view message, absl::string_view where,
                     const FieldVisitor& visit) {
  WireReader reader(message, 0, message.size());
  while (true) {
    const auto field = reader.Next();
    if (!field.ok()) return Malformed(where, field.status().message());
    if (!field->has_value()) return absl::OkStatus();
    const bool content = (*field)->type == WireType::kLengthDelimited;
    CS_RETURN_IF_ERROR(visit(
        **field,
        content ? message.substr((*field)->value_begin, (*field)->value_end - (*field)->value_begin)
                : absl::string_view()));
  }
}

class SetReader {
 public:
  explicit SetReader(const DescriptorLimits& limits) : limits_(limits) {}

  absl::StatusOr<std::unique_ptr<const Schema>> Read(absl::string_view set) {
    if (set.size() > limits_.bytes) {
      return Malformed("", absl::StrCat(set.size(), " bytes are more than ", limits_.bytes));
    }
    CS_RETURN_IF_ERROR(ForEach(set, "", [&](const WireField& field, absl::string_view content) {
      return field.number == 1 ? ReadFile(content) : absl::OkStatus();
    }));
    if (files_ == 0) return Malformed("", "it has no file");
    CS_RETURN_IF_ERROR(AddExtensions());
    auto schema = Schema::Make(std::move(messages_), std::move(methods_));
    if (!schema.ok()) {
      return Malformed(schema.status().message(), "write the set with --include_imports");
    }
    return schema;
  }

 private:
  struct Extension {
    std::string extendee;
    FieldSpec field;
  };

  absl::Status ReadFile(absl::string_view file) {
    if (++files_ > limits_.files) {
      return Malformed("", absl::StrCat("it has more than ", limits_.files, " files"));
    }
    std::string name = absl::StrCat("file ", files_);
    std::string package;
    CS_RETURN_IF_ERROR(ForEach(file, name, [&](const WireField& field, absl::string_view content) {
      if (field.number == 2) package = std::string(content);
      return absl::OkStatus();
    }));
    if (!package.empty() && !IsName(package, true))
      return Malformed(name, "its package is no name");
    return ForEach(file, name, [&](const WireField& field, absl::string_view content) {
      switch (field.number) {
        case 4: return ReadMessageType(content, package, 1);
        case 6: return ReadService(content, package);
        case 7: return ReadExtension(content, package);
        default: return absl::OkStatus();
      }
    });
  }

  absl::Status ReadMessageType(absl::string_view message, const std::string& parent, int depth) {
    if (depth > kMostDepth) return Malformed(parent, "messages are nested more than 32 deep");
    if (messages_.size() == limits_.messages) {
      return Malformed(parent, absl::StrCat("there are more than ", limits_.messages, " messages"));
    }
    MessageSpec spec;
    std::vector<std::string> oneofs;
    CS_RETURN_IF_ERROR(
        ForEach(message, parent, [&](const WireField& field, absl::string_view content) {
          if (field.number == 1) spec.name = std::string(content);
          if (field.number == 7) return ReadMessageOptions(content, spec);
          if (field.number == 8) oneofs.push_back(ReadFirstName(content));
          return absl::OkStatus();
        }));
    if (!IsName(spec.name, false)) return Malformed(parent, "a message has no name");
    spec.name = Join(parent, spec.name);
    const std::string name = spec.name;
    const std::size_t at = messages_.size();
    messages_.push_back(std::move(spec));
    return ForEach(message, name, [&](const WireField& field, absl::string_view content) {
      switch (field.number) {
        case 2: {
          CS_ASSIGN_OR_RETURN(Extension read, ReadField(content, name, oneofs));
          messages_[at].fields.push_back(std::move(read.field));
          return absl::OkStatus();
        }
        case 3: return ReadMessageType(content, name, depth + 1);
        case 6: return ReadExtension(content, name);
        default: return absl::OkStatus();
      }
    });
  }

  static absl::Status ReadMessageOptions(absl::string_view options, MessageSpec& spec) {
    return ForEach(options, spec.name, [&](const WireField& field, absl::string_view) {
      if (field.number == 7 && field.type == WireType::kVarint) spec.map_entry = field.bits != 0;
      return absl::OkStatus();
    });
  }

  static std::string ReadFirstName(absl::string_view message) {
    std::string name;
    const absl::Status read =
        ForEach(message, "", [&](const WireField& field, absl::string_view content) {
          if (field.number == 1) name = std::string(content);
          return absl::OkStatus();
        });
    return read.ok() ? name : "";
  }

  absl::StatusOr<Extension> ReadField(absl::string_view message, const std::string& parent,
                                      const std::vector<std::string>& oneofs) {
    if (++fields_ > limits_.fields) {
      return Malformed(parent, absl::StrCat("there are more than ", limits_.fields, " fields"));
    }
    Extension read;
    FieldSpec& spec = read.field;
    std::uint64_t number = 0;
    std::uint64_t type = 0;
    std::string type_name;
    CS_RETURN_IF_ERROR(
        ForEach(message, parent, [&](const WireField& field, absl::string_view content) {
          switch (field.number) {
            case 1: spec.name = std::string(content); break;
            case 2: read.extendee = std::string(content); break;
            case 3: number = field.bits; break;
            case 4: spec.repeated = field.bits == kRepeated; break;
            case 5: type = field.bits; break;
            case 6: type_name = std::string(content); break;
            case 9: spec.oneof = field.bits < oneofs.size() ? oneofs[field.bits] : ""; break;
            default: break;
          }
          return absl::OkStatus();
        }));
    if (!IsName(spec.name, false)) return Malformed(parent, "a field has no name");
    const std::string where = Join(parent, spec.name);
    if (number == 0 || number > kMostNumber) return Malformed(where, "its number is not possible");
    if (type == 0 || type > kFieldTypes) return Malformed(where, "it has no type");
    spec.number = static_cast<std::uint32_t>(number);
    spec.type = static_cast<FieldType>(type - 1);
    if (spec.type != FieldType::kMessage && spec.type != FieldType::kGroup) return read;
    CS_ASSIGN_OR_RETURN(spec.message, FullName(type_name, where));
    return read;
  }

  static absl::StatusOr<std::string> FullName(absl::string_view name, absl::string_view where) {
    if (!absl::ConsumePrefix(&name, ".") || !IsName(name, true)) {
      return Malformed(where, "the name of its type is not a full one, with a dot before it");
    }
    return std::string(name);
  }

  absl::Status ReadExtension(absl::string_view message, const std::string& scope) {
    CS_ASSIGN_OR_RETURN(Extension read, ReadField(message, scope, {}));
    const std::string name = Join(scope, read.field.name);
    CS_ASSIGN_OR_RETURN(read.extendee, FullName(read.extendee, name));
    read.field.name = absl::StrCat("[", name, "]");
    extensions_.push_back(std::move(read));
    return absl::OkStatus();
  }

  absl::Status AddExtensions() {
    absl::flat_hash_map<std::string, std::size_t> by_name;
    for (std::size_t i = 0; i < messages_.size(); ++i) by_name[messages_[i].name] = i;
    for (Extension& extension : extensions_) {
      const auto extended = by_name.find(extension.extendee);
      if (extended == by_name.end()) {
        return Malformed(extension.field.name, absl::StrCat("no message ", extension.extendee));
      }
      messages_[extended->second].fields.push_back(std::move(extension.field));
    }
    return absl::OkStatus();
  }

  absl::Status ReadService(absl::string_view service, const std::string& package) {
    const std::string name = ReadFirstName(service);
    if (!IsName(name, false)) return Malformed(package, "a service has no name");
    const std::string full = Join(package, name);
    return ForEach(service, full, [&](const WireField& field, absl::string_view content) {
      return field.number == 2 ? ReadMethod(content, full) : absl::OkStatus();
    });
  }

  absl::Status ReadMethod(absl::string_view message, const std::string& service) {
    if (++fields_ > limits_.fields) return Malformed(service, "there are too many methods");
    MethodSpec spec;
    std::string name;
    CS_RETURN_IF_ERROR(
        ForEach(message, service, [&](const WireField& field, absl::string_view content) {
          switch (field.number) {
            case 1: name = std::string(content); break;
            case 2: spec.input = std::string(content); break;
            case 3: spec.output = std::string(content); break;
            case 5: spec.client_streams = field.bits != 0; break;
            case 6: spec.server_streams = field.bits != 0; break;
            default: break;
          }
          return absl::OkStatus();
        }));
    if (!IsName(name, false)) return Malformed(service, "a method has no name");
    spec.path = absl::StrCat("/", service, "/", name);
    CS_ASSIGN_OR_RETURN(spec.input, FullName(spec.input, spec.path));
    CS_ASSIGN_OR_RETURN(spec.output, FullName(spec.output, spec.path));
    methods_.push_back(std::move(spec));
    return absl::OkStatus();
  }

  const DescriptorLimits limits_;
  std::size_t files_ = 0;
  std::size_t fields_ = 0;
  std::vector<MessageSpec> messages_;
  std::vector<Extension> extensions_;
  std::vector<MethodSpec> methods_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<const Schema>> ReadDescriptorSet(absl::string_view set,
                                                                const DescriptorLimits& limits) {
  return SetReader(limits).Read(set);
}

}  // namespace countersign::protobuf_texts
