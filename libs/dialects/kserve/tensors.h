#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/kserve/datatypes.h"
#include "libs/dialects/splice.h"
#include "libs/protobuf_texts/read_message.h"

// The tensors of one message of KServe's V2 protocol.
namespace countersign::dialects::kserve {

struct Tensor {
  std::string name;
  std::string datatype;
  std::vector<std::int64_t> shape;
  std::vector<Span> elements;  // of BYTES, in row-major order
  std::vector<Span> data;      // of all others
};

// A string that is not in a tensor's data: a name, an identifier, a parameter.
struct OtherText {
  std::string path;   // of the field: `parameters["k"].string_param`
  std::string names;  // `parameters.value.string_param`
  Span span;
};

struct TensorMessage {
  std::vector<Tensor> tensors;
  std::vector<OtherText> texts;               // without datatypes of tensors
  std::vector<protobuf_texts::Value> values;  // without shapes and data of tensors
  std::vector<LengthPrefix> lengths;          // of everything, for Splice
};

// Where a message has its tensors: `tensors` and `raw` are fields of the message at `root` ("" or
// "infer_response.").
struct TensorFields {
  absl::string_view root;
  absl::string_view tensors;  // "inputs"
  absl::string_view raw;      // "raw_input_contents"
};

// Takes `read`, the reading of `message` with all texts and values, apart.
//
// INVALID_ARGUMENT with where and what: a tensor has not as many values as its shape says, values
// of another type, or both forms; an element of BYTES is cut off; two tensors have one name; a
// datatype is unknown; a tensor is written in parts. PERMISSION_DENIED for tensors in shared
// memory.
absl::StatusOr<TensorMessage> ReadTensors(protobuf_texts::ReadResult read,
                                          absl::string_view message, const TensorFields& fields);

// The lengths of a reading, for Splice.
std::vector<LengthPrefix> ToLengths(const std::vector<protobuf_texts::LengthPrefix>& prefixes);

}  // namespace countersign::dialects::kserve
