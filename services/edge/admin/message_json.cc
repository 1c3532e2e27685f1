#include "services/edge/admin/message_json.h"

#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "libs/json/writer.h"

namespace countersign::edge::admin {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void WriteMessage(const Message& message, json::Writer& out);

// Nanoseconds with as many digits as they need, of 0, 3, 6 and 9.
std::string FormatTimestamp(const google::protobuf::Timestamp& time) {
  const std::string seconds = absl::FormatTime(
      "%E4Y-%m-%dT%H:%M:%S", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
  const auto nanos = static_cast<std::uint32_t>(time.nanos());
  if (nanos == 0) return absl::StrCat(seconds, "Z");
  if (nanos % 1'000'000 == 0) {
    return absl::StrCat(seconds, ".", absl::Dec(nanos / 1'000'000, absl::kZeroPad3), "Z");
  }
  if (nanos % 1'000 == 0) {
    return absl::StrCat(seconds, ".", absl::Dec(nanos / 1'000, absl::kZeroPad6), "Z");
  }
  return absl::StrCat(seconds, ".", absl::Dec(nanos, absl::kZeroPad9), "Z");
}

void WriteNumber(double number, json::Writer& out) {
  if (std::isnan(number)) {
    out.String("NaN");
  } else if (std::isinf(number)) {
    out.String(number > 0 ? "Infinity" : "-Infinity");
  } else {
    out.Number(number);
  }
}

void WriteEnum(const google::protobuf::EnumDescriptor& type, int number, json::Writer& out) {
  const auto* const value = type.FindValueByNumber(number);
  value == nullptr ? out.Int(number) : out.String(value->name());
}

// One value of `field`: element `index` of a list, or the only one (-1).
void WriteValue(const Message& message, const FieldDescriptor& field, int index,
                json::Writer& out) {
  const Reflection& read = *message.GetReflection();
  const bool listed = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      out.Int(listed ? read.GetRepeatedInt32(message, &field, index)
                     : read.GetInt32(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      out.Int(listed ? read.GetRepeatedUInt32(message, &field, index)
                     : read.GetUInt32(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      out.String(absl::StrCat(listed ? read.GetRepeatedInt64(message, &field, index)
                                     : read.GetInt64(message, &field)));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      out.String(absl::StrCat(listed ? read.GetRepeatedUInt64(message, &field, index)
                                     : read.GetUInt64(message, &field)));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      WriteNumber(
          listed ? read.GetRepeatedDouble(message, &field, index) : read.GetDouble(message, &field),
          out);
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      WriteNumber(
          listed ? read.GetRepeatedFloat(message, &field, index) : read.GetFloat(message, &field),
          out);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      out.Bool(listed ? read.GetRepeatedBool(message, &field, index)
                      : read.GetBool(message, &field));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      WriteEnum(*field.enum_type(),
                listed ? read.GetRepeatedEnumValue(message, &field, index)
                       : read.GetEnumValue(message, &field),
                out);
      return;
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text =
          listed ? read.GetRepeatedStringReference(message, &field, index, &scratch)
                 : read.GetStringReference(message, &field, &scratch);
      field.type() == FieldDescriptor::TYPE_BYTES ? out.String(absl::Base64Escape(text))
                                                  : out.String(text);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      WriteMessage(listed ? read.GetRepeatedMessage(message, &field, index)
                          : read.GetMessage(message, &field),
                   out);
      return;
  }
}

// A map's key as a text.
std::string FormatKey(const Message& entry, const FieldDescriptor& key) {
  const Reflection& read = *entry.GetReflection();
  switch (key.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: return read.GetString(entry, &key);
    case FieldDescriptor::CPPTYPE_BOOL: return read.GetBool(entry, &key) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32: return absl::StrCat(read.GetInt32(entry, &key));
    case FieldDescriptor::CPPTYPE_UINT32: return absl::StrCat(read.GetUInt32(entry, &key));
    case FieldDescriptor::CPPTYPE_INT64: return absl::StrCat(read.GetInt64(entry, &key));
    default: return absl::StrCat(read.GetUInt64(entry, &key));
  }
}

void WriteMap(const Message& message, const FieldDescriptor& field, json::Writer& out) {
  const Reflection& read = *message.GetReflection();
  const FieldDescriptor& key = *field.message_type()->map_key();
  const FieldDescriptor& value = *field.message_type()->map_value();
  std::vector<std::pair<std::string, const Message*>> entries;
  for (int i = 0; i < read.FieldSize(message, &field); ++i) {
    const Message& entry = read.GetRepeatedMessage(message, &field, i);
    entries.emplace_back(FormatKey(entry, key), &entry);
  }
  std::sort(entries.begin(), entries.end());
  out.BeginObject();
  for (const auto& [name, entry] : entries) {
    out.Key(name);
    WriteValue(*entry, value, -1, out);
  }
  out.EndObject();
}

void WriteField(const Message& message, const FieldDescriptor& field, json::Writer& out) {
  const Reflection& read = *message.GetReflection();
  if (!field.is_repeated()) {
    if (field.has_presence() && !read.HasField(message, &field)) return;
    out.Key(field.json_name());
    return WriteValue(message, field, -1, out);
  }
  out.Key(field.json_name());
  if (field.is_map()) return WriteMap(message, field, out);
  out.BeginArray();
  for (int i = 0; i < read.FieldSize(message, &field); ++i) WriteValue(message, field, i, out);
  out.EndArray();
}

void WriteMessage(const Message& message, json::Writer& out) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  if (&type == google::protobuf::Timestamp::descriptor()) {
    out.String(FormatTimestamp(static_cast<const google::protobuf::Timestamp&>(message)));
    return;
  }
  out.BeginObject();
  for (int i = 0; i < type.field_count(); ++i) WriteField(message, *type.field(i), out);
  out.EndObject();
}

}  // namespace

std::string MessageToJson(const Message& message) {
  json::Writer out;
  WriteMessage(message, out);
  return out.str();
}

}  // namespace countersign::edge::admin
