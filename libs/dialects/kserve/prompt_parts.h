#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/kserve/datatypes.h"
#include "libs/dialects/members/partition.h"
#include "libs/domain/prompt.h"

namespace countersign::dialects::kserve {

// What a string beside the tensors' data names.
enum class NameKind {
  kNone,     // nothing: it is text
  kModel,    // the request's model
  kVersion,  // its version
  kTensor,
  kKey,  // a parameter, whose name cannot change
};

// True for versions as the protocol has them: at most eleven digits.
bool IsVersion(absl::string_view text);

// Collects what a request has into its prompt, the same for gRPC and REST. Places are in the body.
class PromptParts {
 public:
  void AddText(std::string pointer, std::string text, members::TextPlace place);
  void AddPlain(std::string pointer, std::string json);

  // An element of a BYTES tensor at `span`: text, or media if it is not UTF-8. Unless those begin
  // like a known format they are judged as text, too, which cannot be replaced.
  void AddBytes(const std::string& pointer, absl::string_view bytes, Span span);

  // A tensor of another datatype, by digest and `form` ("FP32; shape=2x3").
  void AddTensor(std::string pointer, absl::string_view form, absl::string_view bytes);

  // A name is text unless it has the form of one.
  void AddName(std::string pointer, NameKind kind, absl::string_view name,
               members::TextPlace place);

  // A parameter of policies, if `number` is one.
  void AddParameter(absl::string_view name, absl::string_view number);

  // What members::Divide found at `prefix`, with pointers below it.
  void AddDivided(absl::string_view prefix, members::Partition parts);

  // The prompt, its parts in the body's order, with their places in `call`.
  domain::Prompt Take(ReadCall& call);

 private:
  struct Found {
    std::size_t at;
    domain::TextPart part;
    members::TextPlace place;
  };

  void AddMedia(std::string pointer, std::string type, absl::string_view bytes);
  void AddAt(std::size_t at, std::string pointer, std::string text, members::TextPlace place);

  domain::Prompt prompt_;
  std::vector<Found> texts_;
};

}  // namespace countersign::dialects::kserve
