// Random schemas and messages, made and read again by libprotobuf.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/utf8.h"
#include "libs/protobuf_texts/descriptor_set.h"
#include "libs/protobuf_texts/read_message.h"

namespace countersign::protobuf_texts {
namespace {

namespace pb = google::protobuf;
using Random = std::mt19937;

int Pick(Random& random, int below) { return static_cast<int>(random() % below); }

std::string RandomText(Random& random) {
  static const char* const kPieces[] = {"a", "bc", " ",  "\xc3\xa9", "\"",
                                        ".", "42", "\n", "\x01",     "\x12"};
  std::string text;
  const int size = Pick(random, 8) == 0 ? 90 : Pick(random, 12);
  for (int i = 0; i < size; ++i) text += kPieces[Pick(random, 10)];
  return text;
}

std::string RandomBytes(Random& random) {
  return Pick(random, 2) == 0 ? RandomText(random)
                              : RandomText(random) + "\xff" + RandomText(random);
}

constexpr int kMessages = 4;
std::string MessageName(int i) { return absl::StrCat("M", i); }

void AddMap(Random& random, pb::DescriptorProto& message, pb::FieldDescriptorProto& field) {
  pb::DescriptorProto& entry = *message.add_nested_type();
  entry.set_name(absl::StrCat("F", field.number(), "Entry"));
  entry.mutable_options()->set_map_entry(true);
  for (int i = 1; i <= 2; ++i) {
    auto& part = *entry.add_field();
    part.set_name(i == 1 ? "key" : "value");
    part.set_number(i);
    part.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
    part.set_type(pb::FieldDescriptorProto::TYPE_STRING);
  }
  if (Pick(random, 3) == 0) entry.mutable_field(0)->set_type(pb::FieldDescriptorProto::TYPE_SINT64);
  if (Pick(random, 2) == 0) {
    entry.mutable_field(1)->set_type(pb::FieldDescriptorProto::TYPE_MESSAGE);
    entry.mutable_field(1)->set_type_name(
        absl::StrCat(".p.", MessageName(Pick(random, kMessages))));
  }
  field.set_label(pb::FieldDescriptorProto::LABEL_REPEATED);
  field.set_type(pb::FieldDescriptorProto::TYPE_MESSAGE);
  field.set_type_name(absl::StrCat(".p.", message.name(), ".", entry.name()));
}

void AddField(Random& random, pb::DescriptorProto& message, int number) {
  auto& field = *message.add_field();
  field.set_number(number);
  field.set_name(absl::StrCat("f", number));
  const bool repeated = Pick(random, 3) == 0;
  field.set_label(repeated ? pb::FieldDescriptorProto::LABEL_REPEATED
                           : pb::FieldDescriptorProto::LABEL_OPTIONAL);
  const int kind = Pick(random, 10);
  if (kind < 3) return field.set_type(pb::FieldDescriptorProto::TYPE_STRING);
  if (kind == 3) return field.set_type(pb::FieldDescriptorProto::TYPE_BYTES);
  if (kind < 6) {
    field.set_type(pb::FieldDescriptorProto::TYPE_MESSAGE);
    field.set_type_name(absl::StrCat(".p.", MessageName(Pick(random, kMessages))));
    return;
  }
  if (kind == 6) return AddMap(random, message, field);
  static constexpr pb::FieldDescriptorProto::Type kNumbers[] = {
      pb::FieldDescriptorProto::TYPE_INT32,   pb::FieldDescriptorProto::TYPE_SINT64,
      pb::FieldDescriptorProto::TYPE_DOUBLE,  pb::FieldDescriptorProto::TYPE_FLOAT,
      pb::FieldDescriptorProto::TYPE_FIXED64, pb::FieldDescriptorProto::TYPE_BOOL};
  field.set_type(kNumbers[Pick(random, 6)]);
  if (repeated) field.mutable_options()->set_packed(Pick(random, 2) == 0);
}

pb::FileDescriptorProto RandomFile(Random& random) {
  pb::FileDescriptorProto file;
  file.set_name("p.proto");
  file.set_package("p");
  for (int i = 0; i < kMessages; ++i) {
    auto& message = *file.add_message_type();
    message.set_name(MessageName(i));
    const int fields = 1 + Pick(random, 7);
    for (int n = 0; n < fields; ++n) AddField(random, message, 1 + n * (1 + i * 9));
  }
  return file;
}

void Fill(Random& random, pb::Message& message, int depth);

void FillField(Random& random, pb::Message& message, const pb::FieldDescriptor* field, int depth) {
  const auto& reflection = *message.GetReflection();
  const bool repeated = field->is_repeated();
  const auto set = [&](auto add, auto assign, auto value) {
    repeated ? (reflection.*add)(&message, field, value)
             : (reflection.*assign)(&message, field, value);
  };
  using R = pb::Reflection;
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      if (depth == 0) return;
      return Fill(random,
                  *(repeated ? reflection.AddMessage(&message, field)
                             : reflection.MutableMessage(&message, field)),
                  depth - 1);
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return set(&R::AddString, &R::SetString,
                 field->type() == pb::FieldDescriptor::TYPE_BYTES ? RandomBytes(random)
                                                                  : RandomText(random));
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return set(&R::AddInt32, &R::SetInt32, static_cast<std::int32_t>(random()));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return set(&R::AddInt64, &R::SetInt64, static_cast<std::int64_t>(random()) - 5);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return set(&R::AddUInt64, &R::SetUInt64, std::uint64_t{random()} << 32);
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return set(&R::AddDouble, &R::SetDouble, random() / 3.0);
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return set(&R::AddFloat, &R::SetFloat, static_cast<float>(random()));
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return set(&R::AddBool, &R::SetBool, Pick(random, 2) == 0);
    default: FAIL("a type that no schema has");
  }
}

void Fill(Random& random, pb::Message& message, int depth) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const int copies = type.field(i)->is_repeated() ? Pick(random, 4) : Pick(random, 2);
    for (int n = 0; n < copies; ++n) FillField(random, message, type.field(i), depth);
  }
}

// Calls `visit` for every string and bytes that a parsed message has, with its path.
template <typename Visit>
void VisitStrings(pb::Message& message, const std::string& path, const Visit& visit) {
  const auto& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    const std::string name = absl::StrCat(path, path.empty() ? "" : ".", field->name());
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      const std::string at = field->is_repeated() ? absl::StrCat(name, "[", i, "]") : name;
      if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
        visit(message, field, field->is_repeated() ? i : -1, at);
      } else if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        VisitStrings(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                          : *reflection.MutableMessage(&message, field),
                     at, visit);
      }
    }
  }
}

std::string GetString(const pb::Message& message, const pb::FieldDescriptor* field, int index) {
  const auto& reflection = *message.GetReflection();
  return index < 0 ? reflection.GetString(message, field)
                   : reflection.GetRepeatedString(message, field, index);
}

void SetString(pb::Message& message, const pb::FieldDescriptor* field, int index,
               const std::string& text) {
  const auto& reflection = *message.GetReflection();
  index < 0 ? reflection.SetString(&message, field, text)
            : reflection.SetRepeatedString(&message, field, index, text);
}

struct Example {
  explicit Example(Random& random) : file(RandomFile(random)) {
    const pb::FileDescriptor* built = pool.BuildFile(file);
    REQUIRE(built != nullptr);
    type = built->message_type(Pick(random, kMessages));
    message.reset(factory.GetPrototype(type)->New());
    Fill(random, *message, 4);
    bytes = message->SerializeAsString();
    pb::FileDescriptorSet set;
    *set.add_file() = file;
    auto read = ReadDescriptorSet(set.SerializeAsString());
    INFO(read.status());
    REQUIRE(read.ok());
    schema = *std::move(read);
  }
  const MessageType& Root() const { return *schema->FindMessage(type->full_name()); }
  std::unique_ptr<pb::Message> Parse(const std::string& from) const {
    std::unique_ptr<pb::Message> parsed(factory.GetPrototype(type)->New());
    REQUIRE(parsed->ParseFromString(from));
    return parsed;
  }

  pb::FileDescriptorProto file;
  pb::DescriptorPool pool;
  mutable pb::DynamicMessageFactory factory;
  const pb::Descriptor* type;
  std::unique_ptr<pb::Message> message;
  std::string bytes;
  std::unique_ptr<const Schema> schema;
};

std::string Slice(const std::string& bytes, const Place& place) {
  return bytes.substr(place.begin, place.end - place.begin);
}

// Whether a text is in a map's entry, whose paths libprotobuf does not have.
bool InMap(const Text& text) {
  return absl::StrContains(text.names, ".key") || absl::StrContains(text.names, ".value");
}

TEST_CASE("ReadMessage: the texts are exactly what libprotobuf reads", "[protobuf_texts]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    const Example example(random);
    const auto read = ReadMessage(*example.schema, example.Root(), example.bytes, {});
    INFO(read.status() << example.message->DebugString());
    REQUIRE(read.ok());
    std::multiset<std::string> found;
    std::map<std::string, std::string> by_path;
    for (const Text& text : read->texts) {
      found.insert(Slice(example.bytes, text.place));
      if (!InMap(text)) by_path[text.path] = Slice(example.bytes, text.place);
    }
    std::multiset<std::string> expected;
    VisitStrings(*example.Parse(example.bytes), "",
                 [&](const pb::Message& in, const pb::FieldDescriptor* field, int index,
                     const std::string& path) {
                   const std::string text = GetString(in, field, index);
                   if (!IsUtf8(text)) return;
                   expected.insert(text);
                   const auto at = by_path.find(path);
                   if (at != by_path.end()) CHECK(at->second == text);
                 });
    // An entry's key and value are written even when they are empty, and may not be.
    found.erase("");
    expected.erase("");
    CHECK(found == expected);
  }
}

TEST_CASE("Replace: libprotobuf reads what would have been set; all else is unchanged",
          "[protobuf_texts]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    const Example example(random);
    const auto read = ReadMessage(*example.schema, example.Root(), example.bytes, {});
    REQUIRE(read.ok());
    std::map<std::string, std::string> texts;
    std::vector<Replacement> replacements;
    std::vector<Replacement> back;
    for (const Text& text : read->texts) {
      if (InMap(text) || Pick(random, 2) == 0) continue;
      texts[text.path] = RandomText(random);
      replacements.push_back({text.place, texts[text.path]});
    }
    const auto spliced = Replace(example.bytes, read->prefixes, replacements);
    INFO(spliced.status());
    REQUIRE(spliced.ok());
    const auto expected = example.Parse(example.bytes);
    VisitStrings(
        *expected, "",
        [&](pb::Message& in, const pb::FieldDescriptor* field, int index, const std::string& path) {
          const auto at = texts.find(path);
          if (at != texts.end()) SetString(in, field, index, at->second);
        });
    CHECK(example.Parse(*spliced)->DebugString() == expected->DebugString());
    // And back, which gives the same bytes.
    const auto again = ReadMessage(*example.schema, example.Root(), *spliced, {});
    REQUIRE(again.ok());
    REQUIRE(again->texts.size() == read->texts.size());
    for (std::size_t i = 0; i < read->texts.size(); ++i) {
      back.push_back({again->texts[i].place, Slice(example.bytes, read->texts[i].place)});
    }
    CHECK(*Replace(*spliced, again->prefixes, back) == example.bytes);
  }
}

TEST_CASE("ReadMessage: no string is overlooked when the schema lacks fields", "[protobuf_texts]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    const Example example(random);
    pb::FileDescriptorSet set;
    auto& file = *set.add_file() = example.file;
    for (auto& message : *file.mutable_message_type()) {
      const int lost = Pick(random, message.field_size());
      message.mutable_field()->DeleteSubrange(lost, message.field_size() - lost);
    }
    const auto schema = ReadDescriptorSet(set.SerializeAsString());
    REQUIRE(schema.ok());
    ReadOptions options;
    options.unknown = UnknownFields::kRead;
    const auto read = ReadMessage(**schema, *(*schema)->FindMessage(example.type->full_name()),
                                  example.bytes, options);
    INFO(read.status());
    REQUIRE(read.ok());
    std::vector<std::string> found;
    for (const Text& text : read->texts) found.push_back(Slice(example.bytes, text.place));
    VisitStrings(*example.Parse(example.bytes), "",
                 [&](const pb::Message& in, const pb::FieldDescriptor* field, int index,
                     const std::string&) {
                   if (field->type() != pb::FieldDescriptor::TYPE_STRING) return;
                   const std::string text = GetString(in, field, index);
                   CHECK(std::any_of(found.begin(), found.end(), [&](const std::string& seen) {
                           return absl::StrContains(seen, text);
                         }) == (text.empty() ? !found.empty() : true));
                 });
    CHECK(*Replace(example.bytes, read->prefixes, {}) == example.bytes);
  }
}

}  // namespace
}  // namespace countersign::protobuf_texts
