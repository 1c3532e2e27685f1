#include "services/edge/admin/message_json.h"

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>

#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "countersign/approval/v1/approval.pb.h"
#include "countersign/authn/v1/authn.pb.h"
#include "countersign/policy/v1/policy.pb.h"
#include "countersign/recorder/v1/recorder.pb.h"
#include "libs/json/document.h"

namespace countersign::edge::admin {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool Equal(json::Value a, json::Value b) {
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.text() != b.text() || a.boolean() != b.boolean() || a.number() != b.number()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool object = a.is(json::Type::kObject);
    const json::Value other = object ? b[a.key(i)] : b.at(i);
    if (!other.exists() || !Equal(a.at(i), other)) return false;
  }
  return true;
}

// Fills about two thirds of all fields with values that are hard to write.
class Filler {
 public:
  explicit Filler(unsigned seed) : random_(seed) {}

  void Fill(Message& message, int depth) {
    if (auto* const time = dynamic_cast<google::protobuf::Timestamp*>(&message)) {
      time->set_seconds(Pick<std::int64_t>({0, 1'790'000'000, -62'135'596'800, 253'402'300'799}));
      time->set_nanos(Pick<std::int32_t>({0, 5, 6'000, 7'000'000, 999'999'999}));
      return;
    }
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      if (random_() % 3 == 0) continue;
      const unsigned count = field.is_repeated() ? random_() % 4 : 1;
      for (unsigned n = 0; n < count; ++n) Set(message, field, depth);
    }
  }

 private:
  template <typename T>
  T Pick(const std::vector<T>& values) {
    return values[random_() % values.size()];
  }
  std::string Text() {
    return Pick<std::string>(
        {"", "a", "q\"\\\n\t\x01\x7f", "caf\u00e9 \U0001F600 \u2028", "<&>", "null", "12"});
  }
  void Set(Message& message, const FieldDescriptor& field, int depth);

  std::mt19937 random_;
};

void Filler::Set(Message& message, const FieldDescriptor& field, int depth) {
  const auto& write = *message.GetReflection();
  const bool add = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const auto value = Pick<std::int32_t>({0, 1, -1, INT32_MAX, INT32_MIN});
      add ? write.AddInt32(&message, &field, value) : write.SetInt32(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      const auto value = Pick<std::uint32_t>({0, 1, UINT32_MAX});
      add ? write.AddUInt32(&message, &field, value) : write.SetUInt32(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const auto value = Pick<std::int64_t>({0, -1, INT64_MAX, INT64_MIN});
      add ? write.AddInt64(&message, &field, value) : write.SetInt64(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const auto value = Pick<std::uint64_t>({0, 1, UINT64_MAX});
      add ? write.AddUInt64(&message, &field, value) : write.SetUInt64(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const auto value = Pick<double>({0, 500, 0.1, -2.5e-7, 1e22, INFINITY, -INFINITY, NAN});
      add ? write.AddDouble(&message, &field, value) : write.SetDouble(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_FLOAT: FAIL("no message of ours has floats"); return;
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool value = random_() % 2 == 0;
      add ? write.AddBool(&message, &field, value) : write.SetBool(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = static_cast<int>(random_() % 12);  // some have no name
      add ? write.AddEnumValue(&message, &field, value)
          : write.SetEnumValue(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string value = Text();
      if (field.type() == FieldDescriptor::TYPE_BYTES) value += "\xff\x80";
      add ? write.AddString(&message, &field, value) : write.SetString(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      if (depth > 4) return;
      Message* const child =
          add ? write.AddMessage(&message, &field) : write.MutableMessage(&message, &field);
      Fill(*child, depth + 1);
      return;
    }
  }
}

std::string PrintedByProtobuf(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  REQUIRE(google::protobuf::util::MessageToJsonString(message, &json, options).ok());
  return json;
}

void CheckFile(const google::protobuf::FileDescriptor& file, unsigned seed) {
  Filler filler(seed);
  for (int i = 0; i < file.message_type_count(); ++i) {
    const std::unique_ptr<Message> message(google::protobuf::MessageFactory::generated_factory()
                                               ->GetPrototype(file.message_type(i))
                                               ->New());
    for (int round = 0; round < 20; ++round) {
      message->Clear();
      if (round > 0) filler.Fill(*message, 0);
      // Serialised and parsed again, so that equal keys of a map become one.
      const std::string bytes = message->SerializeAsString();
      REQUIRE(message->ParseFromString(bytes));
      const std::string ours = MessageToJson(*message);
      const std::string theirs = PrintedByProtobuf(*message);
      INFO("seed " << seed << "\n" << ours << "\n" << theirs);
      const auto read = json::Document::Parse(ours);
      const auto expected = json::Document::Parse(theirs);
      REQUIRE(read.ok());
      REQUIRE(expected.ok());
      REQUIRE(Equal(read->root(), expected->root()));
    }
  }
}

}  // namespace

TEST_CASE("MessageToJson: equals protobuf's own printer for every message of this project",
          "[connect]") {
  const unsigned seed = std::random_device()();
  CheckFile(*approval::v1::Review::descriptor()->file(), seed);
  CheckFile(*authn::v1::WhoAmIRequest::descriptor()->file(), seed);
  CheckFile(*policy::v1::ApplyResponse::descriptor()->file(), seed);
  CheckFile(*recorder::v1::Session::descriptor()->file(), seed);
}

TEST_CASE("MessageToJson: a map reads the same each time, sorted by its keys", "[connect]") {
  recorder::v1::Session session;
  for (const char* entity : {"phone", "iban", "email", "us_ssn", "credit_card", "jwt", "aba"}) {
    (*session.mutable_masked())[entity] = 1;
  }
  const std::string json = MessageToJson(session);
  CHECK(
      json.find(
          R"("masked":{"aba":1,"credit_card":1,"email":1,"iban":1,"jwt":1,"phone":1,"us_ssn":1})") !=
      std::string::npos);
}

}  // namespace countersign::edge::admin
